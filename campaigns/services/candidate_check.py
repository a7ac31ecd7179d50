"""The checks that campaigns hands to the generator: limit, words, grounding, law and emoji, from data that the run carries.

The generator knows neither channels nor products. It gets the payload of an item, builds a checker from it once
(``settings.GENERATION_CHECK``), and asks it about every text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from campaigns.rules import limits
from campaigns.rules.emoji import has_emoji, has_picture
from campaigns.rules.finding import Code
from campaigns.services.copy_check import check_text
from generation.engine.config import Check
from generation.engine.fit import fit

# beginning of a finding's code: why a text with it is dropped; the first that fits counts
DROPS = {
    Code.WORDING_NEVER_PRESENT: "never_word",
    Code.LAW_ABSOLUTE: "absolute_term",
    "grounding.": "unsupported",
    Code.WORDING_MUST_MISSING: "must_word_missing",
    Code.WORDING_MUST_DENIED: "must_word_missing",
}


def checker(payload: dict[str, Any]) -> Callable[[str], Check]:
    """A function that checks one text against the item's data (``copy_check.check_data``, under "check").

    A text over the limit is ended where its last whole part ends, and dropped where it has none that fits. Dropped is
    also what breaks a rule that nobody should have to read for: words, law, claims without support, emoji. Anything less is
    a finding to show.
    """
    data, emoji = payload["check"], payload.get("emoji")

    def check(text: str) -> Check:
        fitted = _fitted(text, data)
        if not fitted:
            return Check(drop_reason="too_long", length=_length(text, data))
        length = _length(fitted, data)
        findings = check_text(fitted, data)
        reason = _reason(findings) or _emoji_reason(fitted, emoji)
        return Check(drop_reason=reason, length=length, findings=findings, text=fitted if fitted != text else "")

    return check


def _length(text: str, data: Mapping[str, Any]) -> int:
    return limits.measure(text, limits.Unit(data["unit"]))


def _fitted(text: str, data: Mapping[str, Any]) -> str:
    """The text, or what of it fits into the limit; empty where that is nothing.

    ``most_characters`` is a narrower limit for a unit that counts too coarsely for it (parts of an SMS).
    """
    unit, limit = limits.Unit(data["unit"]), int(data["hard_limit"])
    room = limits.fitting_length(text, unit, limit)
    room = min(room, data.get("most_characters") or room)
    if len(text) <= room:
        return text
    fitted = fit(text, room, "characters", data["language"]) if room else ""
    return fitted if len(fitted) <= room and limits.measure(fitted, unit) <= limit else ""


def _reason(findings: Sequence[Mapping[str, Any]]) -> str:
    codes = [str(finding["message_key"]) for finding in findings]
    return next((reason for start, reason in DROPS.items() if any(code.startswith(start) for code in codes)), "")


def _emoji_reason(text: str, wanted: bool | None) -> str:
    if wanted:
        return "" if has_picture(text) else "emoji_missing"
    return "emoji_unwanted" if wanted is False and has_emoji(text) else ""

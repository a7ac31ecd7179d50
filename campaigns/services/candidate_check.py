"""The checks that campaigns hands to the generator: limit, words and grounding, from data that the run carries.

The generator knows neither channels nor products. It gets the payload of an item, builds a checker from it once
(``settings.GENERATION_CHECK``), and asks it about every text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from campaigns.rules import limits
from campaigns.rules.finding import Code
from campaigns.services.copy_check import check_text
from generation.engine.config import Check


def checker(payload: dict[str, Any]) -> Callable[[str], Check]:
    """A function that checks one text against the item's data (``copy_check.check_data``, under "check").

    Too long and never words are reasons to drop; a missing must word and unsupported numbers are findings to show.
    """
    data = payload["check"]
    unit, limit = limits.Unit(data["unit"]), int(data["hard_limit"])

    def check(text: str) -> Check:
        length = limits.measure(text, unit)
        if length > limit:
            return Check(drop_reason="too_long", length=length)
        findings = check_text(text, data)
        if any(finding["message_key"] == Code.WORDING_NEVER_PRESENT for finding in findings):
            return Check(drop_reason="never_word", length=length)
        return Check(length=length, findings=findings)

    return check

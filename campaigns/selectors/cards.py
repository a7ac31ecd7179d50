"""One text as the component of a copy card shows it: length against the limit, scores, findings as sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from campaigns.models import Channel, Variant
from campaigns.models.review import ReviewVerb
from campaigns.rules import limits
from campaigns.selectors.beside import texts_beside
from campaigns.selectors.run import candidate_language
from campaigns.selectors.sentences import engine_name, feeling_name, finding_sentence, unit_name
from campaigns.services.copy_check import blocking_findings, variant_findings
from campaigns.services.tweak import Tweak, tweak_label, tweaks_of
from copystudio.models import Workspace
from generation.models import Candidate


@dataclass(frozen=True)
class Feeling:
    """What a text is felt as: the likeliest of the three with its probability in per cent, and all of them as the parts of
    a bar, each with its code, where it begins and how wide it is, in per cent."""

    code: str
    percent: int
    parts: tuple[tuple[str, float, float], ...]

    @property
    def name(self) -> str:
        return feeling_name(self.code)


FEELINGS = ("negative", "neutral", "positive")


def feeling_of(probabilities: Sequence[float] | None) -> Feeling | None:
    """``probabilities`` of negative, neutral and positive as a candidate keeps them; None where there are none."""
    if not probabilities or len(probabilities) != len(FEELINGS):
        return None
    place = max(range(len(FEELINGS)), key=lambda n: probabilities[n])
    parts = [
        (code, round(100 * sum(probabilities[:n]), 1), round(100 * probabilities[n], 1))
        for n, code in enumerate(FEELINGS)
    ]
    return Feeling(FEELINGS[place], round(100 * probabilities[place]), tuple(parts))


@dataclass(frozen=True)
class Card:
    """``findings`` are dicts with severity, start, end, excerpt and ``message``; lengths are in the channel's unit.

    Of a candidate also: ``leads``, the attributes that its text was planned to lead with; how it is felt; the text that it
    comes close to and that already ran, or is for another segment, with its likeness in per cent; ``engine``, what wrote it,
    where texts beside it are another engine's; what can be asked for from it,
    and the runs that were: number and what was to be different; and ``beside``, the texts of other fields that it is read
    with, with whether any of them or itself is no draft yet.
    """

    text: str
    language: str
    channel: Channel
    length: int
    findings: list[dict[str, Any]]
    scores: list[dict[str, str]]
    leads: Sequence[str] = ()
    feeling: Feeling | None = None
    near_text: str = ""
    near_percent: int = 0
    near_segment: bool = False
    engine: str = ""
    tweaks: Sequence[Tweak] = ()
    children: Sequence[tuple[int, str]] = ()
    beside: Sequence[Candidate] = ()
    adopts_beside: bool = False
    element_id: str = ""

    @property
    def unit(self) -> str:
        return unit_name(self.channel.unit)

    @property
    def preview(self) -> str:
        return preview_kind(self.channel)

    @property
    def over(self) -> bool:
        return self.length > self.channel.hard_limit

    @property
    def blocking(self) -> list[dict[str, Any]]:
        """Those of ``findings`` that stand against approving the text."""
        return blocking_findings(self.findings)


# beginning of a channel's key: kind of frame of the preview component
FRAMES = {
    "email_preheader": "preheader",
    "email": "subject",
    "push": "push",
    "sms": "sms",
    "rsa_headline": "ad_headline",
    "rsa": "ad_text",
    "meta": "social",
    "xiaohongshu": "social",
    "wechat": "social",
    "product": "product",
    "taobao": "product",
}


def preview_kind(channel: Channel) -> str:
    """The frame in which the preview component shows a channel's text; empty for a plain one."""
    return next((kind for start, kind in FRAMES.items() if channel.key.startswith(start)), "")


def with_messages(findings: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Findings as stored, each with its sentence in the present language. The sentence quotes the excerpt itself."""
    return [{**finding, "message": finding_sentence(finding), "excerpt": ""} for finding in findings]


def fluency_score(fluency: float) -> dict[str, str]:
    """Mean natural-log probability per token: ≤ 0, nearer 0 is more fluent."""
    return {"label": _("Fluency"), "value": f"{fluency:.2f}".replace("-", "\N{MINUS SIGN}")}


def candidate_card(candidate: Candidate, beside: Sequence[Candidate] = (), *, engine: bool = False) -> Card:
    """The candidate as it was checked when it was written; ``beside`` from ``texts_beside``; with what wrote it where it is
    asked for by ``engine``."""
    brief_item, near = candidate.item.brief_item, candidate.nearest
    return Card(
        text=candidate.text,
        language=candidate_language(candidate),
        channel=brief_item.channel,
        length=candidate.length,
        findings=with_messages(candidate.findings),
        scores=[fluency_score(candidate.fluency)],
        leads=candidate.leads,
        feeling=feeling_of(candidate.sentiment),
        near_text=str(near.get("text", "")),
        near_percent=round(100 * float(near.get("likeness", 0))),
        near_segment=bool(near.get("segment")),
        engine=engine_name(candidate.engine) if engine else "",
        tweaks=tweaks_of(candidate),
        children=[(run.pk, tweak_label(run.tweak)) for run in candidate.children_runs.all()],
        beside=beside,
        adopts_beside=bool(beside) and not all(one.adopted for one in (candidate, *beside)),  # type: ignore[attr-defined]
        element_id=f"candidate-{candidate.pk}",
    )


def cards_of(workspace: Workspace, candidates: Iterable[Candidate]) -> list[tuple[Candidate, Card]]:
    """Each of ``selectors.run.candidates`` with its card."""
    shown = list(candidates)
    beside = texts_beside(workspace, shown)
    several = len({engine_name(candidate.engine) for candidate in shown}) > 1
    return [(candidate, candidate_card(candidate, beside.get(candidate.pk, ()), engine=several)) for candidate in shown]


def variant_card(variant: Variant, text: str) -> Card:
    return Card(
        text=text,
        language=variant.language,
        channel=variant.channel,
        length=limits.measure(text, limits.Unit(variant.channel.unit)),
        findings=with_messages(variant_findings(variant, text)),
        scores=[fluency_score(variant.candidate.fluency)]
        if variant.candidate and variant.candidate.text == text
        else [],
    )


# verb: (icon, tone) of the timeline component
LOOKS: dict[str, tuple[str, str]] = {
    ReviewVerb.ADOPT: ("sparkles", "info"),
    ReviewVerb.WRITE: ("pencil", "info"),
    ReviewVerb.EDIT: ("pencil", ""),
    ReviewVerb.SUBMIT: ("send", "info"),
    ReviewVerb.WITHDRAW: ("arrow-back-up", ""),
    ReviewVerb.REQUEST_CHANGES: ("message-report", "warning"),
    ReviewVerb.APPROVE: ("rubber-stamp", "success"),
    ReviewVerb.RETIRE: ("archive", "danger"),
    ReviewVerb.RESTORE: ("rotate", ""),
}


def timeline_of(variant: Variant) -> list[dict[str, Any]]:
    """The variant's history for the timeline component, newest first."""
    events = variant.review_events.select_related("actor", "revision").order_by("-id")
    return [
        {
            "text": _("%(what)s (revision %(number)d)")
            % {"what": event.get_verb_display(), "number": event.revision.number},
            "actor": str(event.actor) if event.actor else _("Somebody unknown"),
            "at": event.created_at,
            "icon": LOOKS.get(event.verb, ("circle-dot", ""))[0],
            "tone": LOOKS.get(event.verb, ("", ""))[1],
            "detail": event.reason,
        }
        for event in events
    ]

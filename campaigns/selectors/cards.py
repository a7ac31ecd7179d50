"""One text as the component of a copy card shows it: length against the limit, scores, findings as sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from campaigns.models import Channel, Variant
from campaigns.models.review import ReviewVerb
from campaigns.rules import limits
from campaigns.selectors.sentences import finding_sentence, unit_name
from campaigns.services.copy_check import blocking_findings, variant_findings
from generation.models import Candidate


@dataclass(frozen=True)
class Card:
    """``findings`` are dicts with severity, start, end, excerpt and ``message``; lengths are in the channel's unit."""

    text: str
    language: str
    channel: Channel
    length: int
    findings: list[dict[str, Any]]
    scores: list[dict[str, str]]

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


def candidate_card(candidate: Candidate) -> Card:
    """The candidate as it was checked when it was written."""
    brief_item = candidate.item.brief_item
    return Card(
        text=candidate.text,
        language=brief_item.brief_run.brief.language,
        channel=brief_item.channel,
        length=candidate.length,
        findings=with_messages(candidate.findings),
        scores=[fluency_score(candidate.fluency)],
    )


def cards_of(candidates: Iterable[Candidate]) -> list[tuple[Candidate, Card]]:
    return [(candidate, candidate_card(candidate)) for candidate in candidates]


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

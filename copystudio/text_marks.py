"""Cutting a text at the spans of its findings, so that a template can mark them without building any markup."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

STRENGTH = {"": 0, "info": 1, "warning": 2, "blocking": 3}


@dataclass(frozen=True)
class Segment:
    """A piece of the text and the strongest severity that any finding gives it, or an empty string."""

    text: str
    severity: str


def segments_of(text: str, findings: Iterable[Mapping[str, Any]]) -> list[Segment]:
    """The pieces of ``text``, in order; joined they are the text again. Spans are code point offsets.

    A finding is a mapping with ``severity`` and, where it has a place, ``start`` and ``end``; an empty span is no mark.
    """
    spans = [
        (max(0, int(finding.get("start", 0))), min(len(text), int(finding.get("end", 0))), str(finding["severity"]))
        for finding in findings
    ]
    spans = [span for span in spans if span[0] < span[1]]
    edges = sorted({0, len(text), *(edge for start, end, _severity in spans for edge in (start, end))})
    segments: list[Segment] = []
    for start, end in pairwise(edges):
        over = [severity for first, last, severity in spans if first <= start and end <= last]
        severity = max(over, key=lambda name: STRENGTH.get(name, 0), default="")
        if segments and segments[-1].severity == severity:
            segments[-1] = Segment(segments[-1].text + text[start:end], severity)
        else:
            segments.append(Segment(text[start:end], severity))
    return segments

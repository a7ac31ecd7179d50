"""What a rule found in a text: the one result type of all rules.

Rules speak in stable codes and parameters, never in sentences: whoever shows a finding translates its code. The codes
and the parameters that each carries are listed in `Code`; they are stored with candidates, so a code is never renamed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

EXCERPT_LENGTH = 120


class Severity(StrEnum):
    """How much a finding matters: worth knowing, worth looking at, or not to be published as it is."""

    INFO = "info"
    WARNING = "warning"
    BLOCKING = "blocking"


class Code(StrEnum):
    """Every code that a finding can carry, with its parameters (all are strings or whole numbers).

    LENGTH_OVER_SOFT, LENGTH_OVER_HARD: `unit`, `measured`, `limit`; for SMS also `encoding` and `units`.
    GROUNDING_*: `claim` (the words as written), `kind`, `value` and `unit` (normalised, empty where there is none).
    WORDING_MUST_MISSING, WORDING_MUST_DENIED, WORDING_NEVER_PRESENT: `word` (as the brief or brand wrote it).
    LAW_ABSOLUTE: `word` (as the text has it).
    """

    LENGTH_OVER_SOFT = "length.over_soft"
    LENGTH_OVER_HARD = "length.over_hard"
    GROUNDING_PRICE = "grounding.price"
    GROUNDING_DISCOUNT = "grounding.discount"
    GROUNDING_OFFER = "grounding.offer"
    GROUNDING_PERCENT = "grounding.percent"
    GROUNDING_QUANTITY = "grounding.quantity"
    GROUNDING_COUNT = "grounding.count"
    GROUNDING_NUMBER = "grounding.number"
    GROUNDING_ORDINAL = "grounding.ordinal"
    GROUNDING_CODE = "grounding.code"
    GROUNDING_DATE = "grounding.date"
    GROUNDING_TIME = "grounding.time"
    GROUNDING_YEAR = "grounding.year"
    GROUNDING_URL = "grounding.url"
    GROUNDING_EMAIL = "grounding.email"
    GROUNDING_PHONE = "grounding.phone"
    GROUNDING_COLOUR = "grounding.colour"
    GROUNDING_MATERIAL = "grounding.material"
    GROUNDING_PROPERTY = "grounding.property"
    WORDING_MUST_MISSING = "wording.must_missing"
    WORDING_MUST_DENIED = "wording.must_denied"
    WORDING_NEVER_PRESENT = "wording.never_present"
    LAW_ABSOLUTE = "law.absolute"

    @property
    def rule(self) -> str:
        """The rule that the code belongs to: "length", "grounding", "wording" or "law"."""
        return self.value.partition(".")[0]


@dataclass(frozen=True)
class Finding:
    """One thing that a rule found.

    `start` and `end` are code point offsets into the checked text (`text[start:end]`); both are 0 where the finding is
    about something that is not there. `excerpt` is that piece of the text, cut to 120 code points.
    Raises ValueError for a span that cannot be one.
    """

    code: Code
    severity: Severity
    start: int
    end: int
    excerpt: str
    params: Mapping[str, str | int] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"a finding cannot span {self.start} to {self.end}")

    @property
    def rule(self) -> str:
        """The rule that found it: "length", "grounding", "wording" or "law"."""
        return self.code.rule

    @property
    def message_key(self) -> str:
        """The key under which the message of this finding is translated."""
        return self.code.value

    @classmethod
    def in_text(
        cls, text: str, *, code: Code, severity: Severity, start: int, end: int, params: Mapping[str, str | int]
    ) -> Finding:
        """A finding about `text[start:end]`. Raises ValueError where the span leaves the text."""
        if end > len(text):
            raise ValueError(f"a finding cannot end at {end} in a text of {len(text)}")
        return cls(code, severity, start, end, text[start:end][:EXCERPT_LENGTH], dict(params))

    def to_dict(self) -> dict[str, Any]:
        """The finding as JSON values; `from_dict` reads it back."""
        return {
            "rule": self.rule,
            "message_key": self.message_key,
            "severity": self.severity.value,
            "start": self.start,
            "end": self.end,
            "excerpt": self.excerpt,
            "params": dict(self.params),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Finding:
        """The finding that `to_dict` wrote. Raises KeyError or ValueError for anything else."""
        return cls(
            code=Code(data["message_key"]),
            severity=Severity(data["severity"]),
            start=int(data["start"]),
            end=int(data["end"]),
            excerpt=str(data["excerpt"]),
            params=dict(data["params"]),
        )

"""What a copy about a product may rest on: facts, prices, texts and dates, read once into comparable claims."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal

from campaigns.rules.appearance import known_appearances
from campaigns.rules.claim import Claim, ClaimKind
from campaigns.rules.extraction import find_claims, normalised
from campaigns.rules.folding import fold
from campaigns.rules.moments import date_keys
from campaigns.rules.money import currencies
from campaigns.rules.nouns import all_nouns
from campaigns.rules.quantities import squashed
from campaigns.rules.units import UNIT

_UNIT_IN_ATTRIBUTE = re.compile(rf"[(（\[]\s*({UNIT})\s*[)）\]]\s*\Z")
# Where stripped markup glued two lines of a catalogue text: "zip closure2 pockets", "3 monthsWarranty".
_GLUED = re.compile(r"(?<=[a-z]{3})(?=\d|[A-Z][a-z])|(?<=\d)(?=[A-Z][a-z])")
_COUNTED = frozenset({ClaimKind.COUNT, ClaimKind.NUMBER})


@dataclass(frozen=True)
class SupportedValue:
    """A product fact: what `attribute` is, as the catalogue writes it ("Battery life", "24", "hours"). `unit` may be empty."""

    attribute: str
    value: str
    unit: str = ""

    @property
    def text(self) -> str:
        """The fact as one line, in which claims are looked for; a unit in the attribute ("Weight (g)") counts."""
        unit = self.unit
        if not unit and (match := _UNIT_IN_ATTRIBUTE.search(self.attribute)):
            unit = match[1]
        return f"{self.attribute}: {self.value} {unit}".strip()


@dataclass(frozen=True)
class PriceSupport:
    """A price that may be quoted, with the former price where there is one; `currency` is an ISO 4217 code.

    Raises ValueError for a negative price or a former price that is not above the price.
    """

    price: Decimal
    currency: str
    was_price: Decimal | None = None

    def __post_init__(self) -> None:
        if self.price < 0 or not re.fullmatch("[A-Z]{3}", self.currency):
            raise ValueError(f"not a price: {self.price} {self.currency!r}")
        if self.was_price is not None and self.was_price < self.price:
            raise ValueError(f"a former price of {self.was_price} is below the price {self.price}")

    def in_currency(self, sign: str) -> bool:
        """Whether an amount with that sign, code or word may be in the currency of this price; no sign says nothing."""
        return not sign or self.currency in currencies(sign)


@dataclass(frozen=True)
class Evidence:
    """All that a copy about one product may rest on. Build it once and check many texts against it."""

    facts: tuple[SupportedValue, ...] = ()
    prices: tuple[PriceSupport, ...] = ()
    allowed_texts: tuple[str, ...] = ()
    dates: tuple[datetime.date, ...] = ()
    squash: str = field(init=False, repr=False, compare=False)
    date_keys: tuple[str, ...] = field(init=False, repr=False, compare=False)
    _by_value: dict[Decimal | str, tuple[Claim, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        known: dict[Claim, None] = dict.fromkeys(replace(claim, start=0, end=0) for claim in self._read())
        by_value: dict[Decimal | str, list[Claim]] = {}
        for claim in known:
            for index in _indexes(claim):
                by_value.setdefault(index, []).append(claim)
        dates = [key for claim in known if claim.kind is ClaimKind.DATE for key in claim.keys]
        dates += [key for date in self.dates for key in date_keys(date.year, date.month, date.day)]
        texts = [*self.allowed_texts, *(fact.text for fact in self.facts)]
        object.__setattr__(self, "_by_value", {index: tuple(claims) for index, claims in by_value.items()})
        object.__setattr__(self, "date_keys", tuple(dict.fromkeys(dates)))
        object.__setattr__(self, "squash", "\n".join(squashed(normalised(fold(text))) for text in texts))

    def known(self, claim: Claim) -> Iterator[Claim]:
        """The claims of the evidence with the value, or one of the keys, of `claim`."""
        for index in _indexes(claim):
            yield from self._by_value.get(index, ())

    def _read(self) -> Iterator[Claim]:
        for text in self.allowed_texts:
            spaced = _GLUED.sub(" ", text)
            for version in dict.fromkeys((text, spaced)):
                yield from find_claims(version)
            yield from known_appearances(text)
        for fact in self.facts:
            yield from known_appearances(fact.text)
            subject = all_nouns(f"{fact.attribute} {fact.unit}")
            for claim in find_claims(fact.text):
                yield replace(claim, nouns=claim.nouns | subject) if claim.kind in _COUNTED else claim


def _indexes(claim: Claim) -> tuple[Decimal | str, ...]:
    if claim.value is not None:
        return (claim.value,)
    hosts = tuple(key.partition("/")[0] for key in claim.keys) if claim.kind is ClaimKind.URL else ()
    return tuple(dict.fromkeys((*claim.keys, *hosts))) or (claim.text,)

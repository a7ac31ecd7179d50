"""A checkable statement in a text: what kind, where, how much."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class ClaimKind(StrEnum):
    """What a claim states."""

    PRICE = "price"
    DISCOUNT = "discount"  # value: per cent off, so 8折 is 20
    OFFER = "offer"  # 买一送一, buy one get one free, 满300减50
    PERCENT = "percent"
    QUANTITY = "quantity"  # with a unit of measure; value in the base unit of its dimension
    COUNT = "count"  # with a noun or counter: 5 pockets, 三层
    NUMBER = "number"
    ORDINAL = "ordinal"
    CODE = "code"  # IPX7, SPF50, GM0239
    DATE = "date"
    TIME = "time"
    YEAR = "year"
    URL = "url"
    EMAIL = "email"
    PHONE = "phone"
    COLOUR = "colour"
    MATERIAL = "material"


class Role(StrEnum):
    """What an amount is said to be. The wrong role makes a true number a false claim ("was $79" of a $79 price)."""

    PLAIN = "plain"
    NOW = "now"
    WAS = "was"
    SAVING = "saving"
    UPPER = "upper"  # under $30
    THRESHOLD = "threshold"  # orders over $50, 满199
    BUNDLE = "bundle"  # 2 for $20, $5/month
    EXTRA = "extra"  # $5 shipping, 50元红包
    CONDITIONAL = "conditional"  # a discount with a condition: 2件8折, extra 10% off


@dataclass(frozen=True)
class Claim:
    """One claim: `text` is `source[start:end]` in code points of the text it was found in.

    `value` is normalised and None where the claim is not a quantity (or has more than 18 digits); `unit` is the base
    unit of a quantity, the currency sign or code of a price, else empty. `keys` are the comparable forms of what has no
    value: an ISO date, a host and path, the digits of a phone number, a family of colours. `nouns` and
    `lead` say what is counted.
    """

    kind: ClaimKind
    start: int
    end: int
    text: str
    value: Decimal | None = None
    unit: str = ""
    role: Role = Role.PLAIN
    keys: tuple[str, ...] = ()
    nouns: frozenset[str] = frozenset()
    lead: str = ""

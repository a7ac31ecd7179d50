"""Which numbers, prices, dates, addresses, colours and materials of a copy rest on what is known about the product, and
which on nothing.

A claim is supported by evidence of its own kind only: a price by a price record or a text that states that price in that
role, a quantity by an equal quantity after conversion, a count by an equal count of the same thing, a discount by the
arithmetic of price and former price. A price is never supported by a number that is not one.

What it does not do: take a bare number for a price where neither a currency nor a price word is near ("This beauty:
199"), read prices spelled out in English without a currency ("nineteen ninety-nine"), tell which of two percentages or
durations of a product is meant, or judge words that are neither numbers nor colours or materials.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import ROUND_FLOOR, Decimal

from campaigns.rules.claim import Claim, ClaimKind, Role
from campaigns.rules.evidence import Evidence, PriceSupport, SupportedValue
from campaigns.rules.extraction import find_claims
from campaigns.rules.finding import Code, Finding, Severity
from campaigns.rules.moments import date_keys, same_date
from campaigns.rules.money import currencies
from campaigns.rules.nouns import same_noun

__all__ = [
    "Claim",
    "ClaimKind",
    "Evidence",
    "PriceSupport",
    "Role",
    "SupportedValue",
    "find_claims",
    "is_supported",
    "unsupported",
    "unsupported_by",
]

DISCOUNT_TOLERANCE = Decimal(1)  # percentage points: "30 % off" of 29.4 %
_BLOCKING = frozenset(
    {ClaimKind.PRICE, ClaimKind.DISCOUNT, ClaimKind.OFFER, ClaimKind.URL, ClaimKind.EMAIL, ClaimKind.PHONE}
)
_NUMERIC = frozenset({ClaimKind.COUNT, ClaimKind.NUMBER, ClaimKind.YEAR, ClaimKind.ORDINAL})


def unsupported(
    text: str,
    facts: Sequence[SupportedValue | str] = (),
    prices: Sequence[PriceSupport] = (),
    allowed_texts: Sequence[str] = (),
    dates: Sequence[datetime.date] = (),
) -> list[Finding]:
    """The findings, by position, for every claim in `text` that nothing supports.

    `facts` are product facts, or free texts where a catalogue has only those; `prices` those that may be quoted now;
    `allowed_texts` the title, description, URL, brief instructions and must words; `dates` those of the campaign.
    Prices, discounts, offers and addresses are blocking, all else is a warning.
    """
    evidence = Evidence(
        facts=tuple(fact for fact in facts if isinstance(fact, SupportedValue)),
        prices=tuple(prices),
        allowed_texts=(*allowed_texts, *(fact for fact in facts if isinstance(fact, str))),
        dates=tuple(dates),
    )
    return unsupported_by(text, evidence)


def unsupported_by(text: str, evidence: Evidence) -> list[Finding]:
    """As `unsupported`, for evidence that was built before."""
    claims = find_claims(text)
    distinct = dict.fromkeys(_anywhere(claim) for claim in claims)  # a text may say one thing a thousand times
    rests = {claim: is_supported(claim, evidence, tuple(distinct)) for claim in distinct}
    return [_finding(text, claim) for claim in claims if not rests[_anywhere(claim)]]


def _anywhere(claim: Claim) -> Claim:
    return replace(claim, start=0, end=0)


def is_supported(claim: Claim, evidence: Evidence, together: Sequence[Claim] = ()) -> bool:
    """Whether `evidence` supports `claim`; `together` are all claims of its text."""
    if any(_same_words(claim, known) for known in evidence.known(claim)):
        return True
    match claim.kind:
        case ClaimKind.PRICE:
            return _price_supported(claim, evidence, together)
        case ClaimKind.DISCOUNT:
            return _discount_supported(claim, evidence)
        case ClaimKind.COUNT | ClaimKind.NUMBER | ClaimKind.YEAR | ClaimKind.ORDINAL:
            return _number_supported(claim, evidence)
        case ClaimKind.CODE:
            return any(_in_squash(key, evidence.squash) for key in claim.keys)
        case ClaimKind.DATE:
            return any(same_date(key, other) for key in claim.keys for other in evidence.date_keys)
        case ClaimKind.URL:
            return any(_same_address(claim, known) for known in evidence.known(claim))
        case _:
            return any(_equal(claim, known) for known in evidence.known(claim))


def _same_words(claim: Claim, known: Claim) -> bool:
    same_kind = claim.kind is known.kind and claim.role is known.role and claim.unit == known.unit
    return same_kind and claim.text == known.text and claim.value == known.value and claim.nouns <= known.nouns


def _equal(claim: Claim, known: Claim) -> bool:
    if claim.kind is not known.kind or claim.unit != known.unit or claim.role is not known.role:
        return False
    return claim.value == known.value if claim.value is not None else bool(set(claim.keys) & set(known.keys))


def _price_supported(claim: Claim, evidence: Evidence, together: Sequence[Claim]) -> bool:
    if claim.value is None:
        return False
    records = [record for record in evidence.prices if record.in_currency(claim.unit)]
    if any(_record_says(claim, claim.value, record) for record in records):
        return True
    if claim.role is Role.PLAIN:
        # "$99 → $79" names the former price without a word for it; alone, "$99" would pass it off as the price.
        for record in records:
            if record.was_price == claim.value and any(_quotes(other, record) for other in together):
                return True
    return any(_text_says(claim, known) for known in evidence.known(claim) if known.kind is ClaimKind.PRICE)


def _record_says(claim: Claim, value: Decimal, record: PriceSupport) -> bool:
    match claim.role:
        case Role.PLAIN | Role.NOW:
            return value == record.price
        case Role.WAS:
            return value == record.was_price
        case Role.SAVING:
            saved = record.was_price - record.price if record.was_price is not None else Decimal(0)
            return saved > 0 and value in (saved, saved.to_integral_value(ROUND_FLOOR)) and value > 0
        case Role.UPPER:
            return value > record.price
        case _:
            return False


def _quotes(claim: Claim, record: PriceSupport) -> bool:
    """Whether a claim says what the price now is: the price itself, or what is saved on the former one."""
    if claim.kind is not ClaimKind.PRICE or claim.value is None or not record.in_currency(claim.unit):
        return False
    return claim.role in (Role.PLAIN, Role.NOW, Role.SAVING) and _record_says(claim, claim.value, record)


def _text_says(claim: Claim, known: Claim) -> bool:
    current = {Role.PLAIN, Role.NOW}
    if claim.value != known.value or not (claim.role is known.role or {claim.role, known.role} <= current):
        return False
    return not claim.unit or not known.unit or bool(currencies(claim.unit) & currencies(known.unit))


def _discount_supported(claim: Claim, evidence: Evidence) -> bool:
    if claim.value is None:
        return False
    if claim.role is Role.PLAIN:
        for record in evidence.prices:
            if record.was_price:
                off = (record.was_price - record.price) / record.was_price * 100
                if off > 0 and abs(off - claim.value) <= DISCOUNT_TOLERANCE:
                    return True
    return any(_equal(claim, known) for known in evidence.known(claim))


def _number_supported(claim: Claim, evidence: Evidence) -> bool:
    if claim.value is None:
        return _is_day(claim, evidence) or any(_equal(claim, known) for known in evidence.known(claim))
    if claim.kind is ClaimKind.YEAR and any(key.startswith(f"{claim.value}-") for key in evidence.date_keys):
        return True
    if claim.lead and _in_squash(f"{claim.lead}{claim.value}", evidence.squash):
        return True
    return any(_counts_the_same(claim, known) for known in evidence.known(claim))


def _is_day(claim: Claim, evidence: Evidence) -> bool:
    """Whether "12/10" is a known day, in either order."""
    parts = re.fullmatch(r"(\d{1,2})/(\d{1,2})", claim.keys[0])
    if parts is None:
        return False
    day, month = int(parts[1]), int(parts[2])
    keys = date_keys(None, month, day) + date_keys(None, day, month)
    return any(same_date(key, known) for key in keys for known in evidence.date_keys)


def _counts_the_same(claim: Claim, known: Claim) -> bool:
    if known.kind not in _NUMERIC or claim.value != known.value:
        return False
    if ClaimKind.ORDINAL in (claim.kind, known.kind) and claim.kind is not known.kind:
        return False
    if not claim.nouns or claim.kind is ClaimKind.YEAR:
        return True
    return same_noun(claim.nouns, known.nouns) or bool(claim.lead and claim.lead == known.lead)


def _in_squash(key: str, squash: str) -> bool:
    """Whether a code stands in the evidence, not as a part of a longer number."""
    return bool(key) and re.search(rf"(?<!\d){re.escape(key)}(?!\d)", squash) is not None


def _same_address(claim: Claim, known: Claim) -> bool:
    """The same address, or the bare host of a known one."""
    if known.kind is not ClaimKind.URL:
        return False
    return any(key == other or key == other.partition("/")[0] for key in claim.keys for other in known.keys)


def _finding(text: str, claim: Claim) -> Finding:
    value = format(claim.value.normalize(), "f") if claim.value is not None else ",".join(claim.keys)
    return Finding.in_text(
        text,
        code=Code(f"grounding.{claim.kind.value}"),
        severity=Severity.BLOCKING if claim.kind in _BLOCKING else Severity.WARNING,
        start=claim.start,
        end=claim.end,
        params={"claim": claim.text, "kind": claim.kind.value, "value": value, "unit": claim.unit},
    )

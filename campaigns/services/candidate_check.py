"""The checks that campaigns hands to the generator: limit, words and grounding, from data that the run carries.

The generator knows neither channels nor products. It gets the payload of an item, builds a checker from it once
(``settings.GENERATION_CHECK``), and asks it about every text.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from campaigns.models import Brief, Channel, Product
from campaigns.rules import limits, wording
from campaigns.rules.grounding import Evidence, PriceSupport, SupportedValue, unsupported_by
from generation.engine.config import Check


def check_data(*, product: Product, brief: Brief, channel: Channel, never_words: list[str]) -> dict[str, Any]:
    """What ``checker`` needs, as JSON values; stored with the item, so that a re-run checks the same."""
    campaign = brief.campaign
    brand = campaign.brand
    facts = [[fact.attribute, fact.value, fact.unit] for fact in product.facts.all()]
    texts = [product.title, product.description, brief.instructions, *(brand.must_words if brand else [])]
    return {
        "unit": channel.unit,
        "limit": channel.hard_limit,
        "facts": facts,
        "price": str(product.price) if product.price is not None else None,
        "was_price": str(product.was_price) if product.was_price is not None else None,
        "currency": product.currency,
        "texts": [text for text in [*texts, *brief.must_words, product.vendor, product.category] if text],
        "must_words": [*brief.must_words, *(brand.must_words if brand else [])],
        "never_words": list(dict.fromkeys(never_words)),
    }


def evidence_of(data: dict[str, Any]) -> Evidence:
    """All that a text may rest on, from the stored data."""
    prices = ()
    if data.get("price") is not None and len(data.get("currency") or "") == 3:
        price = Decimal(data["price"])
        was = Decimal(data["was_price"]) if data.get("was_price") is not None else None
        prices = (PriceSupport(price=price, currency=data["currency"], was_price=was if was and was > price else None),)
    return Evidence(
        facts=tuple(SupportedValue(*fact) for fact in data.get("facts", [])),
        prices=prices,
        allowed_texts=tuple(data.get("texts", [])),
    )


def checker(payload: dict[str, Any]) -> Callable[[str], Check]:
    """A function that checks one text against the item's data.

    Too long and never words are reasons to drop; a missing must word and unsupported numbers are findings to show.
    """
    data = payload["check"]
    evidence = evidence_of(data)
    unit, limit = limits.Unit(data["unit"]), int(data["limit"])

    def check(text: str) -> Check:
        length = limits.measure(text, unit)
        if length > limit:
            return Check(drop_reason="too_long", length=length, findings=[])
        if wording.present_never_words(text, data["never_words"]):
            return Check(drop_reason="never_word", length=length, findings=[])
        found = [*unsupported_by(text, evidence), *wording.missing_must_words(text, data["must_words"])]
        return Check(drop_reason="", length=length, findings=[finding.to_dict() for finding in found])

    return check

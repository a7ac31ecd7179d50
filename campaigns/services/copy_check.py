"""The deterministic checks over a text: what they need, as plain data, and what they find.

The data travels with a generation item (under "check" in its payload), so that a worker checks candidates by what was
known when the run was asked for, and without reading the catalogue.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext_lazy as _

from campaigns.models import AudienceSegment, Brand, Campaign, Channel, Product, Variant
from campaigns.rules import grounding, limits, wording
from campaigns.rules.absolute import absolute_terms
from campaigns.rules.finding import Severity
from campaigns.rules.properties import Record, Word, unsupported_properties
from copystudio.errors import Text
from generation.engine.glossary import glossary

# A number that stands further down in a description is reported as unsupported, rather than carried with every item.
MOST_DESCRIPTION = 5000


def check_data(
    *,
    channel: Channel,
    language: str,
    campaign: Campaign,
    product: Product | None = None,
    segment: AudienceSegment | None = None,
    must_words: Iterable[str] = (),
    never_words: Iterable[str] = (),
    instructions: str = "",
) -> dict[str, Any]:
    """Everything that ``check_text`` needs, as JSON values. Reads the product's facts: prefetch them for many products.

    ``must_words`` and ``never_words`` are the brief's; those of the brand and the segment's words to avoid are added.
    """
    brand: Brand | None = campaign.brand
    must, never = asked_words(brand=brand, segment=segment, must_words=must_words, never_words=never_words)
    texts = [campaign.goal, instructions, brand.name if brand else "", *must]
    if product is not None:
        known = [
            product.title,
            product.description[:MOST_DESCRIPTION],
            product.vendor,
            product.category,
            product.url,
            product.sku,
        ]
        texts = [*known, *product.tags, *texts]
    return {
        "unit": channel.unit,
        "soft_limit": channel.soft_limit,
        "hard_limit": channel.hard_limit,
        "language": language,
        "must_words": must,
        "never_words": never,
        "facts": [[fact.attribute, fact.value, fact.unit] for fact in product.facts.all()] if product else [],
        "price": _price_of(product),
        "texts": [text for text in texts if text],
        "names": [name for name in (product.title if product else "", brand.name if brand else "", *must) if name],
        "dates": [day.isoformat() for day in (campaign.starts_on, campaign.ends_on) if day],
    }


def asked_words(
    *, brand: Brand | None, segment: AudienceSegment | None, must_words: Iterable[str], never_words: Iterable[str]
) -> tuple[list[str], list[str]]:
    """The must and the never words of a brief, which are given, with those of its brand and its segment."""
    must = _distinct(must_words, brand.must_words if brand else ())
    never = _distinct(never_words, brand.never_words if brand else (), segment.avoid_words if segment else ())
    return must, never


def words_clash(must_words: Iterable[str], never_words: Iterable[str]) -> tuple[str, str] | None:
    """The first must word in which a never word stands, and that never word; None where a text can keep all of them."""
    never = list(never_words)
    for must in must_words:
        if found := wording.present_never_words(must, never):
            return must, str(found[0].params["word"])
    return None


def clash_text(clash: tuple[str, str]) -> Text:
    """What to tell of a must word and the never word that stands in it, beside the field of either."""
    must, never = clash
    if must.casefold() == never.casefold():
        return _("“%(word)s” is also a must word.") % {"word": must}
    return _("The must word “%(must)s” holds “%(never)s”, which is never to be said.") % {"must": must, "never": never}


def _distinct(*lists: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(word for words in lists for word in words if word.strip()))


def _price_of(product: Product | None) -> dict[str, str | None] | None:
    """The price that may be quoted. A former price below the price is an error of the feed, and supports nothing."""
    if product is None or product.price is None or not re.fullmatch("[A-Z]{3}", product.currency):
        return None
    was = product.was_price if product.was_price is not None and product.was_price >= product.price else None
    return {
        "price": str(product.price),
        "currency": product.currency,
        "was_price": str(was) if was is not None else None,
    }


def check_text(text: str, data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The findings about ``text`` (length, wording, law, grounding; ``Finding.to_dict``), the grave ones first.

    ``data`` is what ``check_data`` made. Raises KeyError or ValueError for anything else.
    """
    over = limits.check(text, limits.Unit(data["unit"]), data["soft_limit"], data["hard_limit"])
    found = [over] if over else []
    found += wording.present_never_words(text, data["never_words"])
    found += absolute_terms(text, data.get("names", ()))  # runs of an earlier release carry no names
    found += grounding.unsupported_by(text, _evidence(data))
    found += unsupported_properties(text, _record(data), stated_words)
    found += wording.missing_must_words(text, data["must_words"])
    grave = {"blocking": 0, "warning": 1, "info": 2}
    return [finding.to_dict() for finding in sorted(found, key=lambda one: (grave[one.severity.value], one.start))]


def variant_findings(variant: Variant, text: str) -> list[dict[str, Any]]:
    """What the rules find in a text of this variant by the product, brand and campaign as they are now."""
    return check_text(text, variant_data(variant))


def variant_data(variant: Variant) -> dict[str, Any]:
    """What ``check_text`` needs for texts of this variant."""
    brief = variant.brief
    return check_data(
        channel=variant.channel,
        language=variant.language,
        campaign=variant.campaign,
        product=variant.product,
        segment=variant.segment,
        must_words=brief.must_words if brief else (),
        never_words=brief.never_words if brief else (),
        instructions=brief.instructions if brief else "",
    )


def blocking_findings(findings: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Those of ``findings`` (dicts of ``check_text``) over which a text is approved only with a reason."""
    return [dict(finding) for finding in findings if finding["severity"] == Severity.BLOCKING.value]


def _evidence(data: Mapping[str, Any]) -> grounding.Evidence:
    price = data["price"]
    return _evidence_of(
        tuple((fact[0], fact[1], fact[2]) for fact in data["facts"]),
        (price["price"], price["currency"], price["was_price"]) if price else None,
        tuple(data["texts"]),
        tuple(data["dates"]),
    )


def _record(data: Mapping[str, Any]) -> Record:
    facts = (f"{attribute}: {value} {unit}" for attribute, value, unit in data["facts"])
    return _record_of((*data["texts"], *facts))


@lru_cache(maxsize=256)
def _record_of(texts: tuple[str, ...]) -> Record:
    return Record.of(texts, stated_words)


def stated_words(text: str) -> Iterator[Word]:
    """The words of a text that the glossary knows and nothing denies."""
    for term, start, end in glossary().stated(text):
        yield Word(term.text, term.kind, start, end)


@lru_cache(maxsize=256)
def _evidence_of(
    facts: tuple[tuple[str, str, str], ...],
    price: tuple[str, str, str | None] | None,
    texts: tuple[str, ...],
    dates: tuple[str, ...],
) -> grounding.Evidence:
    """Built once for the many candidates of one item: reading the claims out of a description is the costly part."""
    prices: tuple[grounding.PriceSupport, ...] = ()
    if price is not None:
        was = Decimal(price[2]) if price[2] is not None else None
        prices = (grounding.PriceSupport(Decimal(price[0]), price[1], was),)
    return grounding.Evidence(
        facts=tuple(grounding.SupportedValue(*fact) for fact in facts),
        prices=prices,
        allowed_texts=texts,
        dates=tuple(dt.date.fromisoformat(day) for day in dates),
    )

"""The demonstration's content, read for its tests."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from campaigns.rules.evidence import PriceSupport, SupportedValue
from campaigns.rules.grounding import Evidence

DATA = Path(__file__).parents[2] / "campaigns" / "data"


def load(name: str) -> Any:
    return json.loads((DATA / name).read_text(encoding="utf-8"))


@cache
def products() -> dict[str, dict[str, Any]]:
    return {product["sku"]: product for product in load("demo/products.json")["products"]}


@cache
def segments() -> dict[str, dict[str, Any]]:
    return {segment["slug"]: segment for segment in load("demo/segments.json")["segments"]}


@cache
def brands() -> dict[str, dict[str, Any]]:
    return {brand["key"]: brand for brand in load("demo/brands.json")["brands"]}


@cache
def channels() -> dict[str, dict[str, Any]]:
    return {channel["key"]: channel for channel in load("channels.json")}


CAMPAIGNS = load("demo/campaigns.json")["campaigns"]
PEOPLE = {person["key"]: person for person in load("demo/campaigns.json")["people"]}
VARIANTS = [(campaign, variant) for campaign in CAMPAIGNS for variant in campaign["variants"]]
BRIEFS = {brief["key"]: (campaign, brief) for campaign in CAMPAIGNS for brief in campaign["briefs"]}
RUNS = load("demo/candidates.json")["runs"]
CANDIDATES = [(run, item, candidate) for run in RUNS for item in run["items"] for candidate in item["candidates"]]


def short(language: str) -> str:
    """The ending of the keys that hold texts in that language."""
    return "zh" if language == "zh-hans" else "en"


def matches(product: dict[str, Any], product_filter: dict[str, Any]) -> bool:
    return (
        product_filter.get("category", product["category"]) == product["category"]
        and product_filter.get("tag", product["tags"][0]) in product["tags"]
        and product["sku"] in product_filter.get("skus", [product["sku"]])
    )


def never_words(brief_key: str, segment: str) -> list[str]:
    """What no output of the brief may have, in both languages: as the checks put it together."""
    campaign, brief = BRIEFS[brief_key]
    brand, audience = brands()[campaign["brand"]], segments()[segment]
    words = [*brief["never_words"], *brand["never_words_en"], *brand["never_words_zh"]]
    return [*words, *audience["avoid_words_en"], *audience["avoid_words_zh"]]


def numbers(text: str) -> set[Decimal]:
    found = re.findall(r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?", text)
    return {Decimal(number.replace(",", "")).normalize() for number in found}


def numbers_of(product: dict[str, Any], language: str) -> set[Decimal]:
    parts = [product[f"title_{language}"], product["price"], product["was_price"] or ""]
    parts += [f"{fact[f'value_{language}']} ; {fact[f'attribute_{language}']}" for fact in product["facts"]]
    return numbers(" ; ".join(parts))


def evidence(product: dict[str, Any], language: str, *, description: bool = False) -> Evidence:
    """Facts, price and title; with the description too, as when a candidate is checked."""
    was = Decimal(product["was_price"]) if product["was_price"] else None
    texts = [product[f"title_{language}"], product[f"description_{language}"]]
    return Evidence(
        facts=tuple(
            SupportedValue(fact[f"attribute_{language}"], fact[f"value_{language}"], fact["unit"])
            for fact in product["facts"]
        ),
        prices=(PriceSupport(Decimal(product["price"]), product["currency"], was),),
        allowed_texts=tuple(texts if description else texts[:1]),
    )

"""The demonstration workspace's content: complete, consistent, and as careful as the copy it is there to show.

The rules of the product are applied to it where they exist; what they do not cover (forbidden superlatives, prices in
the other currency, numbers without a fact) is checked here on its own.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from campaigns.rules import limits, wording

DATA = Path(__file__).parents[2] / "campaigns" / "data"
LANGUAGES = {"en", "zh-hans"}
# As in the state machine of variants: verb → (from, to). Adopting and writing begin a history.
VERBS = {
    "adopt": ({None}, "draft"),
    "write": ({None}, "draft"),
    "edit": ({"draft", "in_review", "changes_requested", "approved"}, "draft"),
    "submit": ({"draft", "changes_requested"}, "in_review"),
    "withdraw": ({"in_review"}, "draft"),
    "request_changes": ({"in_review"}, "changes_requested"),
    "approve": ({"in_review"}, "approved"),
}
# Absolute terms that the advertising law names, and what is read the same way.
SUPERLATIVES = [
    "最",
    "第一",
    "国家级",
    "顶级",
    "极致",
    "极品",
    "唯一",
    "首选",
    "独家",
    "绝无仅有",
    "史无前例",
    "万能",
    "冠军",
]
SUPERLATIVES += ["best", "ultimate", "number one", "no. 1", "world-class", "unbeatable", "perfect", "guaranteed"]
CLICHES = [
    "game-changing",
    "elevate",
    "unleash",
    "discover",
    "take your",
    "next level",
    "look no further",
    "say goodbye",
]
CLICHES += ["享受", "邂逅", "开启", "不二之选", "好帮手", "神器", "限时", "抢购"]
MEDICAL = ["治疗", "治愈", "修复", "消炎", "药", "养生", "排毒", "heal", "cure", "repair your", "detox", "clinically"]


def load(name: str) -> dict[str, Any]:
    data = json.loads((DATA / name).read_text(encoding="utf-8"))
    assert isinstance(data, dict)
    return data


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
    return {channel["key"]: channel for channel in load("channels.json")["channels"]}


CAMPAIGNS = load("demo/campaigns.json")
PEOPLE = {person["key"]: person for person in CAMPAIGNS["people"]}
VARIANTS = [(campaign, variant) for campaign in CAMPAIGNS["campaigns"] for variant in campaign["variants"]]
RUNS = load("demo/candidates.json")["runs"]
CANDIDATES = [(run, item, candidate) for run in RUNS for item in run["items"] for candidate in item["candidates"]]
each_variant = pytest.mark.parametrize(
    ("campaign", "variant"), VARIANTS, ids=[variant["key"] for _, variant in VARIANTS]
)


def short(language: str) -> str:
    return "zh" if language == "zh-hans" else "en"


def brief_of(campaign: dict[str, Any], key: str) -> dict[str, Any]:
    (brief,) = [brief for brief in campaign["briefs"] if brief["key"] == key]
    return dict(brief)


def numbers(text: str) -> set[Decimal]:
    found = re.findall(r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?", text)
    return {Decimal(number.replace(",", "")).normalize() for number in found}


def numbers_of(product: dict[str, Any], language: str) -> set[Decimal]:
    parts = [product[f"title_{language}"], product["price"], product["was_price"] or ""]
    parts += [
        f"{fact[f'value_{language}']} {fact[f'attribute_{language}']} {fact['unit']}" for fact in product["facts"]
    ]
    return numbers(" ; ".join(parts))


def matches(product: dict[str, Any], product_filter: dict[str, Any]) -> bool:
    return (
        product_filter.get("category", product["category"]) == product["category"]
        and product_filter.get("tag", product["tags"][0]) in product["tags"]
        and product["sku"] in product_filter.get("skus", [product["sku"]])
    )


def test_there_is_as_much_as_was_promised() -> None:
    assert len(products()) == 24
    assert Counter(product["category"] for product in products().values()) == dict.fromkeys(
        {product["category"] for product in products().values()}, 3
    )
    assert len({product["category"] for product in products().values()}) == 8
    assert (len(brands()), len(segments()), len(CAMPAIGNS["campaigns"])) == (2, 5, 3)
    assert {campaign["status"] for campaign in CAMPAIGNS["campaigns"]} == {"running", "draft", "finished"}
    languages = Counter(variant["language"] for _, variant in VARIANTS)
    assert min(languages["en"], languages["zh-hans"]) >= 36
    assert set(languages) == LANGUAGES
    assert {person["role"] for person in PEOPLE.values()} == {"viewer", "copywriter", "approver", "admin"}


def test_every_file_says_that_it_is_demonstration_data() -> None:
    for path in sorted((DATA / "demo").glob("*.json")):
        assert "Demonstration data" in load(f"demo/{path.name}")["note_en"]
        assert "演示数据" in load(f"demo/{path.name}")["note_zh"]


@pytest.mark.parametrize("name", ["products", "brands", "segments", "campaigns"])
def test_every_text_is_there_in_both_languages(name: str) -> None:
    def walk(value: Any) -> None:
        if isinstance(value, dict):
            for key in value:
                if key.endswith("_en"):
                    other = value[f"{key[:-3]}_zh"]
                    assert bool(value[key]) == bool(other), (key, value[key], other)
            for child in value.values():
                walk(child)
        elif isinstance(value, list):
            for child in value:
                walk(child)

    walk(load(f"demo/{name}.json"))


@pytest.mark.parametrize("sku", sorted(load("demo/products.json")["products"][n]["sku"] for n in range(24)))
def test_a_product_is_complete_and_describes_itself_from_its_facts(sku: str) -> None:
    product = products()[sku]
    assert 6 <= len(product["facts"]) <= 10
    assert product["currency"] in {"USD", "CNY"}
    assert sum(bool(re.search(r"\d", fact["value_en"])) for fact in product["facts"]) >= 3
    for language in ("en", "zh"):
        attributes = [fact[f"attribute_{language}"] for fact in product["facts"]]
        assert len(set(attributes)) == len(attributes)
        assert numbers(product[f"description_{language}"]) <= numbers_of(product, language)
    for fact in product["facts"]:
        assert numbers(fact["value_en"]) == numbers(fact["value_zh"]), fact


def test_a_price_history_ends_at_the_price_of_today() -> None:
    with_history = [product for product in products().values() if product["price_history"]]
    assert len(with_history) >= 8
    for product in with_history:
        days = [record["days_ago"] for record in product["price_history"]]
        assert days == sorted(set(days), reverse=True)
        last = product["price_history"][-1]
        assert (last["price"], last["was_price"]) == (product["price"], product["was_price"])
    for product in products().values():
        if product["was_price"]:
            assert Decimal(product["was_price"]) > Decimal(product["price"])
            assert any(record["price"] == product["was_price"] for record in product["price_history"])


def test_skus_keys_slugs_and_texts_occur_once() -> None:
    assert len({variant["key"] for _, variant in VARIANTS}) == len(VARIANTS)
    assert len({variant["text"] for _, variant in VARIANTS}) == len(VARIANTS)
    drafts = [variant["model_draft"] for _, variant in VARIANTS if variant["model_draft"]]
    assert len(set(drafts)) == len(drafts)
    assert len({product["title_en"] for product in products().values()}) == len(products())
    slugs = [placement["slug"] for campaign in CAMPAIGNS["campaigns"] for placement in campaign["placements"]]
    assert len(set(slugs)) == len(slugs)
    assert len({person["email"] for person in PEOPLE.values()}) == len(PEOPLE)
    assert all(person["email"].endswith("@example.com") for person in PEOPLE.values())


def test_interests_are_weighed_between_nothing_and_one_heaviest_first() -> None:
    for segment in segments().values():
        weights = [interest["weight"] for interest in segment["interests"]]
        assert weights == sorted(weights, reverse=True)
        assert all(0 < weight <= 1 for weight in weights)


def test_every_brief_names_things_that_exist() -> None:
    for campaign in CAMPAIGNS["campaigns"]:
        assert campaign["brand"] in brands()
        for brief in campaign["briefs"]:
            assert set(brief["segments"]) <= set(segments())
            assert set(brief["channels"]) <= set(channels())
            assert any(matches(product, brief["product_filter"]) for product in products().values())
            assert brief["language"] in LANGUAGES


@each_variant
def test_a_variant_belongs_to_its_brief(campaign: dict[str, Any], variant: dict[str, Any]) -> None:
    brief = brief_of(campaign, variant["brief"])
    assert variant["language"] == brief["language"]
    assert variant["segment"] in brief["segments"]
    assert variant["channel"] in brief["channels"]
    assert matches(products()[variant["product"]], brief["product_filter"])
    assert bool(re.search("[\u4e00-\u9fff]", variant["text"])) == (variant["language"] == "zh-hans")


@each_variant
def test_a_variant_keeps_the_limits_of_its_channel(campaign: dict[str, Any], variant: dict[str, Any]) -> None:
    channel = channels()[variant["channel"]]
    assert limits.check(variant["text"], channel["unit"], channel["soft_limit"], channel["hard_limit"]) is None
    for step in variant["history"]:
        if text := step.get("text"):
            assert limits.check(text, channel["unit"], None, channel["hard_limit"]) is None


@each_variant
def test_every_number_of_a_variant_is_a_fact(campaign: dict[str, Any], variant: dict[str, Any]) -> None:
    product, language = products()[variant["product"]], short(variant["language"])
    assert numbers(variant["text"]) <= numbers_of(product, language), variant["text"]
    if product["currency"] == "USD":
        assert not re.search("[¥￥元]", variant["text"])
    else:
        assert "$" not in variant["text"]


@each_variant
def test_a_variant_keeps_the_words_of_brief_brand_segment_and_law(
    campaign: dict[str, Any], variant: dict[str, Any]
) -> None:
    brief, brand, language = (
        brief_of(campaign, variant["brief"]),
        brands()[campaign["brand"]],
        short(variant["language"]),
    )
    never = [*brief["never_words"], *brand[f"never_words_{language}"], *SUPERLATIVES, *CLICHES, *MEDICAL]
    never += segments()[variant["segment"]][f"avoid_words_{language}"]
    assert wording.present_never_words(variant["text"], never) == []
    must = list(brief["must_words"])
    if variant["channel"] in brand["must_words_channels"]:
        must += brand[f"must_words_{language}"]
    assert wording.missing_must_words(variant["text"], must) == []
    if variant["channel"] == "xiaohongshu_body":
        assert "广告" in variant["text"]
    if variant["channel"] == "sms":
        assert re.search("STOP|拒收请回复R", variant["text"])


@each_variant
def test_a_history_leads_to_the_state_and_the_texts_that_are_stated(
    campaign: dict[str, Any], variant: dict[str, Any]
) -> None:
    status, text, author, approved, times = None, None, None, None, []
    for step in variant["history"]:
        sources, target = VERBS[step["verb"]]
        assert status in sources, step
        role = PEOPLE[step["actor"]]["role"]
        if step["verb"] in {"adopt", "write", "edit"}:
            text, author = step["text"], step["actor"]
            assert role != "viewer"
        elif step["verb"] in {"approve", "request_changes"}:
            assert step["actor"] != author
            assert role in {"approver", "admin"}
            approved = text if step["verb"] == "approve" else approved
        assert bool(step.get("reason")) == (step["verb"] == "request_changes")
        status = target
        times.append((-step["days_ago"], step["at"]))
    assert (status, text, author, approved) == (
        variant["state"],
        variant["text"],
        variant["author"],
        variant["approved_text"],
    )
    assert times == sorted(set(times))
    assert times[-1][0] < 0
    origins = {None: "written", variant["text"]: "adopted"}
    assert variant["origin"] == origins.get(variant["model_draft"], "edited")
    assert variant["history"][0]["text"] == (variant["model_draft"] or variant["history"][0]["text"])


def test_every_review_state_is_to_be_seen_in_the_campaign_under_review() -> None:
    (draft,) = [campaign for campaign in CAMPAIGNS["campaigns"] if campaign["status"] == "draft"]
    states = {variant["state"] for variant in draft["variants"]}
    assert states == {"draft", "in_review", "changes_requested", "approved"}


def test_only_approved_copy_was_served_and_counts_are_possible() -> None:
    for campaign in CAMPAIGNS["campaigns"]:
        placements = {placement["slug"]: placement for placement in campaign["placements"]}
        by_key = {variant["key"]: variant for variant in campaign["variants"]}
        for placement in placements.values():
            assert by_key[placement["variant"]]["placement"] == placement["slug"]
            assert by_key[placement["variant"]]["channel"] == placement["channel"]
        for variant in campaign["variants"]:
            assert (variant["daily"] is None) == (variant["placement"] is None)
            if variant["daily"] is None:
                continue
            assert placements[variant["placement"]]["channel"] == variant["channel"]
            check_daily(variant)


def check_daily(variant: dict[str, Any]) -> None:
    daily, price = variant["daily"], Decimal(products()[variant["product"]]["price"])
    approved = [step["days_ago"] for step in variant["history"] if step["verb"] == "approve"]
    assert min(approved) > daily["first_days_ago"] >= daily["weeks"] * 7
    assert daily["weeks"] >= 3
    cells = [(row["week"], row["weekday"]) for row in daily["rows"]]
    assert cells == [(week, weekday) for week in range(daily["weeks"]) for weekday in range(7)]
    assert len({row["impressions"] for row in daily["rows"]}) > len(cells) // 2
    for row in daily["rows"]:
        assert 0 <= row["conversions"] <= row["clicks"] <= row["impressions"]
        assert Decimal(row["value"]) % price == 0
        assert Decimal(row["value"]) >= price * row["conversions"]


def test_the_summary_of_the_finished_campaign_says_what_its_counts_say() -> None:
    rate = {}
    for _, variant in VARIANTS:
        if variant["daily"]:
            rows = variant["daily"]["rows"]
            rate[variant["key"]] = sum(row["clicks"] for row in rows) / sum(row["impressions"] for row in rows)
    assert rate["c-02"] > rate["c-01"] * 1.05
    assert rate["c-16"] > rate["c-17"] * 1.05


def test_candidates_are_plausible_and_lead_to_their_variants() -> None:
    by_key = {variant["key"]: variant for _, variant in VARIANTS}
    briefs = {brief["key"]: brief for campaign in CAMPAIGNS["campaigns"] for brief in campaign["briefs"]}
    assert len(CANDIDATES) >= 12
    for run, item, candidate in CANDIDATES:
        assert item["language"] == briefs[run["brief"]]["language"]
        assert -3 <= candidate["mean_logprob"] <= -1.2
        assert candidate["token_count"] > 0
        channel = channels()[item["channel"]]
        assert limits.check(candidate["text"], channel["unit"], None, channel["hard_limit"]) is None
        if candidate["variant"]:
            variant = by_key[candidate["variant"]]
            assert variant["model_draft"] == candidate["text"]
            assert (variant["product"], variant["channel"]) == (item["product"], item["channel"])
        assert all(claim in candidate["text"] for claim in candidate["unsupported"])
    for run in RUNS:
        for item in run["items"]:
            assert item["produced"] == len(item["candidates"]) <= item["requested"] == briefs[run["brief"]]["count"]
            assert len({candidate["text"] for candidate in item["candidates"]}) == item["produced"]
        assert set().union(*(item["dropped"] for item in run["items"])) >= {"too_long", "wrong_language", "duplicate"}

"""The demonstration's content is complete, whole and possible: what its loader and its pages rely on."""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from campaigns.rules import grounding, limits, wording
from tests.campaigns.demo_content import (
    BRIEFS,
    CAMPAIGNS,
    CANDIDATES,
    DATA,
    PEOPLE,
    RUNS,
    VARIANTS,
    brands,
    channels,
    evidence,
    load,
    matches,
    never_words,
    numbers,
    products,
    segments,
    short,
)

LANGUAGES = {"en", "zh-hans"}


def test_there_is_as_much_as_was_promised() -> None:
    assert len(products()) == 24
    assert Counter(product["category"] for product in products().values()) == dict.fromkeys(
        {product["category"] for product in products().values()}, 3
    )
    assert len({product["category"] for product in products().values()}) == 8
    assert (len(brands()), len(segments()), len(CAMPAIGNS)) == (2, 5, 3)
    assert {campaign["status"] for campaign in CAMPAIGNS} == {"running", "draft", "finished"}
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


@pytest.mark.parametrize("sku", sorted(products()))
def test_a_product_is_complete_and_describes_itself_from_its_facts(sku: str) -> None:
    product = products()[sku]
    assert 6 <= len(product["facts"]) <= 10
    assert product["currency"] in {"USD", "CNY"}
    assert sum(bool(re.search(r"\d", fact["value_en"])) for fact in product["facts"]) >= 3
    for language in ("en", "zh"):
        attributes = [fact[f"attribute_{language}"] for fact in product["facts"]]
        assert len(set(attributes)) == len(attributes)
        assert grounding.unsupported_by(product[f"description_{language}"], evidence(product, language)) == []
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
    slugs = [placement["slug"] for campaign in CAMPAIGNS for placement in campaign["placements"]]
    assert len(set(slugs)) == len(slugs)
    assert len({person["email"] for person in PEOPLE.values()}) == len(PEOPLE)
    assert all(person["email"].endswith("@example.com") for person in PEOPLE.values())


def test_interests_are_weighed_between_nothing_and_one_heaviest_first() -> None:
    for segment in segments().values():
        weights = [interest["weight"] for interest in segment["interests"]]
        assert weights == sorted(weights, reverse=True)
        assert all(0 < weight <= 1 for weight in weights)


def test_every_brief_names_things_that_exist() -> None:
    for campaign in CAMPAIGNS:
        assert campaign["brand"] in brands()
        for brief in campaign["briefs"]:
            assert set(brief["segments"]) <= set(segments())
            assert set(brief["channels"]) <= set(channels())
            assert any(matches(product, brief["product_filter"]) for product in products().values())
            assert brief["language"] in LANGUAGES


def test_every_review_state_is_to_be_seen_in_the_campaign_under_review() -> None:
    (draft,) = [campaign for campaign in CAMPAIGNS if campaign["status"] == "draft"]
    states = {variant["state"] for variant in draft["variants"]}
    assert states == {"draft", "in_review", "changes_requested", "approved"}


def test_only_approved_copy_was_served_and_counts_are_possible() -> None:
    for campaign in CAMPAIGNS:
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


def test_candidates_are_such_as_the_generator_lets_through() -> None:
    assert len(CANDIDATES) >= 12
    for run, item, candidate in CANDIDATES:
        text, channel = candidate["text"], channels()[item["channel"]]
        assert -3 <= candidate["mean_logprob"] <= -1.2
        assert candidate["token_count"] > 0
        assert limits.check(text, channel["unit"], None, channel["hard_limit"]) is None
        assert wording.present_never_words(text, never_words(run["brief"], item["segment"])) == []


def test_what_a_candidate_makes_up_is_found() -> None:
    assert sum(bool(candidate["unsupported"]) for _, _, candidate in CANDIDATES) >= 5
    for _, item, candidate in CANDIDATES:
        known = evidence(products()[item["product"]], short(item["language"]), description=True)
        found = grounding.unsupported_by(candidate["text"], known)
        assert [finding.params["claim"] for finding in found] == candidate["unsupported"]


def test_candidates_lead_to_their_variants() -> None:
    by_key = {variant["key"]: variant for _, variant in VARIANTS}
    for run, item, candidate in CANDIDATES:
        if candidate["variant"]:
            variant = by_key[candidate["variant"]]
            assert variant["model_draft"] == candidate["text"]
            place = [variant[name] for name in ("brief", "product", "segment", "channel", "language")]
            assert place == [run["brief"], *(item[name] for name in ("product", "segment", "channel", "language"))]


def test_a_run_asked_for_what_its_brief_says_and_counts_what_it_dropped() -> None:
    for run in RUNS:
        _, brief = BRIEFS[run["brief"]]
        assert sorted(item["channel"] for item in run["items"]) == sorted(brief["channels"])
        for item in run["items"]:
            assert len(item["candidates"]) == item["produced"] <= item["requested"] == brief["count"]
            assert len({candidate["text"] for candidate in item["candidates"]}) == item["produced"]
        reasons = set().union(*(item["dropped"] for item in run["items"]))
        assert reasons == {"too_long", "wrong_language", "empty", "duplicate"}

"""Every variant of the demonstration is as careful as the copy that it is there to show.

The rules of the product are applied where they exist; superlatives that the advertising law forbids, clichés and prices
in the other currency are looked for here.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from campaigns.models.variant import TRANSITIONS
from campaigns.rules import grounding, limits, wording
from tests.campaigns.demo_content import (
    BRIEFS,
    PEOPLE,
    VARIANTS,
    brands,
    channels,
    evidence,
    matches,
    never_words,
    numbers,
    numbers_of,
    products,
    short,
)

# Absolute terms that the advertising law names, and what is read the same way.
SUPERLATIVES = ["最", "第一", "国家级", "顶级", "极致", "极品", "唯一", "首选", "独家", "史无前例", "万能", "冠军"]
SUPERLATIVES += ["best", "ultimate", "world-class", "unbeatable", "perfect", "guaranteed", "finest", "number-one"]
CLICHES = ["享受", "邂逅", "开启", "不二之选", "好帮手", "神器", "限时", "抢购"]
CLICHES += ["game-changing", "elevate", "unleash", "discover", "take your", "next level", "look no further"]
MEDICAL = ["治疗", "治愈", "修复", "消炎", "药", "养生", "排毒", "heal", "heals", "cure", "cures", "detox"]

each_variant = pytest.mark.parametrize(
    ("campaign", "variant"), VARIANTS, ids=[variant["key"] for _, variant in VARIANTS]
)


@each_variant
def test_a_variant_belongs_to_its_brief(campaign: dict[str, Any], variant: dict[str, Any]) -> None:
    brief = BRIEFS[variant["brief"]][1]
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
    assert grounding.unsupported_by(variant["text"], evidence(product, language)) == []
    assert numbers(variant["text"]) <= numbers_of(product, language)
    if product["currency"] == "USD":
        assert not re.search("[¥￥元]", variant["text"])
    else:
        assert "$" not in variant["text"]


@each_variant
def test_a_variant_keeps_the_words_of_brief_brand_segment_and_law(
    campaign: dict[str, Any], variant: dict[str, Any]
) -> None:
    never = [*never_words(variant["brief"], variant["segment"]), *SUPERLATIVES, *CLICHES, *MEDICAL]
    assert wording.present_never_words(variant["text"], never) == []
    brand, must = brands()[campaign["brand"]], list(BRIEFS[variant["brief"]][1]["must_words"])
    if variant["channel"] in brand["must_words_channels"]:
        must += brand[f"must_words_{short(variant['language'])}"]
    assert wording.missing_must_words(variant["text"], must) == []
    if variant["channel"] == "xiaohongshu_body":
        assert "广告" in variant["text"]
    if variant["channel"] == "sms":
        assert re.search("STOP|拒收请回复R", variant["text"])


@each_variant
def test_earlier_texts_are_such_as_the_generator_lets_through(
    campaign: dict[str, Any], variant: dict[str, Any]
) -> None:
    never = never_words(variant["brief"], variant["segment"])
    for step in variant["history"]:
        assert wording.present_never_words(step.get("text", ""), never) == []


@each_variant
def test_a_history_leads_to_the_state_and_the_texts_that_are_stated(
    campaign: dict[str, Any], variant: dict[str, Any]
) -> None:
    status, text, author, approved = "", None, None, None
    for step in variant["history"]:
        verb, role = step["verb"], PEOPLE[step["actor"]]["role"]
        if verb in {"adopt", "write", "edit"}:
            text, author = step["text"], step["actor"]
            assert role != "viewer"
        if verb in {"approve", "request_changes"}:
            assert step["actor"] != author, "nobody judges their own text"
            assert role in {"approver", "admin"}
        if verb in {"adopt", "write"}:
            assert status == ""
            status = "draft"
        else:
            sources, target = TRANSITIONS[verb]
            assert status in sources, step
            status = str(target)
        approved = text if verb == "approve" else approved
        assert bool(step.get("reason")) == (verb == "request_changes")
    stated = [variant[name] for name in ("state", "text", "author", "approved_text")]
    assert [status, text, author, approved] == stated


@each_variant
def test_a_history_lies_in_the_past_in_order_and_begins_at_the_draft(
    campaign: dict[str, Any], variant: dict[str, Any]
) -> None:
    times = [(-step["days_ago"], step["at"]) for step in variant["history"]]
    assert times == sorted(set(times))
    assert times[-1][0] < 0
    first, draft = variant["history"][0], variant["model_draft"]
    assert first["verb"] == ("write" if draft is None else "adopt")
    assert draft is None or first["text"] == draft
    assert variant["origin"] == {None: "written", variant["text"]: "adopted"}.get(draft, "edited")

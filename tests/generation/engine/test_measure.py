"""The engine counts as the rules of the channels do."""

from __future__ import annotations

import pytest

from campaigns.rules import limits
from generation.engine.measure import UNITS, measure, share_used

TEXTS = [
    "",
    "Warm wool for winter",
    "don't re-use: 3 x 100 %",
    "轻盈保暖,一件就够",
    "“轻盈”……每一天",
    "轻盈的 Trail 外套，只要 199 元！",
    "“quoted” – and a dash…",
    "Sale 🎉🎉 now",
    "新品上市🔥👨‍👩‍👧",
    "café naïve e\u0301",
    "price [10 €] {a|b}~^\\",
    "ｆｕｌｌ　ｗｉｄｔｈ",
    "カタカナ 한국어",
    "\U00020000\U00030000",
    "a" * 160,
    "a" * 161,
    "a" * 152 + "€" + "b" * 153,
    "汉" * 70,
    "汉" * 71,
    "汉" * 66 + "🎉" + "字" * 66,
    "€" * 81,
    "- - ' ’ __",
]


@pytest.mark.parametrize("unit", list(limits.Unit))
@pytest.mark.parametrize("text", TEXTS)
def test_every_unit_counts_as_the_rules_do(text: str, unit: limits.Unit) -> None:
    assert measure(text, unit.value) == limits.measure(text, unit)


def test_the_units_are_those_of_the_rules() -> None:
    assert set(UNITS) == {unit.value for unit in limits.Unit}
    with pytest.raises(ValueError, match="furlongs"):
        measure("x", "furlongs")


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("text", TEXTS)
def test_a_share_above_one_is_a_text_over_its_limit(text: str, unit: str) -> None:
    for limit in (1, 2, 5, 40, 160):
        assert (share_used(text, unit, limit) > 1) == (measure(text, unit) > limit)


def test_the_share_of_a_message_grows_with_every_letter() -> None:
    assert share_used("a" * 128, "sms", 1) == pytest.approx(0.8)
    assert share_used("汉" * 56, "sms", 1) == pytest.approx(0.8)
    assert share_used("a" * 153, "sms", 2) == pytest.approx(0.5)

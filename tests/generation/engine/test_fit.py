"""A text over its limit is shortened to what reads as a whole, or given up."""

from __future__ import annotations

import pytest

from generation.engine.config import Language
from generation.engine.fit import fit
from generation.engine.measure import UNITS, measure

EN, ZH = Language.EN, Language.ZH_HANS


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("Warm wool for winter.", 40, "Warm wool for winter."),
        ("Warm wool for winter. Light enough for every walk.", 40, "Warm wool for winter."),
        (
            "Warm wool! Light, soft and ready. Made for long walks in the hills.",
            40,
            "Warm wool! Light, soft and ready.",
        ),
        ("Go. Warm wool for winter, soft on the skin and light to carry.", 40, "Go. Warm wool for winter."),
        ("Warm wool for winter, soft on the skin", 30, "Warm wool for winter"),
        ("Warm wool for winter, soft on the skin.", 30, "Warm wool for winter."),
        ("Warm wool for winter – soft on the skin.", 30, "Warm wool for winter."),
        ("Warm wool for winter; soft on the skin.", 21, "Warm wool for winter."),
        ("Warm wool for winter; soft on the skin.", 20, ""),
        ("A well-made coat of 1,200 g wool: warm", 36, "A well-made coat of 1,200 g wool"),
        ("Only 2.5 kg of soft warm wool in a bag", 30, ""),
        ("Warm wool from Dr. Smith of London town", 30, ""),
        ("Soft (wool, warm and light) for your walks, every day", 44, "Soft (wool, warm and light) for your walks"),
        ("Soft (wool, warm and light) for your walks", 20, ""),
        ("Supercalifragilistic", 10, ""),
        ('He said "warm wool. Soft." Then more words came', 30, 'He said "warm wool. Soft."'),
    ],
)
def test_english(text: str, limit: int, expected: str) -> None:
    assert fit(text, limit, "characters", EN) == expected


@pytest.mark.parametrize(
    ("text", "limit", "unit", "expected"),
    [
        ("轻盈保暖。", 10, "characters", "轻盈保暖。"),
        ("轻盈保暖。陪你走过每一个冬天。", 8, "characters", "轻盈保暖。"),
        ("轻盈保暖,一件就够", 5, "characters", "轻盈保暖"),
        ("轻盈保暖，一件就够", 5, "characters", "轻盈保暖"),
        ("轻盈保暖，一件就够。", 5, "characters", "轻盈保暖。"),
        ("走。轻盈保暖的外套，陪你过冬。", 11, "characters", "走。轻盈保暖的外套。"),
        ("轻盈保暖；一件就够！", 10, "display_width", "轻盈保暖。"),
        ("轻盈保暖——一件就够", 9, "display_width", "轻盈保暖"),
        ("轻盈“保暖，柔软”，一件就够", 10, "characters", "轻盈“保暖，柔软”"),
        ("轻盈“保暖，柔软”的外套", 6, "characters", ""),
        ("轻盈保暖的外套一件就够", 6, "characters", ""),
        ("轻盈保暖。一件就够。", 15, "bytes", "轻盈保暖。"),
        ("新品🔥轻盈保暖！一件就够了", 9, "utf16", "新品🔥轻盈保暖！"),
        ("暖" * 60 + "。" + "轻" * 20 + "。", 1, "sms", "暖" * 60 + "。"),
    ],
)
def test_chinese(text: str, limit: int, unit: str, expected: str) -> None:
    assert fit(text, limit, unit, ZH) == expected


@pytest.mark.parametrize("unit", UNITS)
def test_what_comes_back_is_always_within_the_limit_and_a_beginning(unit: str) -> None:
    for text, language in (
        ("Warm, soft and light: a coat. For you; for all – every day!", EN),
        ("轻盈，柔软；保暖：一件。给你！给每一天——就够了🔥。", ZH),
    ):
        for limit in range(1, 120):
            found = fit(text, limit, unit, language)
            assert measure(found, unit) <= limit
            assert text.startswith(found.rstrip(".。"))


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError):
        fit("x", 0, "characters", EN)
    with pytest.raises(ValueError):
        fit("x", 5, "furlongs", EN)
    with pytest.raises(ValueError):
        fit("x", 5, "characters", "fr")


def test_the_stop_of_a_unit_before_a_small_letter_ends_no_sentence() -> None:
    text = "Holds 12 oz. so the first pour never runs short. Then rinse."
    assert fit(text, 50, "characters", "en") == "Holds 12 oz. so the first pour never runs short."
    assert fit("Ready for the hard court. adidas built it.", 30, "characters", "en") == "Ready for the hard court."

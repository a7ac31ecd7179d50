"""The language filter keeps the language that was asked for."""

from __future__ import annotations

import pytest

from generation.engine.config import Language
from generation.engine.language import has_foreign_letters, matches_language

CHINESE = [
    "轻盈缓震，adidas Ultraboost 22 陪你跑完每一公里",
    "骨瓷杯，温润如玉",
    "adidas 跑鞋",
    "¥199 起，今晚开抢🎉",
    "USB-C 接口，五档亮度",
    "早餐午餐，一盒装好",
]
NOT_SIMPLIFIED_CHINESE = [
    "輕盈緩震，陪你跑完每一公里，現在就來",  # Traditional
    "超軽量ランニングシューズ",  # Japanese
    "신발을 신고 달려 보세요",  # Korean
    "Беговые кроссовки",
    "Run further every day",
    "adidas Originals Superstar Shoes for Men 经典",
    "99.00",
    "",
    "🎉🎉",
]
ENGLISH = [
    "Run further with adidas, every day",
    "Ultraboost",
    "Café racer style, 50 % lighter",
    "La Mer cream for your evening",
    "Ready for 5K? Let's go 🏃",
]
NOT_ENGLISH = [
    "Run further 轻盈",
    "Zapatos para correr con tu estilo",
    "Die Schuhe für den Sommer und mehr",
    "Des chaussures pour vous et votre été",
    "Нова обувь",
    "靴 for you",
    "100 %",
    "",
]


@pytest.mark.parametrize("text", CHINESE)
def test_simplified_chinese_is_kept_with_brand_names_and_numbers(text: str) -> None:
    assert matches_language(text, "zh-hans")


@pytest.mark.parametrize("text", NOT_SIMPLIFIED_CHINESE)
def test_other_languages_are_not_simplified_chinese(text: str) -> None:
    assert not matches_language(text, Language.ZH_HANS)


@pytest.mark.parametrize("text", ENGLISH)
def test_english_is_kept_with_names_of_other_languages(text: str) -> None:
    assert matches_language(text, "en")


@pytest.mark.parametrize("text", NOT_ENGLISH)
def test_other_languages_are_not_english(text: str) -> None:
    assert not matches_language(text, Language.EN)


def test_a_clause_in_english_is_no_name_in_chinese_copy() -> None:
    assert not matches_language("轻便防水，keeps your laptop dry all day", "zh-hans")
    for text in (
        "轻便防水，USB type c 接口，The North Face 出品",
        "Beauty and the beast 联名保温杯，早晚都暖",
        "尺码 s m l xl 齐全",
    ):
        assert matches_language(text, "zh-hans")


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError):
        matches_language("Hallo", "de")


def test_foreign_letters_are_those_of_other_scripts_and_traditional_forms() -> None:
    assert has_foreign_letters("run", Language.ZH_HANS)
    assert has_foreign_letters("輕", Language.ZH_HANS)
    assert not has_foreign_letters("轻 1,2。🎉", Language.ZH_HANS)
    assert has_foreign_letters("轻", Language.EN)
    assert not has_foreign_letters("Café 5!", Language.EN)

"""A hole where a number may not stand is found, and no whole text is taken for one."""

from __future__ import annotations

import pytest

from generation.engine.broken import is_broken, pastes
from generation.engine.config import Fact
from tests.generation.starter_corpus import corpus


@pytest.mark.parametrize(
    "text",
    [
        "A jacket that weighs ft, for the trail",
        "Choose the tone, ￡£ ￡.",
        "Now $ off until Sunday",
        "Holds kg after kg",
        "这件厚 厚 尼龙，透气",
        "厚 约 垫高 约 约 垫高",
        "颜色有木色、绿绿绿",
        "贴身 支架 支架 用起来省",
        "A pillow with a low weight: ⌀ ∅ ∅ ∅ ∅",
        "So so so soft",
        "Slides for the commute: Black or black.",
        "颜色有棕色和棕色",
        "腰围有 厘米厚，单只 毫升",
        "翻盖手机重 10.5 × 5.5 厘米",
        "The head weighs 48 dB at the tip",
        "Standby of 112 g, battery lasts 5 cm",
        "手机续航 10.5 × 5.5 厘米",
        "亚麻围裙，满 200 元包邮，♀️",
        "Warm hands \U0001f3fd",
    ],
)
def test_what_is_broken(text: str) -> None:
    assert is_broken(text)


@pytest.mark.parametrize(
    "text",
    [
        "Weighs 320 g and folds to 20 × 30 cm",
        "Who knows? 🤷\u200d♀️ Warm hands 👋🏽",
        "£15 off, or 15 € a month",
        "Cut to the cm, marked in mm",
        "Five kg of clay, half a kg a bag",
        "-20 °C at night, 40°C in the machine",
        "看看、想想、试试，天天都用",
        "哈哈哈，它真的很软",
        "价格 ￥99，原价 129 元",
        "It is so, so soft, and had had its day",
        "Tied with soft twine: the left foot first",
        "Weighs 96 g, 10 days on standby, 48 dB; a battery of 20 Wh, battery 45 g",
        "重 96 克，待机 10 天，续航 24 小时",
        "Worn again and again, and washed more and more",
        "合上 10.5 × 5.5 厘米，占 30 平方厘米，按毫米裁，厘米级的误差",
    ],
)
def test_what_is_whole(text: str) -> None:
    assert not is_broken(text)


def test_no_text_of_the_corpus_is_taken_for_broken() -> None:
    assert [example.text for example in corpus.examples() if is_broken(example.text)] == []


def test_a_name_that_is_written_so_is_no_hole() -> None:
    assert is_broken("A ca$h belt in black") and not is_broken("A ca$h belt in black", ["ca$h belt", "black"])
    assert is_broken("A ca$h belt that weighs kg", ["ca$h belt"])


PATINA = (
    Fact("Leather", "darkens to chestnut"),
    Fact("Pockets", "shielded against RFID reading"),
    Fact("Drops", "from 2 m"),
)


@pytest.mark.parametrize(
    "text",
    [
        "A wallet with darkens to chestnut leather",
        "It has darkens to chestnut",
        "A pouch with shielded against reading",
    ],
)
def test_a_value_that_begins_with_a_verb_does_not_stand_for_a_thing(text: str) -> None:
    assert pastes(text, PATINA)


def test_no_text_that_people_wrote_pastes_its_facts() -> None:
    assert not pastes("The leather darkens to chestnut; pockets shielded against RFID reading", PATINA)
    assert not [one.id for one in corpus.examples() if pastes(one.text, one.brief.facts)]

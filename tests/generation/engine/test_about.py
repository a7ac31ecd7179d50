"""Which sentences of a description a prompt quotes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from generation.engine.about import MOST_ABOUT, quoted, sentences
from generation.engine.config import ChannelView, CopyBrief, Interest, Language, SegmentView
from generation.engine.plan import make_angles, make_plan, with_plan
from generation.engine.prompts import render
from tests.timing import timed

HOODIE = (
    "You put in the time. You put in the effort. And when you put on this hoodie after your workout, you feel the reward. "
    "Soft cotton fleece drapes the body in a relaxed shape. Ribbed cuffs and a kangaroo pocket keep hands warm. "
    "Recycled polyester makes up a third of the fabric. Ready?"
)
BRIEF = CopyBrief(
    product_title="Hoodie",
    product_description=HOODIE,
    segment=SegmentView("Commuters", interests=(Interest("warm hands", 0.9),)),
    channel=ChannelView("email_subject", "E-mail subject", "characters", 50),
    language=Language.EN,
)


def test_sentences_lines_and_bullets_are_told_apart_and_come_once() -> None:
    text = "Soft cotton. Soft cotton.\nMade in Porto • Weighs 380 g\r\n\r\nIs it warm? 柔软的棉布。不起球！洗衣机可洗！"
    expected = (
        "Soft cotton.",
        "Made in Porto",
        "Weighs 380 g",
        "Is it warm?",
        "柔软的棉布。",
        "不起球！",
        "洗衣机可洗！",
    )
    assert sentences(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Weighs approx. 3 kg. Holds 2 l.", ("Weighs approx. 3 kg.", "Holds 2 l.")),
        ("Folds to 52 * 44 * 18 cm. Rated to -20 °C.", ("Folds to 52 * 44 * 18 cm.", "Rated to -20 °C.")),
        ("- Soft\n- Warm\n* -20 °C", ("Soft", "Warm", "-20 °C")),
        ("防水透气。纯棉。", ("防水透气。", "纯棉。")),
        ("- A\n- Holds 2 l.\n好。", ("Holds 2 l.",)),
    ],
)
def test_nothing_is_cut_inside_a_sentence(text: str, expected: tuple[str, ...]) -> None:
    assert sentences(text) == expected


def test_the_sentences_that_tell_of_the_product_are_quoted_and_not_the_mood() -> None:
    about = make_plan(BRIEF).about
    assert "cotton fleece" in about and "the effort" not in about and "Ready" not in about
    assert len(about) <= MOST_ABOUT and about[-1] == "."


def test_readers_get_what_they_care_about_and_another_angle_gets_another_sentence() -> None:
    def encode(texts: Sequence[str]) -> np.ndarray:
        return np.array([[1.0, 0.0] if "hands" in one else [0.0, 1.0] for one in texts], dtype=np.float32)

    assert make_plan(BRIEF, encode).about.startswith("Ribbed cuffs")
    assert make_plan(BRIEF, encode, turn=1).about != make_plan(BRIEF, encode).about
    assert with_plan(BRIEF, make_plan(BRIEF, encode)).product_description.startswith("Ribbed cuffs")


def test_a_short_description_is_quoted_whole() -> None:
    brief = replace(BRIEF, product_description="Soft cotton.\nFor you")
    assert make_plan(brief).about == "Soft cotton. For you."
    assert "About: Soft cotton. For you.\n" in render("brief-1", with_plan(brief, make_plan(brief))).text
    short = replace(BRIEF, product_description="防水透气。纯棉。", language=Language.ZH_HANS)
    assert make_plan(short).about == "防水透气。纯棉。"
    assert make_plan(replace(BRIEF, product_description="")).about == ""


@pytest.mark.parametrize(
    "text",
    [
        "word " * 900,
        "字" * 3000,
        "a" * 3000,
        ". " * 1500,
        "\n" * 3000,
        "?!" * 900,
        " " * 3000 + "a",
        "\t• " * 900,
        "No. " * 900,
    ],
)
def test_any_description_is_quoted_within_the_room_and_at_once(text: str) -> None:
    with timed() as watch:
        about = make_plan(replace(BRIEF, product_description=text)).about
    assert len(about) <= MOST_ABOUT and "\n" not in about
    assert watch.seconds < 0.5


def test_a_sentence_too_long_to_quote_gives_way() -> None:
    long = "Soft cotton fleece " + "with ribbed cuffs and a kangaroo pocket " * 5
    about = make_plan(replace(BRIEF, product_description=f"{long}. Recycled polyester makes up a third of it.")).about
    assert about == "Recycled polyester makes up a third of it."
    assert make_plan(replace(BRIEF, product_description=long)).about.startswith("Soft cotton fleece")


def test_chinese_sentences_follow_each_other_without_a_space() -> None:
    assert quoted(("棉布柔软。", "袖口收紧", "Made in Porto")) == "棉布柔软。袖口收紧。Made in Porto."
    assert quoted(("Soft cotton", "Ribbed cuffs.")) == "Soft cotton. Ribbed cuffs."
    assert quoted(("a" * 100, "b" * 100, "c" * 50)) == "a" * 100 + ". " + "c" * 50 + "."


def test_a_product_without_facts_is_told_from_two_sentences() -> None:
    first, second, *_ = make_angles(BRIEF)
    assert first.about != second.about and {first.turn, second.turn} == {0, 1}
    assert len(make_angles(replace(BRIEF, product_description="Soft cotton."))) == 1

"""Shop words in both languages: what is found, what is left out, and that the shipped file is whole."""

from __future__ import annotations

import pytest

from generation.engine.config import Language
from generation.engine.glossary import KINDS, TERMS, Glossary, glossary

EN, ZH = Language.EN, Language.ZH_HANS
LINES = [
    "waterproof\t防水\tfeature",
    "non-slip\t防滑\tfeature",
    "long-sleeved\t长袖\tfeature",
    "soft\t柔软\tfeature",
    "navy\t藏青色\tcolour",
    "leather\t皮革\tmaterial",
    "glass\t玻璃\tmaterial",
    "jacket\t外套\ttype",
    "battery\t电池\tpart",
    "pocket\t口袋\tpart",
    "lining\t内里\tpart",
    "fit\t版型\tattribute",
]
SMALL = Glossary(LINES)


def said(text: str, language: Language) -> list[str]:
    return [phrase.said for phrase in SMALL.phrases(text, language)]


@pytest.mark.parametrize(
    ("text", "language", "phrases"),
    [
        ("A long-sleeved navy waterproof jacket, with a soft lining", ZH, ["长袖藏青色防水外套", "带柔软内里"]),
        ("Long sleeved and WATERPROOF", ZH, ["长袖", "防水"]),
        ("2 pockets. Batteries (2 x 500 ml)", ZH, ["2个口袋", "电池"]),
        ("防水外套，柔软的内里", EN, ["waterproof jacket", "soft lining"]),
        ("A soft jacket", EN, ["soft jacket"]),  # in its own language a phrase is what stands there
        ("柔软的外套", ZH, ["柔软外套"]),
        ("It is not waterproof, nor of leather; non-slip", ZH, ["防滑"]),
        ("不防水，无口袋，柔软", EN, ["soft"]),
        ("glasses", ZH, []),  # are no plural of the material
        ("The Battery 21 and a 4D lining", ZH, ["电池", "内里"]),
        ("A soft fit", ZH, ["柔软"]),  # the name of a column joins nothing
    ],
)
def test_phrases_are_made_of_known_words_and_deny_nothing(text: str, language: Language, phrases: list[str]) -> None:
    assert said(text, language) == phrases


@pytest.mark.parametrize(
    ("text", "language", "whole"),
    [
        ("Soft leather", ZH, "柔软皮革"),
        ("soft, waterproof", ZH, "柔软、防水"),
        ("Fit", ZH, ""),  # the name of a column
        ("soft jelly", ZH, ""),
        ("no pocket", ZH, ""),
        ("柔软的皮革", EN, "soft leather"),
        ("柔软果冻", EN, ""),
    ],
)
def test_a_whole_text_is_known_in_every_word_or_not_at_all(text: str, language: Language, whole: str) -> None:
    assert SMALL.whole(text, language) == whole


def test_the_name_of_a_column_is_one_of_its_own() -> None:
    assert SMALL.whole("Fit", ZH, columns=True) == "版型"


@pytest.mark.parametrize("line", ["soft\t柔软", "soft\t\tfeature", "soft\t柔软\tadjective"])
def test_a_line_that_is_no_term_is_named(line: str) -> None:
    with pytest.raises(ValueError, match="line 2"):
        Glossary([LINES[0], line])


def test_the_shipped_glossary_is_whole_and_says_each_thing_once() -> None:
    rows = [line.split("\t") for line in TERMS.read_text(encoding="utf-8").splitlines()]
    english = [row[0].replace("-", " ") for row in rows]
    assert all(len(row) == 3 and row[2] in KINDS for row in rows)
    assert len(set(english)) == len(english) > 9000
    assert all(row[0] == row[0].lower() or row[2] in ("type", "feature", "part", "value") for row in rows)


def test_the_shipped_glossary_reads_a_catalogue() -> None:
    text = "Stainless steel water bottle, leak-proof, with a bamboo lid"
    assert [phrase.text for phrase in glossary().phrases(text, ZH)] == ["不锈钢水壶", "防漏", "竹盖子"]

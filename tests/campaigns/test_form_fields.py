"""The form fields for words, interests and facts: what people type, in English and in Chinese."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from campaigns.forms.fields import FactsField, InterestsField, WordsField


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", []),
        ("one", ["one"]),
        ("one, two", ["one", "two"]),
        ("一，二、三；四;五", ["一", "二", "三", "四", "五"]),
        ("one\r\ntwo\nthree", ["one", "two", "three"]),
        (" one ,, one \n\n two ", ["one", "two"]),
        ("free shipping\n包邮 到家", ["free shipping", "包邮 到家"]),
        ("Größe, naïve, 👍🏽", ["Größe", "naïve", "👍🏽"]),
    ],
)
def test_words_come_one_per_line_or_with_commas_of_either_language(typed: str, words: list[str]) -> None:
    assert WordsField().clean(typed) == words


def test_words_are_shown_as_they_can_be_typed_again() -> None:
    field = WordsField()
    words = ["free shipping", "包邮", "100%"]
    assert field.clean(field.prepare_value(words)) == words


@pytest.mark.parametrize("typed", ["x" * 61, ",".join(str(n) for n in range(101)), "a\x00b"])
def test_words_that_are_too_long_or_too_many_are_refused(typed: str) -> None:
    with pytest.raises(ValidationError):
        WordsField().clean(typed)


def test_a_known_phrase_with_commas_stays_whole() -> None:
    field = WordsField()
    field.known = ["men’s, shoes"]
    assert field.clean("men’s, shoes\nnew, old") == ["men’s, shoes", "new", "old"]


@pytest.mark.parametrize(
    ("typed", "name", "weight"),
    [
        ("light weight: 0.9", "light weight", 0.9),
        ("轻便：0.9", "轻便", 0.9),
        ("轻便：０.９", "轻便", 0.9),
        ("maps=1", "maps", 1.0),
        ("maps : .5", "maps", 0.5),
        ("maps: 0", "maps", 0.0),
        ("maps", "maps", 0.5),
        ("音乐：流行", "音乐：流行", 0.5),
        ("shoes: trail: 0.7", "shoes: trail", 0.7),
    ],
)
def test_interests_have_a_weight_after_a_colon(typed: str, name: str, weight: float) -> None:
    assert InterestsField().clean(typed) == [{"name": name, "weight": weight}]


@pytest.mark.parametrize(
    "typed", ["maps: 1.1", "maps: -0.1", "maps: 0,9", "maps: 90%", "maps: 1e9", "maps: 0.5.5", ": 0.9", "：0.9"]
)
def test_a_weight_that_is_none_is_refused_and_never_taken_for_a_name(typed: str) -> None:
    with pytest.raises(ValidationError) as refused:
        InterestsField().clean(typed)
    assert typed in str(refused.value)


def test_interests_are_shown_as_they_can_be_typed_again() -> None:
    field = InterestsField()
    interests = [{"name": "shoes: trail", "weight": 0.75}, {"name": "徒步", "weight": 1.0}]
    assert field.clean(field.prepare_value(interests)) == interests


@pytest.mark.parametrize(
    ("typed", "fact"),
    [
        ("weight: 320 g", ("weight", "320", "g")),
        ("weight:320g", ("weight", "320", "g")),
        ("重量：320克", ("重量", "320", "克")),
        ("重量：3.5 千克", ("重量", "3.5", "千克")),
        ("water column: 10,000 mm", ("water column", "10,000", "mm")),
        ("comfort: -18 °C", ("comfort", "-18", "°C")),
        ("cotton: 95%", ("cotton", "95", "%")),
        ("screen: 6.1″", ("screen", "6.1", "″")),
        ("colour: dark blue", ("colour", "dark blue", "")),
        ("ratio: 1：2", ("ratio", "1：2", "")),
        ("比例：1:2", ("比例", "1:2", "")),
        ("life: 50+", ("life", "50+", "")),
        ("size: 10x20", ("size", "10x20", "")),
        ("size: 3/4 inch", ("size", "3/4 inch", "")),
        ("model: 42", ("model", "42", "")),
        ("hours: 24/7", ("hours", "24/7", "")),
    ],
)
def test_a_fact_is_an_attribute_and_a_value_with_its_unit_apart(typed: str, fact: tuple[str, str, str]) -> None:
    assert FactsField().clean(typed) == [fact]


@pytest.mark.parametrize("typed", ["weight", ": 320 g", "weight:", "重量：", f"{'x' * 121}: 1", f"a: {'x' * 1001}"])
def test_a_line_that_is_no_fact_is_refused_and_named(typed: str) -> None:
    with pytest.raises(ValidationError) as refused:
        FactsField().clean(f"colour: blue\n{typed}")
    assert typed[:40] in str(refused.value)


def test_more_than_200_facts_are_refused() -> None:
    lines = [f"fact {n}: yes" for n in range(201)]
    assert len(FactsField().clean("\n".join(lines[:200]))) == 200
    with pytest.raises(ValidationError):
        FactsField().clean("\n".join(lines))


def test_known_facts_are_kept_as_the_file_cut_them() -> None:
    field = FactsField()
    field.known = [("area", "5", "m2"), ("care", "wash cold,\ndry flat", ""), ("Size: EU", "42", "")]
    assert field.clean(field.prepare_value(field.known)) == list(field.known)

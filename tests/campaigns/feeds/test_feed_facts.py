"""Specifications and units."""

from __future__ import annotations

import json

import pytest

from campaigns.feeds.facts import parse_specifications, split_fact, split_unit

EXPECTED = [("Fabric", "Cotton"), ("Pack", "3")]


@pytest.mark.parametrize(
    "text",
    [
        '{"product_specification"=>[{"key"=>"Fabric", "value"=>"Cotton"}, {"value"=>"no name"}, {"key"=>"Pack", "value"=>3}]}',
        '{"product_specification"=>{"key"=>"Fabric", "value"=>"Cotton"}, "Pack"=>"3", "None"=>nil}',
        '{"Fabric": "Cotton", "Pack": 3}',
        '[{"name": "Fabric", "value": "Cotton"}, {"name": "Pack", "value": 3}]',
        '["Fabric: Cotton", "Pack: 3"]',
        "Fabric: Cotton; Pack: 3",
        "Fabric：Cotton\nPack：3",
        "Fabric#Cotton*Pack#3",
        "Fabric: Cotton | Pack: 3",
    ],
)
def test_specifications_are_read_in_any_notation(text: str) -> None:
    assert parse_specifications(text) == EXPECTED


def test_arrows_and_nil_inside_values_stay() -> None:
    assert parse_specifications('{"a"=>"x=>nil \\"y\\" \\#{z}"}') == [("a", 'x=>nil "y" #{z}')]


@pytest.mark.parametrize("text", ["just words", "{broken", '{"a"=>`id`}', "[" * 5000, "[1, 2]"])
def test_what_is_no_specification_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_specifications(text)


def test_nothing_is_evaluated() -> None:
    code = '__import__("os").system("true")'
    assert parse_specifications(json.dumps({"a": code})) == [("a", code)]


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        ("500 ml", ("500", "ml")),
        ("500ml", ("500", "ml")),
        ("1,5 kg", ("1,5", "kg")),
        ("1,000 g", ("1,000", "g")),
        ("75%", ("75", "%")),
        ("300毫升", ("300", "毫升")),
        ("6 fl oz", ("6", "fl oz")),
        ("100% Cotton", ("100% Cotton", "")),
        ("5 M", ("5 M", "")),
        ("4 - 18 Years", ("4 - 18 Years", "")),
        ("A5", ("A5", "")),
        ("21.59 x 27.95", ("21.59 x 27.95", "")),
    ],
)
def test_a_unit_is_split_off_only_where_it_is_clean(value: str, parts: tuple[str, str]) -> None:
    assert split_unit(value) == parts


def test_a_unit_may_stand_in_the_name() -> None:
    assert split_fact("Weight (g)", "500") == ("Weight", "500", "g")
    assert split_fact("重量（克）", "500") == ("重量", "500", "克")
    assert split_fact("Size (EU)", "42") == ("Size (EU)", "42", "")

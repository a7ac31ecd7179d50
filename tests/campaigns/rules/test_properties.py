"""Properties that no record of the product has are found; true ones, what is denied and what every seller says are not."""

from __future__ import annotations

import pytest

from campaigns.rules.properties import Record, unsupported_properties
from campaigns.services.copy_check import stated_words
from tests.generation.starter_corpus.corpus import examples


def found(text: str, *known: str) -> list[str]:
    record = Record.of((fact.replace("=", ": ") for fact in known), stated_words)
    return [finding.excerpt for finding in unsupported_properties(text, record, stated_words)]


@pytest.mark.parametrize(
    ("text", "known", "claims"),
    [
        ("A waterproof, long-sleeved jacket", ["Sleeves=long-sleeved"], ["waterproof"]),
        ("Striped and rechargeable", [], ["Striped", "rechargeable"]),
        ("防水外套，可折叠", ["Jacket, foldable"], ["防水"]),
        ("Waterproof to the seams", ["Water-resistant shell"], ["Waterproof"]),  # the record says less
        ("A waterproof jacket", ["Waterproof=No"], ["waterproof"]),
        ("防水外套", ["这件外套并不防水"], ["防水"]),
        ("Machine-washable", ["Not dishwasher, oven or machine washable"], ["Machine-washable"]),
        ("A magnetic clasp", ["Non-magnetic"], ["magnetic"]),
        ("Organic", ["inorganic"], ["Organic"]),
        ("Alcohol-free", ["Bag not included"], ["Alcohol-free"]),
    ],
)
def test_what_no_record_has_is_found(text: str, known: list[str], claims: list[str]) -> None:
    assert found(text, *known) == claims


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("防水，长袖", ["Waterproof jacket with long sleeves"]),  # the record is in the other language
        ("A waterproof jacket", ["特点=防水"]),
        ("Splash-proof", ["Waterproof bag"]),  # the record says more
        ("It is not waterproof, and has no hood", []),
        ("不防水", []),
        ("Comfortable, soft and light", []),
        ("舒适柔软又轻便", []),
        ("WATERPROOF", ["waterproof"]),
        ("Waterproof", ["Rating=IPX7"]),
        ("Foldable", ["Folding chair"]),
        ("Is it waterproof? Foldable: no.", []),
    ],
)
def test_what_a_record_tells_of_and_what_states_nothing_is_left_alone(text: str, known: list[str]) -> None:
    assert found(text, *known) == []


def test_what_is_denied_supports_nothing() -> None:
    assert found("透气", "不透气") == ["透气"]


def test_hardly_any_text_of_the_corpus_is_objected_to() -> None:
    texts = examples()
    wrong = [
        one.id
        for one in texts
        if found(
            one.text,
            *(f"{fact.attribute}={fact.value} {fact.unit}" for fact in one.brief.facts),
            one.brief.product_title,
            one.brief.product_description.replace("=", " "),
            one.brief.instructions.replace("=", " "),
            *one.brief.must_words,
        )
    ]
    assert len(wrong) < len(texts) / 100

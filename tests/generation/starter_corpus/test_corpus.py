"""The starter corpus: sound texts, none like another, enough of everything, and a fair split by product."""

from __future__ import annotations

import json

import pytest

from generation.engine.encoder import BundledEncoder
from generation.starter.examples import CORPUS, Example
from tests.generation.starter_corpus import corpus
from tests.generation.starter_corpus.balance import PAIRED, share, shortfalls
from tests.generation.starter_corpus.likeness import (
    NEAR,
    alike_sisters,
    closest,
    filled_templates,
    near_copies,
    paired,
    shared_shingles,
)
from tests.generation.starter_corpus.single import problems


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    return corpus.examples()


@pytest.fixture(scope="module")
def encoder() -> BundledEncoder:
    return BundledEncoder()


def test_every_text_keeps_to_its_brief(examples: list[Example]) -> None:
    assert [f"{example.id}: {problem}" for example in examples for problem in problems(example)] == []


def test_no_two_texts_share_twelve_words_in_a_row(examples: list[Example]) -> None:
    assert list(shared_shingles(examples)) == []


def test_no_text_is_another_with_other_names_and_numbers(examples: list[Example]) -> None:
    assert list(filled_templates(examples)) == []


@pytest.mark.slow
def test_no_two_texts_are_nearly_one(examples: list[Example], encoder: BundledEncoder) -> None:
    pairs = closest(examples, encoder)
    assert pairs, "some texts that share words lie close enough to be looked at"
    assert list(near_copies(pairs)) == []
    assert pairs[0][0] < NEAR


def test_a_fifth_shows_one_product_for_two_segments_visibly_different(
    examples: list[Example], encoder: BundledEncoder
) -> None:
    assert share(paired(examples), examples) >= PAIRED
    assert list(alike_sisters(examples, encoder)) == []


def test_there_is_enough_of_everything_and_the_split_is_fair(examples: list[Example]) -> None:
    assert list(shortfalls(examples)) == []


def test_every_product_has_texts_in_both_languages(examples: list[Example]) -> None:
    written = {(example.product, example.brief.language.value) for example in examples}
    for path in sorted(CORPUS.glob("products-*.jsonl")):
        category = path.stem.removeprefix("products-")
        for line in path.read_text(encoding="utf-8").splitlines():
            for language in ("en", "zh-hans"):
                assert (f"{category}/{json.loads(line)['key']}", language) in written


def test_every_fact_of_a_product_stands_in_both_languages_under_a_theme_that_somebody_cares_about() -> None:
    known = set().union(*corpus.themes().values())
    for path in sorted(CORPUS.glob("products-*.jsonl")):
        products = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        assert len({product["key"] for product in products}) == len(products)
        for product in products:
            assert {fact["theme"] for fact in product["facts"]} <= known, (path.name, product["key"])
            assert all(
                len(list(filter(None, fact[language]))) == 2 for fact in product["facts"] for language in ("en", "zh")
            )

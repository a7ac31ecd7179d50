"""How different texts are: distinct-2 and self-BLEU."""

from __future__ import annotations

import math

import pytest
from sacrebleu.metrics.bleu import BLEU

from generation.engine.config import Language
from generation.engine.evaluation.variety import distinct_2, self_bleu

EN, ZH = Language.EN, Language.ZH_HANS
ENGLISH = [
    "A light jacket for wet days.", "A light jacket for cold days, and wet ones too.", "Rain, rain, rain: let it rain.",
    "Let it rain.", "Dry",
]  # fmt: skip
CHINESE = ["下雨天也能出门", "下雨天也出门，2.5公斤", "轻便好穿", "轻便", "下雨天也能出门"]


def test_distinct_2_is_the_share_of_different_pairs_among_all() -> None:
    # a b, b a, a b | b a, a c: 3 different ones of 5
    scores = distinct_2(["a b a b", "b a c"])
    assert scores.value == pytest.approx(3 / 5)
    # ab stands twice and ba twice: 1/2 + 1/2 + 1/2 of three, 1/2 + 1 of two
    assert scores.per_text.tolist() == pytest.approx([1.5 / 3, 1.5 / 2])


def test_distinct_2_counts_characters_in_chinese() -> None:
    assert distinct_2(["轻轻轻"]).value == pytest.approx(1 / 2)
    assert distinct_2(["轻便好穿", "轻便好看"]).value == pytest.approx(4 / 6)


def test_a_text_of_one_word_has_no_pairs() -> None:
    scores = distinct_2(["dry", "warm and dry"])
    assert scores.value == 1
    assert math.isnan(scores.per_text[0])
    assert math.isnan(distinct_2(["dry", ""]).value)


@pytest.mark.parametrize(("texts", "language", "tokenizer"), [(ENGLISH, EN, "13a"), (CHINESE, ZH, "zh")])
def test_self_bleu_is_what_sacrebleu_says_of_each_text_against_all_others(
    texts: list[str], language: Language, tokenizer: str
) -> None:
    metric = BLEU(tokenize=tokenizer, effective_order=True)
    expected = [
        metric.sentence_score(text, texts[:place] + texts[place + 1 :]).score for place, text in enumerate(texts)
    ]
    scores = self_bleu(texts, [language] * len(texts))
    assert scores.per_text.tolist() == expected
    assert scores.value == pytest.approx(sum(expected) / len(expected))


def test_equal_texts_have_the_highest_self_bleu_and_strangers_none() -> None:
    assert self_bleu(["warm and dry today"] * 3, [EN] * 3).value == pytest.approx(100)
    assert self_bleu(["warm and dry", "light as air"], [EN] * 2).value == 0


def test_only_texts_of_the_same_language_are_compared_and_empty_ones_are_not() -> None:
    scores = self_bleu(["warm and dry", "warm and dry", "下雨天", ""], [EN, EN, ZH, EN])
    assert scores.per_text[:2].tolist() == pytest.approx([100, 100])
    assert all(map(math.isnan, scores.per_text[2:]))


def test_nothing_is_refused() -> None:
    with pytest.raises(ValueError):
        distinct_2([])
    with pytest.raises(ValueError):
        self_bleu([], [])
    with pytest.raises(ValueError):
        self_bleu(["a"], [EN, EN])

"""BLEU and ROUGE, in cases small enough to reckon by hand, in English and in Chinese."""

from __future__ import annotations

import pytest
from sacrebleu.metrics.bleu import BLEU

from generation.engine.config import Language
from generation.engine.evaluation.overlap import bleu, rouge, units

EN, ZH = Language.EN, Language.ZH_HANS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Warm, dry: it's 2.5 kg!", ["warm", "dry", "it's", "2.5", "kg"]),
        ("轻便好穿，仅重2.5公斤。", ["轻", "便", "好", "穿", "仅", "重", "2.5", "公", "斤"]),
        ("USB-C 充电", ["usb", "c", "充", "电"]),
        ("Café 1,299", ["café", "1,299"]),
        ("…！", []),
        ("", []),
    ],
)
def test_chinese_is_split_by_character_and_english_by_word(text: str, expected: list[str]) -> None:
    assert units(text) == expected


def test_bleu_in_english() -> None:
    # matches 5/6, 3/5, 2/4, 1/3 and no brevity penalty: (1/12) ** (1/4)
    scores = bleu(["the cat sat on the mat"], ["the cat sat on a mat"], [EN])
    assert scores.rows.tolist() == [[6, 6, 5, 3, 2, 1, 6, 5, 4, 3]]
    assert scores.value == pytest.approx(100 * (1 / 12) ** 0.25)
    assert scores.per_text.tolist() == pytest.approx([scores.value])


def test_bleu_in_chinese_counts_characters() -> None:
    # matches 3/4, 2/3, 1/2 and none of one, which smoothing makes 1/2: (1/8) ** (1/4)
    scores = bleu(["轻便好穿"], ["轻便好看"], [ZH])
    assert scores.rows.tolist() == [[4, 4, 3, 2, 1, 0, 4, 3, 2, 1]]
    assert scores.value == pytest.approx(100 * (1 / 8) ** 0.25)


def test_a_short_text_pays_the_brevity_penalty() -> None:
    short = bleu(["the cat sat on"], ["the cat sat on the mat all day"], [EN])
    assert short.value == pytest.approx(100 * 2.718281828459045 ** (1 - 8 / 4))


def test_bleu_of_all_is_the_corpus_bleu_of_sacrebleu_bit_for_bit() -> None:
    texts = ["A jacket for wet days.", "Light & warm", "Rain? Let it.", ""]
    references = ["A light jacket for wet and windy days.", "Light and warm", "Let it rain.", "Dry at last."]
    assert bleu(texts, references, [EN] * 4).value == BLEU(tokenize="13a").corpus_score(texts, [references]).score
    texts, references = ["下雨天也能出门", "轻便好穿，2.5公斤"], ["下雨天照样出门", "轻便又好穿，只有 2.5 公斤"]
    assert bleu(texts, references, [ZH] * 2).value == BLEU(tokenize="zh").corpus_score(texts, [references]).score


def test_both_languages_add_up_to_one_bleu_each_split_in_its_own_way() -> None:
    both = bleu(["the cat sat on the mat", "轻便好穿"], ["the cat sat on a mat", "轻便好看"], [EN, ZH])
    # 8/10, 5/8, 3/6, 1/4
    assert both.value == pytest.approx(100 * (8 / 10 * 5 / 8 * 3 / 6 * 1 / 4) ** 0.25)


def test_an_equal_text_scores_all_and_an_empty_one_nothing() -> None:
    scores = bleu(["Dry.", "", "雨"], ["Dry.", "Dry.", "雨"], [EN, EN, ZH])
    assert scores.per_text.tolist() == pytest.approx([100, 0, 100])


def test_rouge_in_english() -> None:
    scores = rouge(["The cat sat."], ["the cat ran off"])
    assert scores["rouge1"].value == pytest.approx(100 * 4 / 7)  # 2 of 3 and 2 of 4
    assert scores["rouge2"].value == pytest.approx(100 * 2 / 5)  # 1 of 2 and 1 of 3
    assert scores["rougeL"].value == pytest.approx(100 * 4 / 7)


def test_rouge_in_chinese_counts_characters_and_keeps_their_order() -> None:
    scores = rouge(["轻便好穿"], ["轻便耐穿"])
    assert [scores[name].value for name in ("rouge1", "rouge2", "rougeL")] == pytest.approx([75, 100 / 3, 75])
    turned = rouge(["穿好便轻"], ["轻便好穿"])
    assert [turned[name].value for name in ("rouge1", "rouge2", "rougeL")] == pytest.approx([100, 0, 25])


def test_rouge_of_all_is_the_mean() -> None:
    scores = rouge(["轻便好穿", "", "dry"], ["轻便好穿", "dry", "wet"])
    assert scores["rouge1"].per_text.tolist() == pytest.approx([100, 0, 0])
    assert scores["rouge1"].value == pytest.approx(100 / 3)


def test_nothing_and_lists_that_do_not_match_are_refused() -> None:
    with pytest.raises(ValueError, match="no texts"):
        bleu([], [], [])
    with pytest.raises(ValueError, match="no texts"):
        rouge([], [])
    with pytest.raises(ValueError, match="2 texts"):
        bleu(["a", "b"], ["a"], [EN, EN])
    with pytest.raises(ValueError, match="1 texts"):
        rouge(["a"], ["a", "b"])

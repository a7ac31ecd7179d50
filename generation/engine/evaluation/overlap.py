"""How much of a reference's wording a text has: BLEU-4 and ROUGE, each text split as its language is.

BLEU is sacrebleu's (Post 2018, arXiv 1804.08771), with its tokenizer `13a` for English and `zh` (by character) for
Chinese; ROUGE is Google's `rouge-score` (Lin 2004) over `units`. Both in points from 0 to 100.
"""

import re
from collections.abc import Sequence
from functools import cache

import numpy as np
from rouge_score.rouge_scorer import RougeScorer  # type: ignore[import-untyped]
from rouge_score.tokenizers import Tokenizer  # type: ignore[import-untyped]
from sacrebleu.metrics.bleu import BLEU

from generation.engine.config import Language
from generation.engine.evaluation.statistic import Scores, Statistic

BLEU_TOKENIZERS = {Language.EN: "13a", Language.ZH_HANS: "zh"}
_ROUGES = ("rouge1", "rouge2", "rougeL")
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_UNIT = re.compile(rf"[{_HAN}]|\d+(?:[.,]\d+)*|[^\W\d_{_HAN}]+(?:['’][^\W\d_{_HAN}]+)*")


def units(text: str) -> list[str]:
    """Chinese characters, words and numbers, in order, without case; signs are none. So Chinese is split by character
    and English by word, also where one stands in the other."""
    return _UNIT.findall(text.casefold())


@cache
def bleu_metric(language: Language) -> BLEU:
    """sacrebleu's metric for one text at a time: an order that a short text cannot have does not count against it."""
    return BLEU(tokenize=BLEU_TOKENIZERS[language], effective_order=True)


def bleu(texts: Sequence[str], references: Sequence[str], languages: Sequence[Language]) -> Scores:
    """BLEU-4 of each text against its one reference. Rows [n, 10]: lengths of text and reference, n-grams of order 1 to
    4 that match, n-grams of order 1 to 4 in all. An empty text scores 0.

    The value of all is corpus BLEU, over both languages where there are both: counts add up. Raises `ValueError` for no
    texts and for lists of different lengths.
    """
    _same_length(texts, references, languages)
    rows = []
    for text, reference, language in zip(texts, references, languages, strict=True):
        score = bleu_metric(language).sentence_score(text, [reference])
        rows.append([score.sys_len, score.ref_len, *score.counts, *score.totals])
    return Scores(Statistic.BLEU, np.array(rows, dtype=np.float64))


class _Units(Tokenizer):  # type: ignore[misc]
    def tokenize(self, text: str) -> list[str]:
        return units(text)


def rouge(texts: Sequence[str], references: Sequence[str]) -> dict[str, Scores]:
    """ROUGE-1, ROUGE-2 and ROUGE-L (keys `rouge1`, `rouge2`, `rougeL`) as F1 of each text; the value of all is the mean.

    Raises `ValueError` for no texts and for lists of different lengths.
    """
    _same_length(texts, references)
    scorer = RougeScorer(list(_ROUGES), tokenizer=_Units())
    scored = [scorer.score(reference, text) for text, reference in zip(texts, references, strict=True)]
    return {name: Scores.of([100 * score[name].fmeasure for score in scored]) for name in _ROUGES}


def _same_length(first: Sequence[str], *others: Sequence[str]) -> None:
    if not first:
        raise ValueError("there are no texts to measure")
    if any(len(other) != len(first) for other in others):
        raise ValueError(
            f"{len(first)} texts, but {', '.join(str(len(other)) for other in others)} of what goes with them"
        )

"""How different texts are from each other: distinct-2 and self-BLEU. Both depend on how many texts there are, so compare
only values over equally many."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from sacrebleu.metrics.bleu import BLEU

from generation.engine.config import Language
from generation.engine.evaluation.overlap import bleu_metric, units
from generation.engine.evaluation.statistic import Scores

_ORDERS = 4
Gram = tuple[str, ...]


def distinct_2(texts: Sequence[str]) -> Scores:
    """The share of pairs of neighbouring words, or Chinese characters, that are different ones, in (0, 1]; higher is more
    varied (Li et al. 2016, arXiv 1510.03055). Rows [n, 2]: the pairs' shares, the number of pairs.

    A pair that stands k times among all texts counts 1/k at each place, which adds up to the number of different pairs:
    so a text's own value says how much of it is its own. Raises `ValueError` for no texts; a text of fewer than two words
    has no value.
    """
    pairs = [list(pairwise(words)) for words in map(units, texts)]
    counts = Counter(pair for text in pairs for pair in text)
    return Scores.ratio([(sum(1 / counts[pair] for pair in text), float(len(text))) for text in pairs])


def self_bleu(texts: Sequence[str], languages: Sequence[Language]) -> Scores:
    """BLEU-4 of each text against all others of its language as references, in points; lower is more varied (Zhu et al.
    2018, arXiv 1802.01886). The value of all is the mean. As sacrebleu's `sentence_score` with many references, but in
    time that grows with the number of texts, not with its square.

    An empty text and one without others have no value. Raises `ValueError` for no texts and for lists of different
    lengths.
    """
    if not texts or len(texts) != len(languages):
        raise ValueError(f"{len(texts)} texts in {len(languages)} languages")
    rows = [(0.0, 0.0)] * len(texts)
    for language in Language:
        places = [place for place, text in enumerate(texts) if languages[place] is language and text.strip()]
        if len(places) < 2:
            continue
        crowd = _Crowd([_grams(texts[place], language) for place in places])
        for number, place in enumerate(places):
            rows[place] = (crowd.bleu(number), 1.0)
    return Scores.ratio(rows)


def _grams(text: str, language: Language) -> Counter[Gram]:
    """Every run of one to four tokens and how often it stands there, as sacrebleu counts."""
    tokens = bleu_metric(language).tokenizer(text.rstrip()).split()
    return Counter(
        tuple(tokens[place : place + order])
        for order in range(1, _ORDERS + 1)
        for place in range(len(tokens) - order + 1)
    )


@dataclass(slots=True)
class _Crowd:
    """Texts as counts of grams. For every gram it knows which text has it most often, and how often the next one does."""

    texts: list[Counter[Gram]]
    _most: dict[Gram, tuple[int, int, int]] = field(init=False)  # the highest count, whose it is, the next count
    _lengths: Counter[int] = field(init=False)

    def __post_init__(self) -> None:
        self._most = {}
        self._lengths = Counter(_length(text) for text in self.texts)
        for number, text in enumerate(self.texts):
            for gram, count in text.items():
                first, owner, second = self._most.get(gram, (0, -1, 0))
                self._most[gram] = (count, number, first) if count > first else (first, owner, max(second, count))

    def bleu(self, number: int) -> float:
        """BLEU of text `number` against all others."""
        matches, totals = [0] * _ORDERS, [0] * _ORDERS
        for gram, count in self.texts[number].items():
            first, owner, second = self._most[gram]
            totals[len(gram) - 1] += count
            matches[len(gram) - 1] += min(count, second if owner == number else first)
        length = _length(self.texts[number])
        others = (other for other, count in self._lengths.items() if count > (other == length))
        nearest = min(others, key=lambda other: (abs(other - length), other))
        score = BLEU.compute_bleu(matches, totals, length, nearest, smooth_method="exp", effective_order=True)
        return float(score.score)


def _length(text: Counter[Gram]) -> int:
    return sum(count for gram, count in text.items() if len(gram) == 1)

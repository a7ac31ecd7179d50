"""Numbers over many texts, in a form that can be resampled: what each text brings, and how it makes one value.

A corpus value is seldom the mean of the texts' values (BLEU adds up n-grams first, a loss adds up tokens). So every text,
or item with several texts, brings a row of counts, and a statistic makes one value of weighted rows. The bootstrap (Efron
1979) draws as many rows as there are, with replacement, 1,000 times; the interval holds the middle 95 % of those values.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sacrebleu.metrics.bleu import BLEU

Floats = NDArray[np.float64]
RESAMPLES = 1000
LEAST_SEGMENT = 10  # texts; a rate over fewer says nothing about a segment
_SHUFFLES = 400
_ALPHA = 0.05
_ORDERS = 4


class Statistic(StrEnum):
    """How rows make a value.

    RATIO          rows (part, whole): sum of parts by sum of wholes
    EXP_RATIO      e to the power of that: perplexity from nats and tokens
    BLEU           rows as of `overlap.bleu`
    SPREAD         rows (part, whole, segment number, -1 for none): largest difference of the segments' ratios
    EXCESS_SPREAD  the same rows: how far the largest difference exceeds what shuffled segments show 19 times in 20
    """

    RATIO = "ratio"
    EXP_RATIO = "exp_ratio"
    BLEU = "bleu"
    SPREAD = "spread"
    EXCESS_SPREAD = "excess_spread"


WIDTHS = {
    Statistic.RATIO: 2, Statistic.EXP_RATIO: 2, Statistic.BLEU: 2 + 2 * _ORDERS, Statistic.SPREAD: 3,
    Statistic.EXCESS_SPREAD: 3,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scores:
    """Rows [n, k] of n texts and the statistic that makes values of them. Raises `ValueError` for no rows and for rows of
    another width."""

    statistic: Statistic
    rows: Floats

    def __post_init__(self) -> None:
        if self.rows.ndim != 2 or not len(self.rows) or self.rows.shape[1] != WIDTHS[self.statistic]:
            raise ValueError(f"{self.statistic} needs rows of {WIDTHS[self.statistic]}, at least one of them")

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """Scores whose value is the mean of the texts' values."""
        return cls.ratio([(value, 1.0) for value in values])

    @classmethod
    def ratio(cls, rows: Sequence[tuple[float, float]]) -> Self:
        """Scores whose value is the sum of the first numbers by the sum of the second."""
        return cls(Statistic.RATIO, np.array(rows, dtype=np.float64).reshape(-1, 2))

    @property
    def value(self) -> float:
        """The value of all texts together; NaN where there is none."""
        return float(combined(self.statistic, self.rows, np.ones((1, len(self.rows))))[0])

    @property
    def per_text(self) -> Floats:
        """[n] the value of each text by itself; NaN where it has none."""
        return single(self.statistic, self.rows)


def combined(statistic: Statistic, rows: Floats, weights: Floats) -> Floats:
    """[R] one value for each set of weights [R, n] over the rows [n, k]; NaN where the weighted rows have none."""
    if statistic is Statistic.BLEU:
        return np.array([_bleu(sums, effective_order=False) for sums in weights @ rows])
    if statistic is Statistic.SPREAD:
        return _spread(rows, weights)
    if statistic is Statistic.EXCESS_SPREAD:
        return np.maximum(0.0, _spread(rows, weights) - _chance_spread(rows))
    ratios = _ratio(weights @ rows)
    return _exp(ratios) if statistic is Statistic.EXP_RATIO else ratios


def single(statistic: Statistic, rows: Floats) -> Floats:
    """[n] the value of each row by itself; NaN where it has none. A spread has none: a row gives its own ratio."""
    if statistic is Statistic.BLEU:
        return np.array([_bleu(row, effective_order=True) for row in rows])
    ratios = _ratio(rows)
    return _exp(ratios) if statistic is Statistic.EXP_RATIO else ratios


def _ratio(rows: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios: Floats = np.where(rows[:, 1] > 0, rows[:, 0] / rows[:, 1], np.nan)
    return ratios


def _exp(values: Floats) -> Floats:
    with np.errstate(over="ignore"):
        result: Floats = np.exp(values)
    return result


def _bleu(sums: Floats, *, effective_order: bool) -> float:
    """sacrebleu's formula with its default smoothing, so that values equal those of its `corpus_score`."""
    length, reference, *counts = (round(count) for count in sums.tolist())
    score = BLEU.compute_bleu(
        counts[:_ORDERS],
        counts[_ORDERS:],
        length,
        reference,
        smooth_method="exp",
        effective_order=effective_order,
        max_ngram_order=_ORDERS,
    )
    return float(score.score)


def _spread(rows: Floats, weights: Floats) -> Floats:
    numbers = np.unique(rows[rows[:, 2] >= 0, 2])
    if len(numbers) < 2:
        return np.full(len(weights), np.nan)
    sums = [weights[:, rows[:, 2] == number] @ rows[rows[:, 2] == number, :2] for number in numbers]
    rates = np.stack([_ratio(one) for one in sums])
    spread: Floats = np.fmax.reduce(rates) - np.fmin.reduce(rates)  # a resample may miss a segment: NaN does not count
    return spread


def _chance_spread(rows: Floats) -> float:
    """The 95 % quantile of the spread when segments are dealt to the rows at random (a permutation test)."""
    placed = rows[rows[:, 2] >= 0]
    draw = np.random.default_rng(0)
    even = np.ones((1, len(placed)))
    spreads = [
        _spread(np.column_stack([placed[:, :2], draw.permutation(placed[:, 2])]), even)[0] for _ in range(_SHUFFLES)
    ]
    return float(np.quantile(spreads, 1 - _ALPHA))


@lru_cache(maxsize=8)
def resamples(count: int, seed: int) -> Floats:
    """[RESAMPLES, count] how often each of `count` rows is drawn. The same for the same count and seed; read-only."""
    if count < 1:
        raise ValueError("there is nothing to draw from")
    drawn = np.random.default_rng(seed).integers(0, count, (RESAMPLES, count))
    places = drawn + count * np.arange(RESAMPLES)[:, None]
    weights = np.bincount(places.ravel(), minlength=RESAMPLES * count).reshape(RESAMPLES, count).astype(np.float64)
    weights.flags.writeable = False
    return weights


def middle(values: Floats) -> tuple[float, float] | None:
    """The bounds of the middle 95 % of resampled values. None where fewer than half of them are numbers."""
    finite = values[np.isfinite(values)]
    if 2 * len(finite) < len(values):
        return None
    low, high = np.quantile(finite, [_ALPHA / 2, 1 - _ALPHA / 2]).tolist()
    return low, high


def exact_bounds(count: int, *, all_of_them: bool) -> tuple[float, float]:
    """The 95 % interval of a rate that none, or all, of `count` items show: resampling equal values gives no width, the
    binomial distribution does (Clopper and Pearson 1934)."""
    bound = (_ALPHA / 2) ** (1 / count)
    return (bound, 1.0) if all_of_them else (0.0, 1.0 - bound)

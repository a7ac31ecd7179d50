"""The figures of an evaluation: what each is called, which way is better, its value and its interval."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

import numpy as np

from generation.engine.evaluation.statistic import (
    WIDTHS,
    Floats,
    Statistic,
    combined,
    exact_bounds,
    middle,
    resamples,
    single,
)
from generation.engine.seeds import derive_seed


class Direction(StrEnum):
    HIGHER = "higher"
    LOWER = "lower"


class MetricUnit(StrEnum):
    """What a value counts: nats (natural-log probability), a plain number, points from 0 to 100, a share from 0 to 1."""

    NATS = "nats"
    NUMBER = "number"
    POINTS = "points"
    SHARE = "share"


class MetricName(StrEnum):
    """See `evaluate.evaluate` for what each one says."""

    LOSS = "loss"
    PERPLEXITY = "perplexity"
    LOSS_PER_CHARACTER = "loss_per_character"
    BLEU_4 = "bleu_4"
    ROUGE_1 = "rouge_1"
    ROUGE_2 = "rouge_2"
    ROUGE_L = "rouge_l"
    ATTRIBUTE_COVERAGE = "attribute_coverage"
    UNSUPPORTED_RATE = "unsupported_rate"
    LIMIT_COMPLIANCE = "limit_compliance"
    LANGUAGE_COMPLIANCE = "language_compliance"
    MUST_COMPLIANCE = "must_compliance"
    NEVER_COMPLIANCE = "never_compliance"
    EMPTY_RATE = "empty_rate"
    DISTINCT_2 = "distinct_2"
    SELF_BLEU = "self_bleu"
    PREFERENCE_ACCURACY = "preference_accuracy"
    HARM_RATE = "harm_rate"
    FLAG_PARITY = "flag_parity"
    FLAG_PARITY_EXCESS = "flag_parity_excess"
    FORGETTING_LOSS = "forgetting_loss"
    FORGETTING_PER_CHARACTER = "forgetting_per_character"


class Absence(StrEnum):
    """Why a metric has no value."""

    NOTHING_GIVEN = "nothing_given"  # no preference pairs, or no forgetting set
    NOTHING_APPLIES = "nothing_applies"  # no text or brief that it speaks of
    NOT_FINITE = "not_finite"  # the model's own number is NaN or infinite
    FEW_SEGMENTS = "few_segments"  # fewer than two segments with enough texts


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """`is_rate`: each row counts how many of an item's texts show something, so the value is a binomial share."""

    direction: Direction
    unit: MetricUnit
    statistic: Statistic = Statistic.RATIO
    is_rate: bool = False


_UP, _DOWN = Direction.HIGHER, Direction.LOWER
SPECS: Mapping[MetricName, MetricSpec] = {
    MetricName.LOSS: MetricSpec(_DOWN, MetricUnit.NATS),
    MetricName.PERPLEXITY: MetricSpec(_DOWN, MetricUnit.NUMBER, Statistic.EXP_RATIO),
    MetricName.LOSS_PER_CHARACTER: MetricSpec(_DOWN, MetricUnit.NATS),
    MetricName.BLEU_4: MetricSpec(_UP, MetricUnit.POINTS, Statistic.BLEU),
    MetricName.ROUGE_1: MetricSpec(_UP, MetricUnit.POINTS),
    MetricName.ROUGE_2: MetricSpec(_UP, MetricUnit.POINTS),
    MetricName.ROUGE_L: MetricSpec(_UP, MetricUnit.POINTS),
    MetricName.ATTRIBUTE_COVERAGE: MetricSpec(_UP, MetricUnit.SHARE),
    MetricName.UNSUPPORTED_RATE: MetricSpec(_DOWN, MetricUnit.SHARE, is_rate=True),
    MetricName.LIMIT_COMPLIANCE: MetricSpec(_UP, MetricUnit.SHARE, is_rate=True),
    MetricName.LANGUAGE_COMPLIANCE: MetricSpec(_UP, MetricUnit.SHARE, is_rate=True),
    MetricName.MUST_COMPLIANCE: MetricSpec(_UP, MetricUnit.SHARE, is_rate=True),
    MetricName.NEVER_COMPLIANCE: MetricSpec(_UP, MetricUnit.SHARE, is_rate=True),
    MetricName.EMPTY_RATE: MetricSpec(_DOWN, MetricUnit.SHARE, is_rate=True),
    MetricName.DISTINCT_2: MetricSpec(_UP, MetricUnit.SHARE),
    MetricName.SELF_BLEU: MetricSpec(_DOWN, MetricUnit.POINTS),
    MetricName.PREFERENCE_ACCURACY: MetricSpec(_UP, MetricUnit.SHARE, is_rate=True),
    MetricName.HARM_RATE: MetricSpec(_DOWN, MetricUnit.SHARE, is_rate=True),
    MetricName.FLAG_PARITY: MetricSpec(_DOWN, MetricUnit.SHARE, Statistic.SPREAD),
    MetricName.FLAG_PARITY_EXCESS: MetricSpec(_DOWN, MetricUnit.SHARE, Statistic.EXCESS_SPREAD),
    MetricName.FORGETTING_LOSS: MetricSpec(_DOWN, MetricUnit.NATS),
    MetricName.FORGETTING_PER_CHARACTER: MetricSpec(_DOWN, MetricUnit.NATS),
}


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure with its 95 % interval.

    value    None where there is none, and then `absence` says why; never NaN or infinite
    low      bounds of the interval, None where fewer than two items speak; the same for `high`
    n        items, pairs or, of a forgetting set, examples that have a say in it
    rows     what each item brings (see `statistic`), in the items' order: what paired differences are made of
    """

    name: MetricName
    value: float | None
    low: float | None
    high: float | None
    n: int
    rows: tuple[tuple[float, ...], ...]
    absence: Absence | None = None

    def __post_init__(self) -> None:
        numbers = [number for number in (self.value, self.low, self.high) if number is not None]
        if not all(map(math.isfinite, numbers)) or any(not all(map(math.isfinite, row)) for row in self.rows):
            raise ValueError(f"{self.name}: a metric holds finite numbers or none")
        if (self.value is None) != (self.absence is not None) or (self.low is None) != (self.high is None):
            raise ValueError(f"{self.name}: a metric has a value or a reason, and two bounds or none")
        if self.value is None and (self.low is not None or self.rows):
            raise ValueError(f"{self.name}: what has no value has no bounds and no rows")
        if any(len(row) != WIDTHS[self.spec.statistic] for row in self.rows) or not 0 <= self.n <= len(self.rows):
            raise ValueError(f"{self.name}: rows of the wrong width, or more items than rows")

    @property
    def spec(self) -> MetricSpec:
        return SPECS[self.name]

    @property
    def table(self) -> Floats:
        """The rows as [n, k]."""
        return np.array(self.rows, dtype=np.float64).reshape(len(self.rows), WIDTHS[self.spec.statistic])

    @property
    def per_item(self) -> tuple[float | None, ...]:
        """The value of each item by itself, None where it has none."""
        if not self.rows:
            return ()
        values = single(self.spec.statistic, self.table).tolist()
        return tuple(value if math.isfinite(value) else None for value in values)

    def to_dict(self) -> dict[str, Any]:
        return {
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "n": self.n,
            "absence": self.absence.value if self.absence else None,
            "direction": self.spec.direction.value,
            "unit": self.spec.unit.value,
            "rows": [list(row) for row in self.rows],
        }

    @classmethod
    def from_dict(cls, name: str, data: Mapping[str, Any]) -> Self:
        """Raises `ValueError` for an unknown name and for what is no metric."""
        try:
            return cls(
                name=MetricName(name),
                value=data["value"],
                low=data["low"],
                high=data["high"],
                n=data["n"],
                rows=tuple(tuple(float(number) for number in row) for row in data["rows"]),
                absence=None if data["absence"] is None else Absence(data["absence"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a metric: {error}") from error


def absent(name: MetricName, why: Absence) -> Metric:
    return Metric(name=name, value=None, low=None, high=None, n=0, rows=(), absence=why)


def estimate(name: MetricName, rows: Floats, seed: int) -> Metric:
    """The metric over rows [n, k], its interval by bootstrap over the rows with draws that depend on `seed` alone.

    A rate that no item, or every item, shows gets the exact binomial interval instead. Without a value, for rows that
    are not finite or say nothing, the metric is absent with the reason.
    """
    spec = SPECS[name]
    if not len(rows):
        return absent(name, Absence.NOTHING_GIVEN)
    if not np.isfinite(rows).all():
        return absent(name, Absence.NOT_FINITE)
    value = float(combined(spec.statistic, rows, np.ones((1, len(rows))))[0])
    if not math.isfinite(value):
        return absent(name, _why_not(spec, rows))
    speaking = _speaking(spec.statistic, rows)
    bounds = None
    if speaking > 1 and spec.is_rate and value in (0.0, 1.0):
        bounds = exact_bounds(speaking, all_of_them=value == 1.0)
    elif speaking > 1:
        bounds = middle(combined(spec.statistic, rows, resamples(len(rows), draw_seed(seed))))
    low, high = bounds or (None, None)
    return Metric(name, value, low, high, speaking, tuple(tuple(row) for row in rows.tolist()))


def draw_seed(seed: int) -> int:
    """What the bootstrap's draws come from, apart from what texts are drawn from."""
    return derive_seed(seed, "bootstrap")


def _speaking(statistic: Statistic, rows: Floats) -> int:
    if statistic is Statistic.BLEU:
        return len(rows)
    has_whole = rows[:, 1] > 0
    return int(np.count_nonzero(has_whole & (rows[:, 2] >= 0) if rows.shape[1] > 2 else has_whole))


def _why_not(spec: MetricSpec, rows: Floats) -> Absence:
    if spec.statistic in {Statistic.SPREAD, Statistic.EXCESS_SPREAD}:
        return Absence.FEW_SEGMENTS
    return Absence.NOTHING_APPLIES if spec.statistic is Statistic.RATIO else Absence.NOT_FINITE

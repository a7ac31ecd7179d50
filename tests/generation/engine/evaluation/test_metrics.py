"""A metric: value, interval, reason where there is none, and its form as JSON."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from generation.engine.evaluation.metrics import SPECS, Absence, Metric, MetricName, absent, estimate
from generation.engine.evaluation.statistic import WIDTHS


def rows(*values: tuple[float, ...]) -> np.ndarray:
    return np.array(values, dtype=np.float64)


def test_every_name_has_a_direction_and_a_unit() -> None:
    assert set(SPECS) == set(MetricName)


def test_a_loss_is_a_mean_over_tokens_with_an_interval_around_it() -> None:
    metric = estimate(MetricName.LOSS, rows((10, 4), (6, 4), (20, 8), (2, 4)), seed=1)
    assert metric.value == 38 / 20
    assert metric.n == 4
    assert metric.low is not None
    assert metric.high is not None
    assert 0.5 < metric.low < 1.9 < metric.high <= 2.5
    assert metric.per_item == (2.5, 1.5, 2.5, 0.5)
    assert estimate(MetricName.PERPLEXITY, rows((10, 4), (6, 4)), seed=1).value == pytest.approx(math.e**2)


def test_the_interval_depends_on_the_seed_alone() -> None:
    data = rows(*((float(k % 7), 1.0) for k in range(30)))
    assert estimate(MetricName.ROUGE_1, data, 5) == estimate(MetricName.ROUGE_1, data.copy(), 5)
    assert estimate(MetricName.ROUGE_1, data, 5).low != estimate(MetricName.ROUGE_1, data, 6).low


def test_a_rate_that_nothing_shows_still_has_an_interval() -> None:
    none = estimate(MetricName.HARM_RATE, rows(*[(0, 1)] * 20, (0, 0)), seed=1)
    assert (none.value, none.low, none.n) == (0, 0, 20)
    assert none.high == pytest.approx(1 - 0.025 ** (1 / 20))
    every = estimate(MetricName.LIMIT_COMPLIANCE, rows(*[(2, 2)] * 20), seed=1)
    assert every.low == pytest.approx(0.025 ** (1 / 20))
    assert every.high == 1


def test_one_item_has_no_interval_and_only_those_count_that_have_a_say() -> None:
    metric = estimate(MetricName.MUST_COMPLIANCE, rows((1, 1), (0, 0), (0, 0)), seed=1)
    assert (metric.value, metric.low, metric.high, metric.n) == (1, None, None, 1)
    assert metric.per_item == (1, None, None)


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        (MetricName.LOSS, np.zeros((0, 2)), Absence.NOTHING_GIVEN),
        (MetricName.LOSS, np.array([]), Absence.NOTHING_GIVEN),
        (MetricName.LOSS, rows((math.nan, 4), (1, 4)), Absence.NOT_FINITE),
        (MetricName.LOSS, rows((math.inf, 4)), Absence.NOT_FINITE),
        (MetricName.PERPLEXITY, rows((10_000, 1)), Absence.NOT_FINITE),
        (MetricName.MUST_COMPLIANCE, rows((0, 0)), Absence.NOTHING_APPLIES),
        (MetricName.FLAG_PARITY, rows((0, 1, 0), (0, 1, -1)), Absence.FEW_SEGMENTS),
        (MetricName.FLAG_PARITY_EXCESS, rows((0, 1, 0)), Absence.FEW_SEGMENTS),
    ],
)
def test_without_a_number_there_is_a_reason(name: MetricName, data: np.ndarray, why: Absence) -> None:
    metric = estimate(name, data, seed=1)
    assert metric == absent(name, why)
    assert metric.value is None
    assert metric.per_item == ()


@pytest.mark.parametrize("name", list(MetricName))
def test_it_comes_back_from_json_as_it_was(name: MetricName) -> None:
    width = WIDTHS[SPECS[name].statistic]
    data = np.array([[1.25, 2, 3, 4, 5, 6, 7, 8, 9, 9][:width], [1 / 3, 1, 1, 1, 1, 1, 1, 1, 1, 1][:width]])
    for metric in (estimate(name, data, seed=3), absent(name, Absence.NOT_FINITE)):
        text = json.dumps(metric.to_dict(), allow_nan=False)
        assert Metric.from_dict(name.value, json.loads(text)) == metric


@pytest.mark.parametrize(
    "change",
    [
        {"value": math.nan}, {"high": math.inf}, {"value": None}, {"low": None}, {"n": 3}, {"n": -1},
        {"rows": ((1.0,),)}, {"rows": ((math.nan, 1.0),)}, {"absence": Absence.NOT_FINITE},
    ],
)  # fmt: skip
def test_nonsense_is_refused(change: dict[str, object]) -> None:
    fine = {"name": MetricName.LOSS, "value": 1.0, "low": 0.5, "high": 1.5, "n": 1, "rows": ((1.0, 1.0),)}
    Metric(**fine)
    with pytest.raises(ValueError):
        Metric(**{**fine, **change})


@pytest.mark.parametrize("data", [{}, {"value": "1"}, None])
def test_what_is_no_metric_is_refused(data: object) -> None:
    with pytest.raises(ValueError):
        Metric.from_dict("loss", data)
    with pytest.raises(ValueError):
        Metric.from_dict("beauty", absent(MetricName.LOSS, Absence.NOT_FINITE).to_dict())

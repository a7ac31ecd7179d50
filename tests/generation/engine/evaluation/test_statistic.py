"""Values of rows, the bootstrap, and spreads between segments against chance."""

from __future__ import annotations

import math

import numpy as np
import pytest

from generation.engine.evaluation.statistic import (
    RESAMPLES,
    Scores,
    Statistic,
    combined,
    exact_bounds,
    middle,
    resamples,
    single,
)


def once(statistic: Statistic, rows: list[list[float]]) -> float:
    return float(combined(statistic, np.array(rows, dtype=np.float64), np.ones((1, len(rows))))[0])


def segments(*rates: tuple[int, int]) -> list[list[float]]:
    """Rows of one text each: for every segment so many flagged of so many."""
    return [[float(text < flagged), 1.0, float(n)] for n, (flagged, count) in enumerate(rates) for text in range(count)]


def test_a_ratio_adds_up_before_it_divides() -> None:
    assert once(Statistic.RATIO, [[1, 2], [5, 6]]) == 6 / 8
    assert once(Statistic.EXP_RATIO, [[2, 1], [1, 2]]) == math.e
    assert math.isnan(once(Statistic.RATIO, [[0, 0]]))


def test_weights_are_how_often_a_row_counts() -> None:
    rows = np.array([[1.0, 2.0], [5.0, 6.0]])
    assert combined(Statistic.RATIO, rows, np.array([[2.0, 0.0], [0.0, 1.0], [1.0, 1.0]])).tolist() == [
        1 / 2,
        5 / 6,
        3 / 4,
    ]


def test_a_row_that_has_no_say_has_no_value_of_its_own() -> None:
    assert np.isnan(single(Statistic.RATIO, np.array([[0.0, 0.0]]))).all()


def test_the_spread_is_the_largest_difference_of_two_segments() -> None:
    assert once(Statistic.SPREAD, segments((1, 10), (3, 10), (2, 10))) == pytest.approx(0.2)
    assert once(Statistic.SPREAD, [*segments((1, 10), (1, 10)), [1, 1, -1]]) == 0
    assert math.isnan(once(Statistic.SPREAD, segments((1, 10))))


def test_a_spread_that_chance_explains_is_no_excess() -> None:
    assert once(Statistic.EXCESS_SPREAD, segments((1, 20), (2, 20), (0, 20))) == 0
    assert once(Statistic.EXCESS_SPREAD, segments((0, 20), (0, 20))) == 0


def test_a_spread_that_chance_does_not_explain_is() -> None:
    excess = once(Statistic.EXCESS_SPREAD, segments((20, 20), (0, 20)))
    assert 0.5 < excess < 0.8
    assert excess == once(Statistic.EXCESS_SPREAD, segments((20, 20), (0, 20)))


def test_resamples_draw_as_many_as_there_are_and_always_the_same() -> None:
    draws = resamples(7, 3)
    assert draws.shape == (RESAMPLES, 7)
    assert (draws.sum(axis=1) == 7).all()
    resamples.cache_clear()
    assert (resamples(7, 3) == draws).all()
    assert not (resamples(7, 4) == draws).all()
    with pytest.raises(ValueError):
        draws[0, 0] = 9
    with pytest.raises(ValueError):
        resamples(0, 1)


def test_the_bootstrap_of_a_mean_is_as_wide_as_the_theory_says() -> None:
    values = np.random.default_rng(1).normal(5, 2, 400)
    scores = Scores.of(values.tolist())
    low, high = middle(combined(scores.statistic, scores.rows, resamples(400, 1))) or (0.0, 0.0)
    expected = 1.96 * values.std(ddof=1) / 20
    assert (high - low) / 2 == pytest.approx(expected, rel=0.1)
    assert (high + low) / 2 == pytest.approx(values.mean(), abs=0.03)


def test_the_middle_leaves_out_what_is_no_number_unless_it_is_most() -> None:
    assert middle(np.array([math.nan, *range(101)], dtype=np.float64)) == (2.5, 97.5)
    assert middle(np.array([math.nan, math.inf, 1.0])) is None


def test_exact_bounds_are_those_of_clopper_and_pearson() -> None:
    # none of 10: the rate that still shows none in 2.5 % of such samples
    low, high = exact_bounds(10, all_of_them=False)
    assert low == 0
    assert (1 - high) ** 10 == pytest.approx(0.025)
    assert exact_bounds(10, all_of_them=True) == (pytest.approx(1 - high), 1)


@pytest.mark.parametrize("rows", [np.zeros((0, 2)), np.zeros((2, 3)), np.zeros(2)])
def test_rows_that_do_not_fit_are_refused(rows: np.ndarray) -> None:
    with pytest.raises(ValueError):
        Scores(Statistic.RATIO, rows)

"""The figures of an evaluation as text: units, signs, bars in which right is better, and the interval of a share."""

from __future__ import annotations

import pytest

from generation.engine.evaluation.gates import DEFAULT_GATES, GateReason
from generation.engine.evaluation.harm import Flag
from generation.engine.evaluation.metrics import Absence, MetricName, MetricUnit
from generation.engine.evaluation.result import Verdict
from generation.engine.training.dataset import Source
from generation.selectors import evaluation_words
from generation.selectors.figures import change, difference_cell, history_chart, metric_cell, quantity, wilson
from generation.selectors.registry_words import SOURCES
from tests.generation.registry_pages.makers import HISTORY


@pytest.mark.parametrize(
    ("table", "codes"),
    [
        (evaluation_words.METRICS, MetricName),
        (evaluation_words.UNITS, MetricUnit),
        (evaluation_words.VERDICTS, Verdict),
        (evaluation_words.GATE_REASONS, GateReason),
        (evaluation_words.ABSENCES, Absence),
        (evaluation_words.FLAGS, Flag),
        (evaluation_words.GATES, [gate.name for gate in DEFAULT_GATES]),
        (SOURCES, Source),
    ],
)
def test_everything_that_can_be_said_has_words(table: dict[str, object], codes: list[str]) -> None:
    assert set(table) == {str(code) for code in codes}


def test_every_metric_stands_in_exactly_one_group() -> None:
    listed = [metric for _title, metrics in evaluation_words.GROUPS for metric in metrics]
    assert sorted(listed) == sorted(MetricName)


def test_a_value_is_written_in_its_unit() -> None:
    assert quantity(MetricUnit.SHARE, 0.8754) == "87.5\N{NARROW NO-BREAK SPACE}%"
    assert quantity(MetricUnit.NATS, 1.23456) == "1.235"
    assert quantity(MetricUnit.POINTS, 31.26) == "31.3"
    assert quantity(MetricUnit.NUMBER, 1234.5) == "1,234.50"


def test_a_difference_has_its_sign_and_of_shares_it_is_in_percentage_points() -> None:
    assert change(MetricUnit.SHARE, 0.031) == "+3.1 pp"
    assert change(MetricUnit.NATS, -0.4) == "\N{MINUS SIGN}0.400"
    assert change(MetricUnit.POINTS, -0.01) == "0.0" == change(MetricUnit.POINTS, 0.01)
    assert change(MetricUnit.NUMBER, 1234.0) == "+1,234.00"


def test_a_metric_without_a_value_says_why() -> None:
    absent = {"value": None, "low": None, "high": None, "absence": "few_segments"}
    assert metric_cell(MetricName.FLAG_PARITY, absent).note == "too few segments"
    assert metric_cell(MetricName.LOSS, None).note == "not measured"


def test_right_is_better_also_where_less_is_better() -> None:
    scales = dict.fromkeys(MetricUnit, 1.0)

    def place(metric: MetricName, difference: float) -> float:
        found = {"difference": difference, "low": difference - 0.1, "high": difference + 0.1, "verdict": "better"}
        cell = difference_cell(metric, found, scales)
        assert cell is not None and cell.bar is not None
        return float(cell.bar.x)

    assert place(MetricName.LIMIT_COMPLIANCE, 0.5) == place(MetricName.UNSUPPORTED_RATE, -0.5) > 120
    assert place(MetricName.LIMIT_COMPLIANCE, -0.5) < 120


def test_a_bar_stays_inside_its_drawing() -> None:
    found = {"difference": 0.5, "low": -1.0, "high": 1.0, "verdict": "same"}
    cell = difference_cell(MetricName.LIMIT_COMPLIANCE, found, {MetricUnit.SHARE: 1.0})
    assert cell is not None and cell.bar is not None
    assert float(cell.bar.left) >= 0 and float(cell.bar.left) + float(cell.bar.width) <= 240


def test_without_an_interval_there_is_no_bar_and_a_later_verdict_is_not_known() -> None:
    found = {"difference": None, "low": None, "high": None, "verdict": "of a later release"}
    cell = difference_cell(MetricName.LOSS, found, dict.fromkeys(MetricUnit, 0.0))
    assert cell is not None and cell.bar is None and (cell.word, cell.text) == ("Cannot be told", "")


def test_the_chart_has_gaps_where_nothing_was_measured() -> None:
    chart = history_chart(HISTORY)
    assert chart is not None and chart["labels"] == ["0", "60", "120"]
    assert [one["data"] for one in chart["series"]] == [[None, 2.3, 1.9], [2.9, 2.125, 2.25]]
    assert history_chart([]) is None


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(5, 10, 0.2366, 0.7634), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (81, 263, 0.2553, 0.3662)],
)
def test_the_interval_is_wilsons(successes: int, trials: int, low: float, high: float) -> None:
    """The last row is an example of Newcombe 1998, Statistics in Medicine 17, 857-872, table I."""
    assert wilson(successes, trials) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (3, 2), (-1, 2)])
def test_what_is_no_share_has_no_interval(successes: int, trials: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        wilson(successes, trials)

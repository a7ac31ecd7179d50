"""Gates: what is passed, what is missed, and that nothing passes which could not be judged."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from generation.engine.evaluation.gates import DEFAULT_GATES, Gate, GateKind, GateReason, all_passed, judge_gates
from generation.engine.evaluation.items import PreferenceItem
from generation.engine.evaluation.metrics import SPECS, Absence, Direction, Metric, MetricName, absent
from generation.engine.evaluation.result import Evaluation
from generation.engine.evaluation.statistic import WIDTHS
from tests.generation.engine.evaluation.evaluation_maker import brief, item, make_evaluation

BASE = make_evaluation(["Warm and dry", "Light"])


def having(
    value: float | None, name: MetricName = MetricName.LOSS, why: Absence = Absence.NOTHING_APPLIES
) -> Evaluation:
    """The evaluation with that value of the metric."""
    width = WIDTHS[SPECS[name].statistic]
    metric = absent(name, why) if value is None else Metric(name, value, None, None, 1, ((1.0,) * width,) * 2)
    return replace(BASE, metrics={**BASE.metrics, name: metric})


def outcome(gate: Gate, new: Evaluation, active: Evaluation | None = None) -> tuple[bool, GateReason]:
    result = judge_gates([gate], new, active)[0]
    return result.passed, result.reason


@pytest.mark.parametrize(("value", "passed"), [(0.9, True), (0.85, True), (0.8499, False), (0.0, False)])
def test_a_floor_is_kept_by_what_is_not_below_it(value: float, passed: bool) -> None:
    gate = Gate("limit", MetricName.LIMIT_COMPLIANCE, 0.85, GateKind.AT_LEAST)
    reason = GateReason.KEPT if passed else GateReason.MISSED
    assert outcome(gate, having(value, MetricName.LIMIT_COMPLIANCE)) == (passed, reason)


@pytest.mark.parametrize(("value", "passed"), [(0.0, True), (0.02, True), (0.021, False)])
def test_a_ceiling_is_kept_by_what_is_not_above_it(value: float, passed: bool) -> None:
    gate = Gate("harm", MetricName.HARM_RATE, 0.02, GateKind.AT_MOST)
    assert outcome(gate, having(value, MetricName.HARM_RATE))[0] is passed


@pytest.mark.parametrize(("value", "passed"), [(1.0, True), (2.04, True), (2.05, False)])
def test_a_loss_may_rise_by_a_share_of_the_active_one(value: float, passed: bool) -> None:
    gate = Gate("loss", MetricName.LOSS, 0.02, GateKind.NOT_WORSE_BY_SHARE)
    result = judge_gates([gate], having(value), having(2.0))[0]
    assert result.passed is passed
    assert (result.value, result.threshold, result.limit) == (value, 0.02, pytest.approx(2.04))


@pytest.mark.parametrize(("value", "passed"), [(0.95, True), (0.88, True), (0.87, False)])
def test_what_should_be_high_may_fall_by_the_tolerance(value: float, passed: bool) -> None:
    name = MetricName.PREFERENCE_ACCURACY
    gate = Gate("preferences", name, 0.02, GateKind.NOT_WORSE_BY)
    assert outcome(gate, having(value, name), having(0.9, name))[0] is passed


def test_a_tolerance_of_nothing_still_lets_an_equal_one_pass() -> None:
    gate = Gate("loss", MetricName.LOSS, 0, GateKind.NOT_WORSE_BY)
    assert outcome(gate, having(2.0), having(2.0)) == (True, GateReason.KEPT)


@pytest.mark.parametrize("kind", list(GateKind))
def test_what_has_no_value_fails_with_the_reason(kind: GateKind) -> None:
    name = MetricName.LIMIT_COMPLIANCE if kind is GateKind.AT_LEAST else MetricName.LOSS
    gate = Gate("gate", name, 0.5, kind)
    for active in (None, having(0.9, name)):
        assert outcome(gate, replace(BASE, metrics={}), active) == (False, GateReason.METRIC_MISSING)
        assert outcome(gate, having(None, name), active) == (False, GateReason.NO_VALUE)
        assert outcome(gate, having(None, name, Absence.NOT_FINITE), active) == (False, GateReason.NOT_A_NUMBER)


@pytest.mark.parametrize("kind", [GateKind.NOT_WORSE_BY, GateKind.NOT_WORSE_BY_SHARE])
def test_an_active_version_without_the_value_fails_too(kind: GateKind) -> None:
    gate, new = Gate("loss", MetricName.LOSS, 0.02, kind), having(1.0)
    assert outcome(gate, new, replace(BASE, metrics={})) == (False, GateReason.ACTIVE_METRIC_MISSING)
    assert outcome(gate, new, having(None)) == (False, GateReason.ACTIVE_NO_VALUE)
    assert outcome(gate, new, having(None, why=Absence.NOT_FINITE)) == (False, GateReason.ACTIVE_NOT_A_NUMBER)
    elsewhere = make_evaluation(["Warm and dry", "Light"], seed=2)
    assert outcome(gate, new, elsewhere) == (False, GateReason.OTHER_ITEMS)


def test_the_first_version_of_all_has_nothing_to_be_worse_than() -> None:
    gate = Gate("loss", MetricName.LOSS, 0.02, GateKind.NOT_WORSE_BY_SHARE)
    assert outcome(gate, having(9.0)) == (True, GateReason.NO_ACTIVE_VERSION)


def test_a_loss_that_came_out_as_nan_fails_its_gate() -> None:
    broken = make_evaluation(["Warm", "Dry"], nats={"Warm and dry at 480 g": (math.nan, 3)})
    fine = make_evaluation(["Warm", "Dry"])
    gate = Gate("loss", MetricName.LOSS_PER_CHARACTER, 0.02, GateKind.NOT_WORSE_BY_SHARE)
    assert outcome(gate, broken, fine) == (False, GateReason.NOT_A_NUMBER)
    assert outcome(gate, fine, broken) == (False, GateReason.ACTIVE_NOT_A_NUMBER)


def good_evaluation(**values: Any) -> Evaluation:
    pairs = [PreferenceItem(brief(), "good", "worse than that")]
    nats = {"good": (1.0, 1), "worse than that": (9.0, 3)}
    texts = ["Warm and dry for you at 480 g"] * 20
    return make_evaluation(
        texts, lambda name: item(name, segment="ab"[int(name[1:]) % 2], must_words=("dry",)), preferences=pairs,
        forgetting=[item("old")], nats=nats, **values,
    )  # fmt: skip


def test_the_default_gates_let_a_good_version_pass() -> None:
    results = judge_gates(DEFAULT_GATES, good_evaluation(), good_evaluation())
    assert [result.explanation for result in results if not result.passed] == []
    assert all_passed(results)
    assert [result.name for result in results] == [gate.name for gate in DEFAULT_GATES]


@pytest.mark.parametrize("gate", DEFAULT_GATES, ids=lambda gate: gate.name)
def test_every_default_gate_can_keep_a_version_out(gate: Gate) -> None:
    good = good_evaluation()
    worst = 0.0 if SPECS[gate.metric].direction is Direction.HIGHER else 99.0
    metric = replace(good.metrics[gate.metric], value=worst, low=None, high=None)
    results = judge_gates(DEFAULT_GATES, replace(good, metrics={**good.metrics, gate.metric: metric}), good)
    failed = {result.name: result.metric for result in results if not result.passed}
    assert gate.name in failed and set(failed.values()) == {gate.metric}
    assert not all_passed(results)


@pytest.mark.parametrize(
    ("name", "was", "kept", "missed"),
    [
        (MetricName.UNSUPPORTED_RATE, 0.09, 0.16, 0.24),
        (MetricName.ATTRIBUTE_COVERAGE, 0.81, 0.72, 0.40),
        (MetricName.MUST_COMPLIANCE, 0.65, 0.46, 0.30),
    ],
)
def test_a_clearly_worse_writer_is_kept_out_though_no_floor_is_missed(
    name: MetricName, was: float, kept: float, missed: float
) -> None:
    good = good_evaluation()

    def with_value(value: float) -> Evaluation:
        metric = replace(good.metrics[name], value=value, low=None, high=None)
        return replace(good, metrics={**good.metrics, name: metric})

    assert all_passed(judge_gates(DEFAULT_GATES, with_value(kept), with_value(was)))
    assert not all_passed(judge_gates(DEFAULT_GATES, with_value(missed), with_value(was)))
    assert all_passed(judge_gates(DEFAULT_GATES, with_value(missed), None)), "the first has nothing to be worse than"


@pytest.mark.parametrize(
    ("metric", "threshold", "kind"),
    [
        (MetricName.LOSS, 2.0, GateKind.AT_LEAST), (MetricName.LIMIT_COMPLIANCE, 0.9, GateKind.AT_MOST),
        (MetricName.HARM_RATE, math.nan, GateKind.AT_MOST), (MetricName.HARM_RATE, math.inf, GateKind.AT_MOST),
        (MetricName.HARM_RATE, -0.1, GateKind.AT_MOST), (MetricName.HARM_RATE, 1.0, GateKind.AT_MOST),
        (MetricName.LIMIT_COMPLIANCE, 0.0, GateKind.AT_LEAST), (MetricName.LIMIT_COMPLIANCE, 1.1, GateKind.AT_LEAST),
        (MetricName.LOSS, -0.1, GateKind.NOT_WORSE_BY), (MetricName.LOSS, 1.0, GateKind.NOT_WORSE_BY_SHARE),
        (MetricName.BLEU_4, 101, GateKind.AT_LEAST), (MetricName.LOSS, True, GateKind.AT_MOST),
        ("beauty", 0.5, GateKind.AT_LEAST), (MetricName.LOSS, 0.5, "sometimes"),
    ],
)  # fmt: skip
def test_a_gate_that_makes_no_sense_is_refused(metric: Any, threshold: float, kind: Any) -> None:
    with pytest.raises(ValueError):
        Gate("gate", metric, threshold, kind)


def test_no_gates_gates_of_one_name_and_gates_without_are_refused() -> None:
    gate = Gate("harm", MetricName.HARM_RATE, 0.02, GateKind.AT_MOST)
    for gates in ([], [gate, gate]):
        with pytest.raises(ValueError):
            judge_gates(gates, BASE, BASE)
    with pytest.raises(ValueError):
        Gate(" ", MetricName.HARM_RATE, 0.02, GateKind.AT_MOST)
    assert not all_passed([])
    assert Gate("strict", MetricName.LIMIT_COMPLIANCE, 1.0, GateKind.AT_LEAST).threshold == 1


def test_the_explanation_names_value_and_limit_or_the_reason() -> None:
    gate = Gate("harm", MetricName.HARM_RATE, 0.02, GateKind.AT_MOST)
    kept, missing = (
        judge_gates([gate], one, None)[0] for one in (having(0.01, MetricName.HARM_RATE), replace(BASE, metrics={}))
    )
    assert kept.explanation == "harm: passed, harm_rate 0.01 with a limit of 0.02"
    assert missing.explanation == "harm: failed, harm_rate: metric missing"

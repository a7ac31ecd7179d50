"""Whether a version may be promoted: named thresholds over its evaluation, some of them against the active version's.

A gate that cannot be judged is not passed: a missing metric, a metric without a value and a number that is no number fail,
with the reason.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from generation.engine.evaluation.metrics import SPECS, Absence, Direction, MetricName, MetricUnit
from generation.engine.evaluation.result import Evaluation, same_questions


class GateKind(StrEnum):
    """What the threshold means.

    AT_LEAST            the value is not below it
    AT_MOST             the value is not above it
    NOT_WORSE_BY        the value is not worse than the active version's by more than it, in the metric's unit
    NOT_WORSE_BY_SHARE  the same, as a share of the active version's value
    """

    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    NOT_WORSE_BY = "not_worse_by"
    NOT_WORSE_BY_SHARE = "not_worse_by_share"


_RELATIVE = frozenset({GateKind.NOT_WORSE_BY, GateKind.NOT_WORSE_BY_SHARE})
_MOST = {MetricUnit.SHARE: 1.0, MetricUnit.POINTS: 100.0}
_ROUNDING = 1e-12  # 0.9 - 0.02 is a little more than 0.88 for a computer, and no gate is to depend on that


class GateReason(StrEnum):
    """Why a gate was passed or not."""

    KEPT = "kept"
    MISSED = "missed"
    NO_ACTIVE_VERSION = "no_active_version"  # passed: there is nothing to be worse than
    METRIC_MISSING = "metric_missing"
    NO_VALUE = "no_value"
    NOT_A_NUMBER = "not_a_number"
    ACTIVE_METRIC_MISSING = "active_metric_missing"
    ACTIVE_NO_VALUE = "active_no_value"
    ACTIVE_NOT_A_NUMBER = "active_not_a_number"
    OTHER_ITEMS = "other_items"  # the active version was measured on something else


_OF_ACTIVE = {
    GateReason.METRIC_MISSING: GateReason.ACTIVE_METRIC_MISSING,
    GateReason.NO_VALUE: GateReason.ACTIVE_NO_VALUE,
    GateReason.NOT_A_NUMBER: GateReason.ACTIVE_NOT_A_NUMBER,
}


@dataclass(frozen=True, slots=True)
class Gate:
    """A named threshold. Refuses what could never fail or never pass: a floor for what should be low, a ceiling for what
    should be high, a floor of nothing, a ceiling of everything, a tolerance below 0 or above the whole."""

    name: str
    metric: MetricName
    threshold: float
    kind: GateKind

    def __post_init__(self) -> None:
        object.__setattr__(self, "metric", MetricName(self.metric))
        object.__setattr__(self, "kind", GateKind(self.kind))
        if not self.name.strip() or isinstance(self.threshold, bool) or not math.isfinite(self.threshold):
            raise ValueError("a gate has a name, and a threshold that is a number")
        spec = SPECS[self.metric]
        against = {GateKind.AT_LEAST: Direction.LOWER, GateKind.AT_MOST: Direction.HIGHER}
        if against.get(self.kind) is spec.direction:
            raise ValueError(
                f"{self.name}: of {self.metric}, {spec.direction} is better; {self.kind} keeps good ones out"
            )
        most = 1.0 if self.kind is GateKind.NOT_WORSE_BY_SHARE else _MOST.get(spec.unit, math.inf)
        allows_all = self.threshold <= 0 if self.kind is GateKind.AT_LEAST else self.threshold >= most
        if allows_all or not 0 <= self.threshold <= most:
            raise ValueError(f"{self.name}: a threshold of {self.threshold} makes no sense for {self.metric}")


@dataclass(frozen=True, slots=True)
class GateResult:
    """`limit` is the number that `value` had to reach or keep below: the threshold itself, or what it makes of the active
    version's value; None where that could not be known."""

    passed: bool
    name: str
    metric: MetricName
    kind: GateKind
    value: float | None
    threshold: float
    limit: float | None
    reason: GateReason

    @property
    def explanation(self) -> str:
        """One English sentence for logs and model cards; pages make their own from the parts."""
        outcome = f"{self.name}: {'passed' if self.passed else 'failed'}"
        if self.value is None or self.limit is None:
            return f"{outcome}, {self.metric}: {self.reason.value.replace('_', ' ')}"
        return f"{outcome}, {self.metric} {self.value:.4g} with a limit of {self.limit:.4g}"


# What a version must keep to be promoted. The absolute ones say how much of its raw output can be used at all (the generator
# writes up to six outputs for one text, and checks drop the rest, so a third may be too long; people read what checks only warn
# of). The relative ones leave room for chance, not for forgetting: of texts, where a hundred briefs say less than their
# losses do, about two standard errors between writers that are equally good.
CLAIMS_ROOM, COVERAGE_ROOM, MUST_ROOM = 0.08, 0.10, 0.20
DEFAULT_GATES = (
    Gate("limit", MetricName.LIMIT_COMPLIANCE, 0.65, GateKind.AT_LEAST),
    Gate("language", MetricName.LANGUAGE_COMPLIANCE, 0.95, GateKind.AT_LEAST),
    Gate("unsupported claims", MetricName.UNSUPPORTED_RATE, 0.25, GateKind.AT_MOST),
    Gate("empty", MetricName.EMPTY_RATE, 0.05, GateKind.AT_MOST),
    Gate("harm", MetricName.HARM_RATE, 0.02, GateKind.AT_MOST),
    Gate("parity", MetricName.FLAG_PARITY_EXCESS, 0.05, GateKind.AT_MOST),
    Gate("claims kept", MetricName.UNSUPPORTED_RATE, CLAIMS_ROOM, GateKind.NOT_WORSE_BY),
    Gate("coverage", MetricName.ATTRIBUTE_COVERAGE, COVERAGE_ROOM, GateKind.NOT_WORSE_BY),
    Gate("must words", MetricName.MUST_COMPLIANCE, MUST_ROOM, GateKind.NOT_WORSE_BY),
    Gate("held-out loss", MetricName.LOSS_PER_CHARACTER, 0.02, GateKind.NOT_WORSE_BY_SHARE),
    Gate("preferences", MetricName.PREFERENCE_ACCURACY, 0.02, GateKind.NOT_WORSE_BY),
    Gate("forgetting", MetricName.FORGETTING_PER_CHARACTER, 0.05, GateKind.NOT_WORSE_BY_SHARE),
)


def judge_gates(gates: Sequence[Gate], new: Evaluation, active: Evaluation | None) -> list[GateResult]:
    """The verdict on every gate, in order. `active` is the evaluation of the version in use; None only where no version is
    in use, and then the gates against it are passed.

    Raises `ValueError` for no gates, because what nothing was asked of has not passed, and for two of one name.
    """
    if not gates or len({gate.name for gate in gates}) < len(gates):
        raise ValueError("there must be gates, each with a name of its own")
    return [_judge(gate, new, active) for gate in gates]


def all_passed(results: Sequence[GateResult]) -> bool:
    """Whether every gate was passed; never for none."""
    return bool(results) and all(result.passed for result in results)


def _judge(gate: Gate, new: Evaluation, active: Evaluation | None) -> GateResult:
    value, trouble = _value(new, gate.metric)
    if value is None:
        return _result(gate, None, None, trouble)
    if gate.kind not in _RELATIVE:
        return _result(gate, value, gate.threshold)
    if active is None:
        return _result(gate, value, None, GateReason.NO_ACTIVE_VERSION)
    if not same_questions(new, active):
        return _result(gate, value, None, GateReason.OTHER_ITEMS)
    was, trouble = _value(active, gate.metric)
    if was is None:
        return _result(gate, value, None, _OF_ACTIVE[trouble])
    room = gate.threshold * (abs(was) if gate.kind is GateKind.NOT_WORSE_BY_SHARE else 1.0)
    return _result(gate, value, was - room if _is_floor(gate) else was + room)


def _value(evaluation: Evaluation, name: MetricName) -> tuple[float | None, GateReason]:
    """The metric's value, or None and the reason why there is none to judge by."""
    metric = evaluation.metrics.get(name)
    if metric is None:
        return None, GateReason.METRIC_MISSING
    if metric.value is None:
        return None, GateReason.NOT_A_NUMBER if metric.absence is Absence.NOT_FINITE else GateReason.NO_VALUE
    return metric.value, GateReason.KEPT


def _is_floor(gate: Gate) -> bool:
    return SPECS[gate.metric].direction is Direction.HIGHER


def _result(gate: Gate, value: float | None, limit: float | None, reason: GateReason | None = None) -> GateResult:
    """With a value and a limit, what they say; otherwise the reason why there is no comparing them."""
    if value is not None and limit is not None:
        kept = value >= limit - _ROUNDING if _is_floor(gate) else value <= limit + _ROUNDING
        reason = GateReason.KEPT if kept else GateReason.MISSED
    if reason is None or (reason is GateReason.KEPT and (value is None or limit is None)):
        raise ValueError(f"{gate.name}: without a value and a limit there must be a reason")
    passed = reason in {GateReason.KEPT, GateReason.NO_ACTIVE_VERSION}
    return GateResult(passed, gate.name, gate.metric, gate.kind, value, gate.threshold, limit, reason)

"""The figures of an evaluation as a page shows them: rows of a table, numbers in their unit, bars of differences."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from generation.engine.evaluation.metrics import SPECS, Direction, MetricName, MetricUnit
from generation.engine.evaluation.result import Verdict
from generation.selectors.evaluation_words import ABSENCES, GROUPS, METRICS, UNITS, VERDICTS, words

MINUS = "\N{MINUS SIGN}"
PLACES = {MetricUnit.NATS: 3, MetricUnit.NUMBER: 2, MetricUnit.POINTS: 1, MetricUnit.SHARE: 1}
# the drawing of a difference: its width, and where 0 stands
WIDTH, MIDDLE, ROOM = 240.0, 120.0, 112.0
Results = Mapping[str, Any]
Headings = Mapping[str, str]  # name in the results: heading of the column


@dataclass(frozen=True)
class Cell:
    """A value in its unit with its interval, both as text; ``note`` says why there is none."""

    value: str = ""
    interval: str = ""
    note: str = ""


@dataclass(frozen=True)
class Bar:
    """A difference as a drawing in which right is better: ``x`` of its point, ``left`` and ``width`` of its interval."""

    x: str
    left: str
    width: str


@dataclass(frozen=True)
class DifferenceCell:
    """How the new version differs from another: text, interval, verdict in words, and a bar where there is an interval."""

    text: str
    interval: str
    verdict: str
    word: str
    tone: str
    icon: str
    bar: Bar | None = None


@dataclass(frozen=True)
class MetricRow:
    """One metric: ``cells`` and ``differences`` in the order of the table's columns, each with its heading."""

    name: str
    help: str
    unit: str
    cells: tuple[tuple[str, Cell], ...]
    differences: tuple[tuple[str, DifferenceCell | None], ...]


@dataclass(frozen=True)
class MetricGroup:
    title: str
    rows: tuple[MetricRow, ...]


def metric_groups(results: Results, subjects: Headings, against: Headings) -> list[MetricGroup]:
    """Every metric that any of the subjects has, by topic; ``against`` are those that the new version is compared with."""
    measured = {name: results[name]["metrics"] for name in subjects}
    differences = {
        name: {one["metric"]: one for one in results.get("differences", {}).get(name, ())} for name in against
    }
    scales = {name: _scales(found.values()) for name, found in differences.items()}
    groups = []
    for title, metrics in GROUPS:
        rows = tuple(
            MetricRow(
                name=str(METRICS[metric].name),
                help=str(METRICS[metric].help),
                unit=str(UNITS[SPECS[metric].unit]),
                cells=tuple(
                    (label, metric_cell(metric, measured[name].get(metric))) for name, label in subjects.items()
                ),
                differences=tuple(
                    (label, difference_cell(metric, differences[name].get(metric), scales[name]))
                    for name, label in against.items()
                ),
            )
            for metric in metrics
            if any(metric in found for found in measured.values())
        )
        if rows:
            groups.append(MetricGroup(str(title), rows))
    return groups


def metric_cell(metric: MetricName, found: Mapping[str, Any] | None) -> Cell:
    if found is None:
        return Cell(note=_("not measured"))
    if found["value"] is None:
        return Cell(note=words(ABSENCES, found["absence"] or ""))
    unit = SPECS[metric].unit
    low, high = found["low"], found["high"]
    interval = "" if low is None else _between(quantity(unit, low), quantity(unit, high))
    return Cell(value=quantity(unit, found["value"]), interval=interval)


def difference_cell(
    metric: MetricName, found: Mapping[str, Any] | None, scales: Mapping[MetricUnit, float]
) -> DifferenceCell | None:
    if found is None:
        return None
    word, tone, icon = VERDICTS.get(found["verdict"], VERDICTS[Verdict.UNKNOWN])
    unit, low, high = SPECS[metric].unit, found["low"], found["high"]
    return DifferenceCell(
        text="" if found["difference"] is None else change(unit, found["difference"]),
        interval="" if low is None else _between(change(unit, low), change(unit, high)),
        verdict=found["verdict"],
        word=str(word),
        tone=tone,
        icon=icon,
        bar=None if low is None else _bar(metric, found["difference"], low, high, scales[unit]),
    )


def quantity(unit: MetricUnit, value: float) -> str:
    """A value in its unit: a share as percent, everything else as a number."""
    if unit is MetricUnit.SHARE:
        return f"{_number(100 * value, PLACES[unit])}\N{NARROW NO-BREAK SPACE}%"
    return _number(value, PLACES[unit])


def change(unit: MetricUnit, value: float) -> str:
    """A difference with its sign; of shares in percentage points."""
    share = unit is MetricUnit.SHARE
    text = _number(100 * value if share else value, PLACES[unit])
    text = text if text.startswith(MINUS) or not float(text.replace(",", "")) else f"+{text}"
    return _("%(number)s pp") % {"number": text} if share else text


def _number(value: float, places: int) -> str:
    text = f"{value:,.{places}f}"
    if not float(text.replace(",", "")):
        text = text.removeprefix("-")
    return text.replace("-", MINUS)


def _between(low: str, high: str) -> str:
    return _("%(low)s to %(high)s") % {"low": low, "high": high}


def _scales(differences: Iterable[Mapping[str, Any]]) -> dict[MetricUnit, float]:
    """For every unit the largest distance from 0 that its intervals reach: one scale for what can be compared."""
    scales = dict.fromkeys(MetricUnit, 0.0)
    for one in differences:
        if one["low"] is not None and one["metric"] in SPECS:
            unit = SPECS[MetricName(one["metric"])].unit
            scales[unit] = max(scales[unit], abs(one["low"]), abs(one["high"]))
    return scales


def _bar(metric: MetricName, middle: float, low: float, high: float, scale: float) -> Bar:
    sign = 1 if SPECS[metric].direction is Direction.HIGHER else -1

    def place(value: float) -> float:
        return MIDDLE + ROOM * (sign * value / scale if scale else 0.0)

    left, right = sorted((place(low), place(high)))
    return Bar(x=f"{place(middle) - 3:.1f}", left=f"{left:.1f}", width=f"{max(1.5, right - left):.1f}")


def history_chart(history: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """How a training went, for the chart component: loss by step, and held-out loss where it was measured."""
    if not history:
        return None
    return {
        "kind": "line",
        "title": _("Loss by step"),
        "format": "decimal",
        "axis": _("Step"),
        "labels": [f"{one['step']:,}" for one in history],
        "series": [
            {"name": _("Training loss"), "data": [one.get("loss") for one in history]},
            {"name": _("Held-out loss"), "data": [one.get("held_out") for one in history]},
        ],
    }


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """The 95 % score interval of a share (Wilson 1927, J. Am. Stat. Assoc. 22, 209-212), which also holds for few trials.

    Raises ValueError without trials, and for more successes than trials.
    """
    if trials < 1 or not 0 <= successes <= trials:
        raise ValueError(f"{successes} of {trials} is no share")
    z, share = 1.959964, successes / trials
    shrink = 1 + z * z / trials
    middle = (share + z * z / (2 * trials)) / shrink
    half = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials)) / shrink
    # the bounds of none and of all are 0 and 1 but for rounding
    return (0.0 if not successes else middle - half), (1.0 if successes == trials else middle + half)

"""Reading training runs: the list, how far one is, its curve, its samples and its log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.db.models import F, Q, QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from copystudio.db import OPEN_STATUSES, JobStatus
from copystudio.models import Workspace
from generation.models import Evaluation, ModelVersion, TrainingLine, TrainingRun, TrainingSample
from generation.selectors.training_words import EXAMPLES, LINES, PAIRS, duration_text, line_sentence
from generation.selectors.training_worker import waits_long
from generation.services.snapshot import data_scopes
from generation.services.training_log import end_code

MOST_POINTS = 300  # of the loss on a page; measured points of the held-out loss are all shown
NEWEST_SAMPLES = 4
MOST_LINES = 100


def training_runs(workspace: Workspace) -> QuerySet[TrainingRun]:
    """With what a row of a list shows, newest first."""
    return (
        TrainingRun.objects.filter(workspace=workspace)
        .select_related("workspace", "created_by", "language_model", "parent__language_model", "version__language_model")
        .order_by("-id")
    )  # fmt: skip


def training_get_for(*, workspace: Workspace, pk: int) -> TrainingRun:
    """The run; Http404 where there is none of that number in this workspace."""
    run = training_runs(workspace).filter(pk=pk).first()
    if run is None:
        raise Http404
    return run


def training_open(workspace: Workspace) -> TrainingRun | None:
    """The workspace's one run that is queued or running."""
    return TrainingRun.objects.filter(workspace=workspace, status__in=OPEN_STATUSES).first()


def evaluation_of(version: ModelVersion) -> Evaluation | None:
    """The version's newest evaluation."""
    return version.evaluations.order_by("-id").first()


def count_of(run: TrainingRun) -> tuple[int, int]:
    """How many examples and how many preference pairs the run learns from and measures with."""
    counts = run.data_counts
    return sum(counts.get(name, 0) for name in EXAMPLES), sum(counts.get(name, 0) for name in PAIRS)


@dataclass(frozen=True)
class TrainingProgress:
    """How far a run is. Times are measured by the web server's clock and only shown, never decided by."""

    percent: int
    remaining: str
    took: str
    pair_accuracy: float | None
    waits_long: bool
    stalled: bool


def training_progress(run: TrainingRun, *, now: datetime | None = None) -> TrainingProgress:
    now = now or timezone.now()
    paired = run.points.filter(pair_accuracy__isnull=False).order_by("-step").values_list("pair_accuracy", flat=True)
    running = run.status == JobStatus.RUNNING
    return TrainingProgress(
        percent=100 if run.status == JobStatus.SUCCEEDED else run.percent,
        remaining=duration_text(run.seconds_left) if running and run.seconds_left is not None else "",
        took=duration_text(took) if (took := _computed(run)) else "",
        pair_accuracy=paired.first(),
        waits_long=waits_long(run, now),
        stalled=running and run.lease_until is not None and run.lease_until < now,
    )


def _computed(run: TrainingRun) -> float | None:
    """Seconds that its steps and the measurements between them computed, whatever they waited for others. None where that was
    not kept."""
    found = run.version.lineage.get("seconds") if run.version else None
    return None if found is None else float(found)


def loss_chart(run: TrainingRun) -> dict[str, Any] | None:
    """Loss and held-out loss by step, in nats per token; None before the first point.

    Every so many steps one point, by the planned number of steps: what is drawn stays as the run goes on.
    """
    every = max(1, -(-max(run.total, run.done) // MOST_POINTS))
    shown = Q(rest=0) | Q(held_out__isnull=False)
    rows = run.points.annotate(rest=F("step") % every).filter(shown).order_by("step")
    steps, losses, held_out = [], [], []
    for step, loss, measured in rows.values_list("step", "loss", "held_out"):
        steps.append(str(step))
        losses.append(_rounded(loss))
        held_out.append(_rounded(measured))
    if not steps:
        return None
    series = [{"name": _("Loss"), "data": losses}]
    if any(value is not None for value in held_out):
        series.append({"name": _("Held-out loss"), "data": held_out})
    return {
        "kind": "line",
        "labels": steps,
        "series": series,
        "format": "decimal",
        "title": _("Loss by step"),
        "axis": _("Step"),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


@dataclass(frozen=True)
class SampleStep:
    """What the model wrote after a step, text beside text, and the held-out loss that was measured there."""

    step: int
    held_out: float | None
    samples: list[TrainingSample]


def training_samples(run: TrainingRun, *, whole: bool = False) -> tuple[list[SampleStep], int]:
    """Samples by step, newest first, and how many steps are left out: in between, unless the ``whole`` list is wanted."""
    steps = list(run.samples.order_by("-step").values_list("step", flat=True).distinct())
    kept = steps if whole or len(steps) <= NEWEST_SAMPLES + 1 else [*steps[:NEWEST_SAMPLES], steps[-1]]
    losses = dict(run.points.filter(step__in=kept).values_list("step", "held_out"))
    rows: Iterable[TrainingSample] = run.samples.filter(step__in=kept).order_by("-step", "position")
    found = [
        SampleStep(step, losses.get(step), list(samples)) for step, samples in groupby(rows, key=lambda row: row.step)
    ]
    return found, len(steps) - len(kept)


@dataclass(frozen=True)
class LogItem:
    """A line of the log for the timeline."""

    text: str
    at: datetime | None
    icon: str
    tone: str
    actor: str = ""
    detail: str = ""


def training_log(run: TrainingRun) -> tuple[list[LogItem], int]:
    """What the worker noted, newest first, and the number of its newest line (0: none)."""
    lines = list(run.lines.order_by("-id")[:MOST_LINES])
    codes = [line.code for line in lines]
    items = [
        _log_item(_resumed(line) if line.code == "started" and "started" in codes[n + 1 :] else line.code, line.params, line.at)
        for n, line in enumerate(lines)
    ]  # fmt: skip
    if (end := end_code(run)) and codes[:1] != [end]:  # it ended under an earlier release, which kept no line of that
        items.insert(0, _log_item(end, {}, run.finished_at))
    return items, lines[0].pk if lines else 0


def _resumed(line: TrainingLine) -> str:
    """Lines of an earlier release do not say at which step."""
    return "resumed" if line.params.get("step", 1) else "begun_again"


def _log_item(code: str, params: dict[str, Any], at: datetime | None) -> LogItem:
    tone, icon, _text = LINES.get(code, ("", "circle-dot", ""))
    return LogItem(text=line_sentence(code, params), at=at, icon=icon, tone=tone)


def scope_name(run: TrainingRun) -> str:
    """The part of the workspace's data that the run keeps to, its key where it is gone; empty: all."""
    return dict(data_scopes(run.workspace)).get(run.scope, run.scope) if run.scope else ""


def settings_of(config: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The settings of a training that a person chooses, with their names; those of a later release are left out."""
    budget, search = config.get("time_budget"), config.get("search_minutes")
    return [
        (_("Epochs"), f"{config.get('epochs', '–')}"),
        (_("Rank"), f"{config.get('rank', '–')}"),
        (_("Learning rate"), f"{config.get('learning_rate', 0):g}"),
        (_("Dropout"), f"{config.get('dropout', 0):g}"),
        (_("Noise (NEFTune)"), f"{config.get('noise_alpha', 0):g}"),
        (_("Preference weight (beta)"), f"{config.get('beta', 0):g}"),
        (_("Samples in an epoch"), f"{config.get('evaluations', '–')}"),
        (_("Examples per step"), f"{config.get('batch_size', '–')}"),
        (_("Time budget"), duration_text(budget) if budget else _("none")),
        (_("Search for settings"), duration_text(60 * search) if search else _("none")),
        (_("Seed"), f"{config.get('seed', '–')}"),
    ]

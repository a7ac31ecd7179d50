"""Reading evaluations: how far they are, what they found, gates in words, flags by segment, figures by language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.db.models.fields.json import KeyTransform
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from copystudio.db import JobStatus
from copystudio.models import Workspace
from generation.engine.config import Language
from generation.engine.evaluation.metrics import SPECS, Direction, MetricName
from generation.engine.evaluation.result import Evaluation as Measured
from generation.engine.evaluation.result import by_language
from generation.models import Evaluation, ModelVersion
from generation.selectors.evaluation_words import FLAGS, GATE_REASONS, GATES, METRICS, words
from generation.selectors.figures import Cell, MetricGroup, metric_groups, quantity
from generation.selectors.training_worker import waits_long

SUBJECTS = ("new", "active", "base")  # as the worker names what it measures


def evaluation_get_for(*, workspace: Workspace, pk: int) -> Evaluation:
    """The evaluation; Http404 where there is none of that number in this workspace."""
    found = (
        Evaluation.objects.filter(workspace=workspace, pk=pk)
        .select_related("workspace", "created_by", "version__language_model", "against__language_model")
        .first()
    )
    if found is None:
        raise Http404
    return found


def evaluations_of(version: ModelVersion) -> QuerySet[Evaluation]:
    """Newest first, without the figures themselves."""
    return version.evaluations.select_related("created_by").defer("results", "samples").order_by("-id")


def newest_measured(versions: Iterable[ModelVersion]) -> dict[int, Evaluation]:
    """By version its newest evaluation that came to its end, without figures but with its ``gates``. One query."""
    found = (
        Evaluation.objects.filter(version__in=[one.pk for one in versions], status=JobStatus.SUCCEEDED)
        .order_by("version_id", "-id")
        .distinct("version_id")
        .annotate(gates=KeyTransform("gates", "results"))
        .defer("results", "samples")
    )
    return {one.version_id: one for one in found}


@dataclass(frozen=True)
class EvaluationWait:
    """What an open evaluation waits for. Times are the web server's, and only shown."""

    waits_long: bool
    stalled: bool


def evaluation_wait(evaluation: Evaluation, *, now: datetime | None = None) -> EvaluationWait:
    now = now or timezone.now()
    return EvaluationWait(
        waits_long=waits_long(evaluation, now),
        stalled=evaluation.status == JobStatus.RUNNING
        and evaluation.lease_until is not None
        and evaluation.lease_until < now,
    )


@dataclass(frozen=True)
class Subject:
    """One of those that were measured, under the name that the figures have it by."""

    key: str
    label: str
    version: ModelVersion | None = None


def subjects_of(evaluation: Evaluation) -> list[Subject]:
    """Who was measured, the new version first. The one it was compared with may have been removed since."""
    against = evaluation.against
    labels = {
        "new": (_("Version %(number)d") % {"number": evaluation.version.number}, evaluation.version),
        "active": (_("Version %(number)d, active then") % {"number": against.number}, against)
        if against
        else (_("The version that was active then"), None),
        "base": (_("Base model alone"), None),
    }
    return [Subject(key, *labels[key]) for key in SUBJECTS if key in evaluation.results]


@dataclass(frozen=True)
class Figures:
    """The table of every metric: its columns, whom the new version is compared with, and the rows by topic."""

    subjects: list[Subject]
    against: list[Subject]
    groups: list[MetricGroup]

    @property
    def columns(self) -> int:
        return 1 + len(self.subjects) + len(self.against)


def figures_of(evaluation: Evaluation) -> Figures:
    subjects = subjects_of(evaluation)
    against = [one for one in subjects if one.key in evaluation.results.get("differences", {})]
    groups = metric_groups(evaluation.results, headings(subjects), headings(against))
    return Figures(subjects, against, groups)


def headings(subjects: Iterable[Subject]) -> dict[str, str]:
    return {one.key: one.label for one in subjects}


@dataclass(frozen=True)
class GateRow:
    """A gate in words: ``limit`` with "at least" or "at most", empty where it could not be known."""

    name: str
    metric: str
    value: str
    limit: str
    passed: bool
    reason: str


def gate_rows(gates: Iterable[dict[str, Any]]) -> list[GateRow]:
    return [_gate_row(one) for one in gates]


def _gate_row(gate: dict[str, Any]) -> GateRow:
    metric = MetricName(gate["metric"])
    spec = SPECS[metric]
    limit = "" if gate["limit"] is None else quantity(spec.unit, gate["limit"])
    if limit:
        floor = spec.direction is Direction.HIGHER
        limit = _("at least %(limit)s") % {"limit": limit} if floor else _("at most %(limit)s") % {"limit": limit}
    return GateRow(
        name=words(GATES, gate["name"]),
        metric=str(METRICS[metric].name),
        value="" if gate["value"] is None else quantity(spec.unit, gate["value"]),
        limit=limit,
        passed=gate["passed"],
        reason=words(GATE_REASONS, gate["reason"]),
    )


@dataclass(frozen=True)
class CountRow:
    """A flag, or a segment, with what each of those measured has of it."""

    name: str
    cells: tuple[tuple[str, Cell], ...]


def flag_rows(evaluation: Evaluation) -> list[CountRow]:
    """Every flag that any of them has, with the number of texts."""
    flags = {one.label: evaluation.results[one.key].get("flags", {}) for one in subjects_of(evaluation)}
    names = sorted({name for found in flags.values() for name in found})
    return [
        CountRow(words(FLAGS, name), tuple((label, Cell(str(found.get(name, 0)))) for label, found in flags.items()))
        for name in names
    ]


def segment_rows(evaluation: Evaluation) -> list[CountRow]:
    """Every segment with flagged texts of all that it was written for."""
    found = {
        one.label: {row["segment"]: row for row in evaluation.results[one.key].get("segments", ())}
        for one in subjects_of(evaluation)
    }
    names = sorted({name for rows in found.values() for name in rows})
    return [CountRow(name, tuple((label, _flagged(rows.get(name))) for label, rows in found.items())) for name in names]


def _flagged(row: dict[str, Any] | None) -> Cell:
    if row is None or not row["n"]:
        return Cell(note=_("no texts"))
    share = quantity(SPECS[MetricName.HARM_RATE].unit, row["flagged"] / row["n"])
    return Cell(_("%(flagged)d of %(count)d") % {"flagged": row["flagged"], "count": row["n"]}, share)


@dataclass(frozen=True)
class LanguageFigures:
    language: str
    items: int
    groups: list[MetricGroup]


def language_figures(evaluation: Evaluation) -> list[LanguageFigures]:
    """The same metrics over the items of each language, where there is more than one."""
    found = _by_language(evaluation.pk, evaluation.finished_at)
    if len(found) < 2:
        return []
    columns, names = headings(subjects_of(evaluation)), dict(settings.LANGUAGES)
    return [
        LanguageFigures(str(names.get(language, language)), items, metric_groups(results, columns, {}))
        for language, items, results in found
    ]


@lru_cache(maxsize=32)
def _by_language(pk: int, finished_at: datetime | None) -> list[tuple[str, int, dict[str, Any]]]:
    """(language, items, metrics by subject). Some tenths of a second of resampling, so what was found is kept: the
    figures of an evaluation that ended do not change. ``finished_at`` is part of the key alone. Nothing for figures that
    an earlier release wrote in another form: the table over all items is still there."""
    results = Evaluation.objects.values_list("results", flat=True).get(pk=pk)
    try:
        measured = {key: Measured.from_dict(results[key]) for key in SUBJECTS if key in results}
    except ValueError:
        return []
    tables = {key: by_language(one) for key, one in measured.items()}
    new = measured["new"]
    return [
        (
            language.value,
            new.languages.count(language),
            {key: {"metrics": _plain(table[language])} for key, table in tables.items()},
        )
        for language in Language
        if language in tables["new"]
    ]


def _plain(metrics: Any) -> dict[str, Any]:
    """Without the rows, which the table does not show."""
    return {name: {**metric.to_dict(), "rows": []} for name, metric in metrics.items()}

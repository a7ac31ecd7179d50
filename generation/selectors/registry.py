"""Reading model versions and base models: lists, the model card, and which folders could become a base."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from copystudio.db import OPEN_STATUSES
from copystudio.errors import InvalidInputError
from copystudio.models import Event, Workspace
from generation.engine.folders import ModelSummary
from generation.models import Evaluation, GenerationRun, LanguageModel, ModelVersion, TrainingRun
from generation.selectors.evaluation import newest_measured
from generation.selectors.evaluation_words import words
from generation.selectors.registry_words import SOURCES, folder_problem, version_event
from generation.services.registry import language_model_look

MOST_FOLDERS, MOST_EVENTS = 200, 50


def versions(workspace: Workspace) -> QuerySet[ModelVersion]:
    """With what a row of the list shows; ``runs_written`` counts the generation runs that a version wrote for."""
    counted = (
        GenerationRun.objects.filter(model_version=OuterRef("pk"))
        .order_by()
        .values("model_version")
        .annotate(count=Count("pk"))
        .values("count")
    )
    return (
        ModelVersion.objects.filter(workspace=workspace)
        .select_related("workspace", "language_model", "created_by")
        .annotate(runs_written=Coalesce(Subquery(counted), 0))
        .order_by("-number")
    )


def version_get_for(*, workspace: Workspace, pk: int) -> ModelVersion:
    """The version; Http404 where there is none of that number in this workspace."""
    version = versions(workspace).select_related("parent__language_model").filter(pk=pk).first()
    if version is None:
        raise Http404
    return version


def active_version(workspace: Workspace) -> ModelVersion | None:
    return versions(workspace).filter(status=ModelVersion.Status.ACTIVE).first()


@dataclass(frozen=True)
class GateCount:
    """How many gates the newest evaluation passed and failed; ``measured`` False where there is no evaluation yet."""

    measured: bool
    passed: int = 0
    failed: int = 0
    is_open: bool = False
    evaluation: Evaluation | None = None

    @property
    def all_passed(self) -> bool:
        return self.measured and not self.failed and bool(self.passed)


@dataclass(frozen=True)
class VersionRow:
    version: ModelVersion
    learned: str
    loss: float | None
    gates: GateCount


def version_rows(found: Iterable[ModelVersion]) -> list[VersionRow]:
    """The versions with what was measured of them: two queries, however many there are."""
    shown = list(found)
    newest = newest_measured(shown)
    pks = [one.pk for one in shown]
    open_ones = set(
        Evaluation.objects.filter(version__in=pks, status__in=OPEN_STATUSES).values_list("version_id", flat=True)
    )
    return [
        VersionRow(
            version=one,
            learned=learned_from(one),
            loss=best_loss(one),
            gates=gate_count(newest.get(one.pk), is_open=one.pk in open_ones),
        )
        for one in shown
    ]


def gate_count(evaluation: Evaluation | None, *, is_open: bool = False) -> GateCount:
    """``evaluation`` as ``newest_measured`` gives it."""
    if evaluation is None:
        return GateCount(measured=False, is_open=is_open)
    gates: list[dict[str, Any]] = getattr(evaluation, "gates", None) or []
    passed = sum(one["passed"] for one in gates)
    return GateCount(True, passed, len(gates) - passed, is_open, evaluation)


# -- what a version learned from -------------------------------------------------------------------------------------


def data_rows(version: ModelVersion) -> list[tuple[str, int]]:
    """(source in words, examples), as many as there are."""
    counts: dict[str, int] = version.lineage.get("data_counts") or {}
    return [(words(SOURCES, source), count) for source, count in sorted(counts.items(), key=lambda one: -one[1])]


def learned_from(version: ModelVersion) -> str:
    """In short: how many examples, and where most of them come from. Empty for a version that was not trained."""
    rows = data_rows(version)
    total = sum(count for _source, count in rows)
    if not total:
        return ""
    text = ngettext("%(number)s example", "%(number)s examples", total) % {"number": f"{total:,}"}
    sources = ", ".join(source for source, _count in rows[:2])
    return _("%(examples)s: %(sources)s") % {"examples": text, "sources": sources}


def history_of(version: ModelVersion) -> list[dict[str, Any]]:
    """Loss by step, as the training wrote it: a version of this studio has it at the top, an adapter's own file below."""
    found = version.lineage.get("history") or (version.lineage.get("state") or {}).get("history") or []
    return [one for one in found if isinstance(one, dict) and "step" in one]


def version_events(version: ModelVersion) -> list[dict[str, Any]]:
    """What happened to the version and why, newest first, for the timeline."""
    found = Event.objects.filter(
        workspace_id=version.workspace_id, object_type="modelversion", object_id=version.pk
    ).select_related("actor")
    return [
        {
            "text": version_event(event.verb),
            "actor": event.actor,
            "at": event.created_at,
            "detail": event.data.get("reason", ""),
        }
        for event in found.order_by("-id")[:MOST_EVENTS]
    ]


def best_loss(version: ModelVersion) -> float | None:
    """Held-out loss of the weights that the version has, in nats for each token: the lowest where training ended in the
    examples, the last where it ended in the pairs. Versions from before this was written down say it by their data."""
    told = {**(version.lineage.get("state") or {}), **version.lineage}.get("held_out")
    if told is not None:
        return float(told)
    losses = [one["held_out"] for one in history_of(version) if one["step"] and one.get("held_out") is not None]
    if not losses:
        return None
    return float(losses[-1] if version.learned_pairs else min(losses))


def training_run_of(version: ModelVersion) -> TrainingRun | None:
    return TrainingRun.objects.filter(version=version).first()


# -- base models -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Base:
    """A registered base model, with what its folder holds; ``problem`` says why it could not be used."""

    model: LanguageModel
    versions: int
    summary: ModelSummary | None
    problem: str = ""


def bases(workspace: Workspace) -> list[Base]:
    """Reads the headers of the weights of each: some milliseconds, and no weights."""
    models = LanguageModel.objects.filter(workspace=workspace).annotate(count=Count("versions")).order_by("name", "pk")
    return [Base(model, model.count, *look(model.folder)) for model in models]


@dataclass(frozen=True)
class Folder:
    """A folder in MODEL_ROOT that might hold a base model."""

    name: str
    summary: ModelSummary | None
    problem: str
    is_registered: bool

    @property
    def is_usable(self) -> bool:
        return self.summary is not None and not self.is_registered


def folders(workspace: Workspace) -> list[Folder]:
    """What lies in MODEL_ROOT, by name; adapters and what is being written (names with a dot in front) are left out."""
    root = Path(settings.MODEL_ROOT)
    if not root.is_dir():
        return []
    taken = set(LanguageModel.objects.filter(workspace=workspace).values_list("folder", flat=True))
    names = sorted(path.name for path in root.iterdir() if path.is_dir() and not _is_other(path))
    return [Folder(name, *look(name), name in taken) for name in names[:MOST_FOLDERS]]


def _is_other(path: Path) -> bool:
    is_adapter = (path / "adapter_config.json").is_file() and not (path / "config.json").is_file()
    return path.name.startswith(".") or is_adapter


def look(folder: str) -> tuple[ModelSummary | None, str]:
    """What the folder holds, or why it cannot be used."""
    try:
        return language_model_look(folder), ""
    except InvalidInputError as error:
        reasons = [str(text) for texts in error.fields.values() for text in texts] or [str(error.message)]
        return None, folder_problem(reasons[0])

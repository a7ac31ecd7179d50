"""Any two versions that were measured, side by side; with differences where they were asked the very same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.http import Http404
from django.utils.translation import gettext as _

from copystudio.db import JobStatus
from copystudio.models import Workspace
from generation.engine.evaluation.result import Evaluation as Measured
from generation.engine.evaluation.result import compare
from generation.models import Evaluation, ModelVersion
from generation.selectors.evaluation import Figures, Subject, headings
from generation.selectors.figures import metric_groups
from generation.services.measuring import difference_dict

MOST = 20  # evaluations of a version among which one is looked for that asked the same


@dataclass(frozen=True)
class Place:
    """Where figures of a version stand: the evaluation, the name there, and what was asked."""

    evaluation: int
    key: str
    asked: str
    finished_at: datetime | None


@dataclass(frozen=True)
class Comparison:
    """``is_fair`` where both were asked the very same; without, the figures have no differences."""

    other: ModelVersion
    figures: Figures
    is_fair: bool


def measured_versions(workspace: Workspace) -> QuerySet[ModelVersion]:
    """Versions with figures, of an evaluation of their own or as the active one of another's; the newest first."""
    found = Evaluation.objects.filter(workspace=workspace, status=JobStatus.SUCCEEDED)
    mine = found.filter(Q(version=OuterRef("pk")) | Q(against=OuterRef("pk"), results__has_key="active"))
    rows = ModelVersion.objects.filter(Exists(mine), workspace=workspace)
    return rows.select_related("language_model").order_by("-number")


def comparison_of(version: ModelVersion, other: int) -> Comparison:
    """The version beside the one numbered ``other``; Http404 where one of the two was never measured in this workspace.

    Takes the newest two of their evaluations that asked the same, and where there are none the newest of each.
    """
    wanted = measured_versions(version.workspace).filter(pk__in={version.pk, other}).in_bulk()
    if len(wanted) != 2:
        raise Http404
    ours, theirs = _places(version), _places(wanted[other])
    if not ours or not theirs:
        raise Http404
    pairs = [(one, two) for one in ours for two in theirs if one.asked == two.asked]
    one, two = pairs[0] if pairs else (ours[0], theirs[0])
    differences = _differences(one, two) if pairs else None
    subjects = [_subject("new", version), _subject("other", wanted[other])]
    against = [] if differences is None else subjects[1:]
    results: dict[str, Any] = {
        "new": _results(one),
        "other": _results(two),
        "differences": {"other": differences or []},
    }
    groups = metric_groups(results, headings(subjects), headings(against))
    return Comparison(wanted[other], Figures(subjects, against, groups), differences is not None)


def _subject(key: str, version: ModelVersion) -> Subject:
    return Subject(key, _("Version %(number)d") % {"number": version.number}, version)


def _places(version: ModelVersion) -> list[Place]:
    """The newest first. All who are measured in one evaluation are asked the same."""
    asked = KeyTextTransform("fingerprint", KeyTransform("new", "results"))
    rows = Evaluation.objects.filter(workspace=version.workspace, status=JobStatus.SUCCEEDED).annotate(asked=asked)
    mine = rows.filter(Q(version=version) | Q(against=version, results__has_key="active")).order_by("-id")
    found = mine.values_list("pk", "version_id", "asked", "finished_at")[:MOST]
    return [Place(pk, "new" if of == version.pk else "active", asked or "", at) for pk, of, asked, at in found]


def _results(place: Place) -> dict[str, Any]:
    found: dict[str, Any] = (
        Evaluation.objects.annotate(of=KeyTransform(place.key, "results"))
        .values_list("of", flat=True)
        .get(pk=place.evaluation)
    )
    return found


@lru_cache(maxsize=32)
def _differences(ours: Place, theirs: Place) -> list[dict[str, Any]] | None:
    """Some tenths of a second of resampling, so what was found is kept: the figures of an evaluation that ended do not
    change. None for figures that an earlier release wrote in another form, or of other items."""
    try:
        found = compare(Measured.from_dict(_results(ours)), Measured.from_dict(_results(theirs)))
    except ValueError:
        return None
    return [difference_dict(one) for one in found]

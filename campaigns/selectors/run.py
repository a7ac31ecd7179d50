"""Reading generation runs with what they are about: the brief, and each item's product, segment and channel."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Prefetch, QuerySet, Sum
from django.http import Http404
from django.utils import timezone
from django.utils.translation import ngettext

from campaigns.models import Brief, BriefItem, Variant
from copystudio.db import OPEN_STATUSES, JobStatus
from copystudio.models import Workspace
from generation.models import Candidate, GenerationRun

# A queued run that no worker took for this long: probably none is running.
LONG_WAIT = timedelta(seconds=60)


def runs(workspace: Workspace) -> QuerySet[GenerationRun]:
    """With what a row of a list shows; ``produced`` counts the texts that came."""
    return (
        GenerationRun.objects.filter(workspace=workspace)
        .select_related("created_by", "model_version__language_model", "brief_run__brief__campaign")
        .annotate(produced=Sum("items__produced", default=0))
        .order_by("-id")
    )


def runs_of_brief(brief: Brief) -> QuerySet[GenerationRun]:
    return runs(brief.workspace).filter(brief_run__brief=brief)


def run_get_for(*, workspace: Workspace, pk: int) -> GenerationRun:
    """The run; Http404 where there is none of that number in this workspace."""
    run = runs(workspace).filter(pk=pk).first()
    if run is None:
        raise Http404
    return run


@dataclass(frozen=True)
class RunProgress:
    """How far a run is. Times are measured by the web server's clock and only shown, never decided by."""

    requested: int
    produced: int
    items: int
    items_finished: int
    dropped: tuple[tuple[str, int], ...]
    per_minute: float | None
    remaining: timedelta | None
    ahead: int
    waits_long: bool
    stalled: bool

    @property
    def percent(self) -> int:
        return min(100, 100 * self.produced // self.requested) if self.requested else 0

    @property
    def remaining_text(self) -> str:
        """The time to go in the present language, coarse as any estimate: minutes, or seconds below one."""
        if self.remaining is None:
            return ""
        minutes, seconds = divmod(int(self.remaining.total_seconds()), 60)
        if minutes:
            return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
        return ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds}

    @property
    def missing(self) -> int:
        return self.requested - self.produced

    @property
    def dropped_total(self) -> int:
        return sum(count for _reason, count in self.dropped)


def run_progress(run: GenerationRun, *, now: datetime | None = None) -> RunProgress:
    """Read the run's items and, while it waits, how many runs stand before it."""
    now = now or timezone.now()
    sums = run.items.aggregate(
        requested=Sum("requested", default=0), produced=Sum("produced", default=0), items=Count("pk")
    )
    finished = run.items.filter(finished=True).count()
    dropped: Counter[str] = Counter()
    for reasons in run.items.exclude(dropped={}).values_list("dropped", flat=True):
        dropped.update(reasons)
    per_minute = _per_minute(run, produced=sums["produced"], now=now)
    missing = sums["requested"] - sums["produced"]
    queued = run.status == JobStatus.QUEUED
    ahead = GenerationRun.objects.filter(status__in=OPEN_STATUSES, pk__lt=run.pk).count() if queued else 0
    return RunProgress(
        requested=sums["requested"],
        produced=sums["produced"],
        items=sums["items"],
        items_finished=finished,
        dropped=tuple(dropped.most_common()),
        per_minute=per_minute,
        remaining=timedelta(minutes=missing / per_minute) if run.is_open and per_minute else None,
        ahead=ahead,
        waits_long=queued and not ahead and now - run.created_at > LONG_WAIT,
        stalled=run.status == JobStatus.RUNNING and run.lease_until is not None and run.lease_until < now,
    )


def _per_minute(run: GenerationRun, *, produced: int, now: datetime) -> float | None:
    """Texts per minute since a worker took the run; None before the first text."""
    if run.started_at is None or not produced:
        return None
    minutes = ((run.finished_at or now) - run.started_at).total_seconds() / 60
    return produced / minutes if minutes > 0 else None


def run_items(run: GenerationRun) -> QuerySet[BriefItem]:
    """What each item of the run is about, in the order in which they are written."""
    return (
        BriefItem.objects.filter(brief_run__run=run, workspace_id=run.workspace_id)
        .select_related("item", "product", "segment", "channel")
        .order_by("item__position")
    )


def candidates(workspace: Workspace) -> QuerySet[Candidate]:
    """With what a candidate's card shows; ``adopted`` is the list of its variants, of one or none."""
    return (
        Candidate.objects.filter(workspace=workspace)
        .select_related(
            "item__brief_item__channel",
            "item__brief_item__product",
            "item__brief_item__segment",
            "item__brief_item__brief_run__brief",
        )
        .prefetch_related(
            Prefetch("variants", queryset=Variant.objects.only("pk", "candidate_id", "status"), to_attr="adopted")
        )
    )


def run_candidates(run: GenerationRun) -> QuerySet[Candidate]:
    """The run's candidates in the order in which they came."""
    return candidates(run.workspace).filter(item__run=run).order_by("pk")


def candidate_get_for(*, workspace: Workspace, pk: int) -> Candidate:
    """The candidate; Http404 where there is none of that number in this workspace."""
    candidate = candidates(workspace).filter(pk=pk).first()
    if candidate is None:
        raise Http404
    return candidate

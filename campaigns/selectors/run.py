"""Reading generation runs with what they are about, and their candidates as they come."""

from __future__ import annotations

from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404

from campaigns.models import Brand, Brief, Campaign, Variant
from copystudio.db import OPEN_STATUSES
from copystudio.models import Workspace
from generation.models import Candidate, GenerationRun

LIVE = 24  # candidates of the live list; the pages of all candidates take over behind them
PAUSED = "paused"  # what the badge says of an open run that somebody paused, in place of its status
IS_PAUSED = Q(paused_at__isnull=False, status__in=OPEN_STATUSES)


def runs(workspace: Workspace) -> QuerySet[GenerationRun]:
    """With what a row of a list shows."""
    return (
        GenerationRun.objects.filter(workspace=workspace)
        .select_related(
            "created_by", "model_version__language_model", "brief_run__brief__campaign__brand", "parent__item"
        )
        .order_by("-id")
    )


def runs_in_state(rows: QuerySet[GenerationRun], state: str) -> QuerySet[GenerationRun]:
    """Those of the rows whose badge says ``state``, a JobStatus or PAUSED."""
    return rows.filter(IS_PAUSED) if state == PAUSED else rows.filter(~IS_PAUSED, status=state)


def runs_of_brief(brief: Brief) -> QuerySet[GenerationRun]:
    return runs(brief.workspace).filter(brief_run__brief=brief)


def run_get_for(*, workspace: Workspace, pk: int) -> GenerationRun:
    """The run; Http404 where there is none of that number in this workspace."""
    run = runs(workspace).filter(pk=pk).first()
    if run is None:
        raise Http404
    run.workspace = workspace
    return run


def campaign_of(run: GenerationRun) -> Campaign | None:
    """The campaign that the run writes for; None where it has no brief. No query."""
    brief_run = getattr(run, "brief_run", None)
    return brief_run.brief.campaign if brief_run else None


def brand_that_chose(run: GenerationRun) -> Brand | None:
    """The brand whose own choice the run's model version is; None where the active one writes. No query."""
    campaign = campaign_of(run)
    brand = campaign.brand if campaign else None
    return brand if brand and brand.model_version_id == run.model_version_id else None


def candidates(workspace: Workspace) -> QuerySet[Candidate]:
    """With what a candidate's card shows; ``adopted`` is the list of its variants, of one or none, and ``children_runs`` are
    those that were asked for from it."""
    return (
        Candidate.objects.filter(workspace=workspace)
        .select_related(
            "item__brief_item__channel",
            "item__brief_item__product",
            "item__brief_item__segment",
            "item__brief_item__brief_run__brief",
        )
        .prefetch_related(
            Prefetch("variants", queryset=Variant.objects.only("pk", "candidate_id", "status"), to_attr="adopted"),
            Prefetch("children_runs", queryset=GenerationRun.objects.only("pk", "parent_id", "tweak").order_by("pk")),
        )
    )


def run_live(run: GenerationRun, *, after: int, room: int) -> list[Candidate]:
    """At most ``room`` of the run's candidates that came after the one numbered ``after``, in the order in which they came.

    The first ones are looked for in the first items that have any: who opens the page of a long run does not wait until
    all of its candidates are put in order.
    """
    rows = candidates(run.workspace).filter(item__run=run).order_by("pk")
    if not after:
        first = list(run.items.filter(produced__gt=0).order_by("position").values_list("pk", flat=True)[:LIVE])
        rows = rows.filter(item__in=first)
    return list(rows.filter(pk__gt=after)[:room]) if room > 0 else []


def candidate_language(candidate: Candidate) -> str:
    """The language that the candidate was asked for in: its brief's, unless somebody asked for it in the other one."""
    return str(candidate.item.payload.get("language") or candidate.item.brief_item.brief_run.brief.language)


def candidate_get_for(*, workspace: Workspace, pk: int) -> Candidate:
    """The candidate; Http404 where there is none of that number in this workspace."""
    candidate = candidates(workspace).filter(pk=pk).first()
    if candidate is None:
        raise Http404
    return candidate

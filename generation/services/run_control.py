"""What people do with a run that was started: cancel, pause, go on, try what is missing again."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from copystudio.access import require
from copystudio.db import ATTEMPTS, OPEN_STATUSES, JobStatus, locked
from copystudio.errors import InvalidInputError, TransitionError
from copystudio.models import Role, User
from copystudio.services.events import event_record
from copystudio.services.jobs import job_ring
from generation.models import GenerationRun
from generation.services.blocks import blocks_create, blocks_lock, items_unfinished, run_settle
from generation.services.run import version_keep


def _begin(*, actor: User, run: GenerationRun) -> GenerationRun:
    blocks_lock(run.pk)
    current = locked(GenerationRun, pk=run.pk)
    require(actor=actor, workspace=current.workspace, role=Role.COPYWRITER)
    return current


def _event(actor: User, run: GenerationRun, verb: str, **data: object) -> None:
    event_record(actor=actor, workspace=run.workspace, verb=f"generationrun.{verb}", target=run, data=data)


def run_cancel(*, actor: User, run: GenerationRun) -> GenerationRun:
    """Ask the run to stop: blocks that wait end now, those in work within a heartbeat. Texts that came stay."""
    with transaction.atomic():
        current = _begin(actor=actor, run=run)
        if not current.is_open:
            raise TransitionError
        if current.cancel_requested_at is None:  # pressing twice is one wish
            GenerationRun.objects.filter(pk=current.pk).update(cancel_requested_at=Now(), paused_at=None)
            _event(actor, current, "cancel")
            current.blocks.filter(status=JobStatus.QUEUED).update(status=JobStatus.CANCELLED, finished_at=Now())
            current.blocks.filter(status=JobStatus.RUNNING).update(cancel_requested_at=Now())
            run_settle(current.pk)
        current.refresh_from_db()
        return current


def run_pause(*, actor: User, run: GenerationRun) -> GenerationRun:
    """Let no worker take up the run for now; one that works on it puts its block back."""
    with transaction.atomic():
        current = _begin(actor=actor, run=run)
        if not current.is_open or current.cancel_requested_at is not None:
            raise TransitionError
        if current.paused_at is None:
            GenerationRun.objects.filter(pk=current.pk).update(paused_at=Now())
            current.blocks.filter(status=JobStatus.RUNNING).update(cancel_requested_at=Now())
            _event(actor, current, "pause")
        current.refresh_from_db()
        return current


def run_resume(*, actor: User, run: GenerationRun) -> GenerationRun:
    """Go on with a run that was paused, cancelled or failed: with the items that are not done. Raises TransitionError
    also where an equal run is open, and BusyError where the files of its version were deleted."""
    with transaction.atomic():
        current = _begin(actor=actor, run=run)
        version_keep(current.model_version, current.workspace)
        if current.paused_at is not None and current.is_open:
            # a worker that has not seen the pause goes on, and whoever takes over from one that is gone does not stop
            current.blocks.filter(status=JobStatus.RUNNING).update(cancel_requested_at=None)
            GenerationRun.objects.filter(pk=current.pk).update(paused_at=None, updated_at=Now())
        elif current.status in (JobStatus.CANCELLED, JobStatus.FAILED):
            waiting = current.blocks.filter(items__finished=False).exclude(status__in=OPEN_STATUSES).distinct()
            if not waiting.update(status=JobStatus.QUEUED, attempt=0, **_AFRESH):
                raise InvalidInputError(_("Every item was tried. “Try again” writes what is missing."))
            _reopen(current)
        else:
            raise TransitionError
        _event(actor, current, "resume")
        current.refresh_from_db()
        job_ring(current)
        return current


_AFRESH: dict[str, Any] = {
    "cancel_requested_at": None,
    "error_code": "",
    "error_params": {},
    "finished_at": None,
    "lease_until": None,
    "max_attempts": ATTEMPTS,
}


def _reopen(run: GenerationRun) -> None:
    try:
        with transaction.atomic():
            GenerationRun.objects.filter(pk=run.pk).update(
                status=JobStatus.QUEUED, attempt=0, paused_at=None, updated_at=Now(), **_AFRESH
            )
    except IntegrityError as error:
        if "generation_run_open_once" not in str(error):
            raise
        raise TransitionError(
            _("An equal run is already open. Let it end, or cancel it, before you take this one up again.")
        ) from None


def run_retry(*, actor: User, run: GenerationRun, items: Sequence[int] | None = None) -> GenerationRun:
    """Write what is missing of a run that ended: the given items (their ids), or every one with fewer texts than were
    asked for. They are drawn anew, and what they have stays. Raises TransitionError also where an equal run is open, and
    BusyError where the files of its version were deleted."""
    with transaction.atomic():
        current = _begin(actor=actor, run=run)
        if current.is_open:
            raise TransitionError
        version_keep(current.model_version, current.workspace)
        short = items_unfinished(current).select_for_update(of=("self",)).order_by("position")
        short = short.only("pk", "run", "group", "requested")
        rows = list(short if items is None else short.filter(pk__in=items))
        if not rows:
            raise InvalidInputError(_("Nothing is missing: every item has the texts that were asked for."))
        blocks_create(run=current, items=rows)
        for block, part in groupby(rows, key=lambda row: row.block):
            ids = [row.pk for row in part]
            current.items.filter(pk__in=ids).update(block=block, finished=False, error="")
        _reopen(current)
        _event(actor, current, "retry", items=len(rows))
        current.refresh_from_db()
        job_ring(current)
        return current

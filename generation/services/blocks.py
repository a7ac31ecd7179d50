"""Blocks of a generation run: who gets which one next, and when the run is over.

A run is asked for whole and worked on in blocks, so that several workers share it and a small request does not wait behind a
catalogue: each doorbell makes one worker take one block, of the run that has waited longest for its turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest, Now

from copystudio.db import ATTEMPTS, OPEN_STATUSES, JobStatus, locked
from copystudio.models import Outbox
from copystudio.services.jobs import JobKeeper, job_claim, job_close, job_later, job_ring, job_still_mine
from generation.models import Candidate, GenerationBlock, GenerationItem, GenerationRun
from generation.services.writers import computes_here

# Texts of one block: while its last items are written slots are idle, so that many small blocks would be slow.
TEXTS = 256
SHARED_TEXTS = 64  # the same where a model server writes: several workers ask it at once for one run
# Who was served within this time waits until a turn ends, which takes less. Many small runs would halt it again
# and again.
LATELY = timedelta(minutes=10)
_TRIES = 5


def blocks_create(*, run: GenerationRun, items: Sequence[GenerationItem]) -> None:
    """Divide unsaved or saved items of the run into new blocks, in their order; fields that are read together stay
    together. Part of the caller's transaction."""
    first = (run.blocks.aggregate(last=Max("number"))["last"] or 0) + 1
    parts: list[list[GenerationItem]] = []
    most = TEXTS if computes_here() else SHARED_TEXTS
    texts, group = most, None
    for item in items:
        if texts >= most and (item.group is None or item.group != group):
            parts.append([])
            texts = 0
        parts[-1].append(item)
        texts, group = texts + item.requested, item.group
    blocks = GenerationBlock.objects.bulk_create(
        GenerationBlock(
            workspace_id=run.workspace_id,
            run=run,
            number=first + n,
            total=sum(item.requested for item in part),
            created_by_id=run.created_by_id,
        )
        for n, part in enumerate(parts)
    )
    for block, part in zip(blocks, parts, strict=True):
        for item in part:
            item.block = block


def blocks_open() -> QuerySet[GenerationBlock]:
    """Blocks that a worker may take now: nobody works on them, and their run is not paused. Those of a run that is being
    cancelled too: taking them ends them, and so the run."""
    lost = Q(status=JobStatus.RUNNING, lease_until__lt=Now())
    free = Q(status=JobStatus.QUEUED) & GenerationBlock.due | lost
    return GenerationBlock.objects.filter(free, run__paused_at__isnull=True, run__status__in=OPEN_STATUSES)


def block_next() -> GenerationBlock | None:
    """Claim the block whose turn it is: of the person who was served longest ago, in runs that ended too, then of their
    run that was."""
    served = _served_runs().order_by("-served_at").values("served_at")
    turns = blocks_open().annotate(person_served=Subquery(served[:1]))
    turns = turns.order_by(
        F("person_served").asc(nulls_first=True), F("run__served_at").asc(nulls_first=True), "run_id", "number"
    )
    for _try in range(_TRIES):  # another worker may take the same one
        pk = turns.values_list("pk", flat=True).first()
        if pk is None:
            return None
        with transaction.atomic():
            block = job_claim(GenerationBlock, pk)
            if block is None:
                run_settle(GenerationBlock.objects.get(pk=pk).run_id)  # it may have met its last attempt
            elif block.run.cancel_requested_at is not None:
                block_end(block, JobStatus.CANCELLED)
            elif block.run.paused_at is not None:  # since we looked
                block_release(block)
            else:
                _serve(block)
                return block
    return None


def _served_runs() -> QuerySet[GenerationRun]:
    """For a query of blocks: runs of the block's person that had a turn, open or ended."""
    return GenerationRun.objects.filter(created_by=OuterRef("run__created_by"), served_at__isnull=False)


def _serve(block: GenerationBlock) -> None:
    """The block's run is being worked on. Rings for the next block, so that an idle worker takes it."""
    GenerationRun.objects.filter(pk=block.run_id, status__in=OPEN_STATUSES).update(
        status=JobStatus.RUNNING,
        served_at=Now(),
        started_at=Coalesce("started_at", Now()),
        attempt=Greatest("attempt", block.attempt),
        lease_until=Now() + timedelta(seconds=settings.JOB_LEASE_SECONDS),
        heartbeat_at=Now(),
        worker=block.worker,
    )
    if blocks_open().exclude(pk=block.pk).exists():
        job_ring(block.run)


class BlockKeeper(JobKeeper):
    """Keeps the lease of the block, and shows at its run that somebody works on it."""

    job: GenerationBlock

    def __init__(self, job: GenerationBlock) -> None:
        super().__init__(job)
        self.rung: set[tuple[int, int]] = set()  # blocks and fences

    def beat(self) -> None:
        super().beat()
        if not self.lost.is_set():
            lease = Now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)
            rows = GenerationRun.objects.filter(pk=self.job.run_id, status=JobStatus.RUNNING)
            rows.update(heartbeat_at=Now(), lease_until=lease)
            self._ring_for_lost()

    def _ring_for_lost(self) -> None:
        """The sweeper sees a run that somebody works on: what another worker left of it is ours to ring for, once. Through the
        outbox: no lease waits for the broker."""
        lost = blocks_open().filter(run=self.job.run_id, status=JobStatus.RUNNING).values_list("pk", "fence")
        if found := set(lost) - self.rung:
            self.rung |= found
            Outbox.objects.create(
                workspace_id=self.job.workspace_id, task=GenerationRun.task, object_id=self.job.run_id
            )


def somebody_waits_for_a_first_turn(block: GenerationBlock) -> bool:
    """Whether a run that no worker has touched yet waits, of the block's person or of one who was not served lately."""
    lately = _served_runs().filter(served_at__gt=Now() - LATELY)
    waiting = blocks_open().filter(run__served_at__isnull=True).exclude(run=block.run_id)
    return waiting.filter(Q(run__created_by=block.created_by_id) | ~Exists(lately)).exists()


def another_run_waits(block: GenerationBlock) -> bool:
    """Whether a run waits whose turn it is before that of the block's: one of the same person that was served longer ago, or of
    another person, and nobody works for it just now."""
    at_work = GenerationBlock.objects.filter(status=JobStatus.RUNNING, lease_until__gt=Now())
    mine = GenerationRun.objects.filter(pk=block.run_id).values("served_at")[:1]
    is_own = Q(run__created_by=block.created_by_id)
    own = is_own & Q(run__served_at__lt=Subquery(mine)) & ~Exists(at_work.filter(run=OuterRef("run")))
    others = ~is_own & ~Exists(at_work.filter(run__created_by=OuterRef("run__created_by")))
    return blocks_open().exclude(run=block.run_id).filter(own | others).exists()


def block_release(block: GenerationBlock) -> None:
    """Put the block back under our fence, for a later turn: what is written of it stays. It does not count as an attempt."""
    with transaction.atomic():
        if block_later(block, attempt=F("attempt") - 1):
            job_ring(block.run)


def tries(block: GenerationBlock) -> int:
    """Which attempt at the block this is since one got on: from 1. Whoever gets on leaves ATTEMPTS more."""
    return max(1, block.attempt - block.max_attempts + ATTEMPTS)


def block_later(block: GenerationBlock, **values: Any) -> bool:
    """Queue the block again under our fence, with these values of its columns. Of a run that is being cancelled it ends
    instead, because nobody would take it again. Returns whether it waits."""
    with transaction.atomic():
        job_still_mine(block)
        if locked(GenerationRun, pk=block.run_id).cancel_requested_at is not None:
            block_end(block, JobStatus.CANCELLED)
            return False
        job_later(block, cancel_requested_at=None, **values)
        return True


def block_end(block: GenerationBlock, status: JobStatus, *, code: str = "", detail: str = "") -> None:
    """End the block under our fence, and its run with the last one."""
    with transaction.atomic():
        current = job_still_mine(block)
        GenerationBlock.objects.filter(pk=current.pk).update(
            status=status,
            error_code=code,
            error_params={"detail": detail[:500]} if detail else {},
            lease_until=None,
            finished_at=Now(),
        )
        run_settle(block.run_id)


def run_fail(block: GenerationBlock, *, code: str, detail: str = "") -> None:
    """The whole run fails with this block, because every other one would: the model does not load."""
    params = {"detail": detail[:500]} if detail else {}
    with transaction.atomic():
        blocks_lock(block.run_id)
        job_still_mine(block)
        run = locked(GenerationRun, pk=block.run_id)
        run.blocks.filter(status__in=OPEN_STATUSES).update(
            status=JobStatus.FAILED, error_code=code, error_params=params, lease_until=None, finished_at=Now()
        )
        if run.is_open and run.cancel_requested_at is not None:
            _end(run, JobStatus.CANCELLED)
        elif run.is_open:
            _end(run, JobStatus.FAILED, code, params)


def blocks_lock(run_id: int) -> None:
    """Lock the run's open blocks, always in the same order and before the run, as workers lock theirs: none waits for one
    that waits for it."""
    list(
        GenerationBlock.objects.select_for_update(of=("self",))
        .filter(run_id=run_id, status__in=OPEN_STATUSES)
        .order_by("pk")
        .values_list("pk", flat=True)
    )


def run_settle(run_id: int) -> None:
    """End the run where no block of it is open any more. Part of the caller's transaction."""
    run = locked(GenerationRun, pk=run_id)
    if not run.is_open or run.blocks.filter(status__in=OPEN_STATUSES).exists():
        return
    if run.cancel_requested_at is not None:
        _end(run, JobStatus.CANCELLED)
    elif Candidate.objects.filter(item__run=run).exists():
        _end(run, JobStatus.SUCCEEDED)
    else:
        # of former tries no item is left in their blocks, or they ended before
        failed = run.blocks.filter(status=JobStatus.FAILED, items__isnull=False).order_by("-finished_at").first()
        if failed is not None:
            _end(run, JobStatus.FAILED, failed.error_code, failed.error_params)
        else:
            _end(run, JobStatus.FAILED, "nothing_passed")


def _end(run: GenerationRun, status: JobStatus, code: str = "", params: dict[str, Any] | None = None) -> None:
    GenerationRun.objects.filter(pk=run.pk).update(paused_at=None)
    job_close(run, status, code=code, params=params)


def items_unfinished(run: GenerationRun) -> QuerySet[GenerationItem]:
    """Items that have fewer texts than were asked for, whatever the reason."""
    return run.items.filter(produced__lt=F("requested"))

"""How far a generation run is, how fast, and what it waits for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import ngettext

from campaigns.selectors.sentences import run_error
from copystudio.db import OPEN_STATUSES, JobStatus
from generation.models import GenerationBlock, GenerationItem, GenerationRun

# A queued run that no worker took for this long, while none works on another: probably none is running.
LONG_WAIT = timedelta(seconds=60)


def duration_text(duration: timedelta | None) -> str:
    """A time in the present language, coarse as any estimate: hours, minutes, or seconds below one; empty for None."""
    if duration is None:
        return ""
    minutes, seconds = divmod(int(duration.total_seconds()), 60)
    hours = round(minutes / 60)
    if minutes >= 120:
        return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
    if minutes:
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    return ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds}


@dataclass(frozen=True)
class ServerAway:
    """A model server that gives no texts: the code and the words of the last error, and when it is asked again, None while
    it is."""

    code: str
    detail: str
    until: datetime | None = None
    wait: timedelta | None = None


@dataclass(frozen=True)
class RunProgress:
    """How far a run is. Times are measured by the web server's clock and only shown, never decided by.

    workers      that write on it now
    worker_rate  texts that one worker writes in a minute, over the time that was written; None before the first text
    ahead        runs that get their first turn before it
    between      it was begun, and waits for its next turn
    stalled      whoever wrote on it does not answer, and nobody else writes
    away         what all that is left of it waits for, or all who work on it ask again
    """

    requested: int
    produced: int
    outputs: int
    dropped: tuple[tuple[str, int], ...]
    workers: int
    worker_rate: float | None
    remaining: timedelta | None
    ahead: int
    waits_long: bool
    between: bool
    stalled: bool
    away: ServerAway | None

    @property
    def percent(self) -> int:
        return min(100, 100 * self.produced // self.requested) if self.requested else 0

    @property
    def per_minute(self) -> float | None:
        """Texts a minute of those who write now; None where nobody does."""
        return self.worker_rate * self.workers if self.worker_rate and self.workers else None

    @property
    def remaining_text(self) -> str:
        return duration_text(self.remaining)

    @property
    def away_text(self) -> str:
        return duration_text(self.away.wait if self.away else None)

    @property
    def missing(self) -> int:
        return max(0, self.requested - self.produced)

    @property
    def passed(self) -> int:
        """Outputs that met the checks; those that are not among the texts were no better than these."""
        return max(self.produced, self.outputs - self.dropped_total)

    @property
    def dropped_total(self) -> int:
        return sum(count for _reason, count in self.dropped)


def run_progress(run: GenerationRun, *, now: datetime | None = None) -> RunProgress:
    """From the sums that are kept with the run, its blocks in work and, while it waits, the other runs: no item is read."""
    now = now or timezone.now()
    workers, lost, asking = _workers(run, now) if run.is_open else (0, 0, 0)
    waits = run.status == JobStatus.QUEUED and not run.is_paused
    between = run.status == JobStatus.RUNNING and not workers and not lost
    away = _server_away(run, now) if between and not run.is_paused else None
    if workers and workers == asking and not run.is_paused:
        away = _server_asked_again(run)
    ahead = runs_waiting().filter(pk__lt=run.pk).count() if waits and run.served_at is None else 0
    rate = 60 * run.done / run.seconds if run.done and run.seconds > 0 else None
    return RunProgress(
        requested=run.total,
        produced=run.done,
        outputs=run.outputs,
        dropped=tuple(sorted(run.dropped.items(), key=lambda one: -one[1])),
        workers=workers,
        worker_rate=rate,
        remaining=timedelta(minutes=max(0, run.total - run.done) / (rate * workers)) if rate and workers else None,
        ahead=ahead,
        waits_long=waits and not ahead and now - run.updated_at > LONG_WAIT and not somebody_works(now),
        between=between,
        stalled=lost > 0 and not workers,
        away=away,
    )


def _workers(run: GenerationRun, now: datetime) -> tuple[int, int, int]:
    """How many blocks of the run are being written, how many by a worker that does not answer any more, and of how many of
    the former the model server was away and has given no text since."""
    rows, alive = run.blocks.filter(status=JobStatus.RUNNING), Q(lease_until__gte=now)
    found = rows.aggregate(
        alive=Count("pk", filter=alive), all=Count("pk"), asking=Count("pk", filter=alive & ~Q(error_code=""))
    )
    return found["alive"], found["all"] - found["alive"], found["asking"]


def _server_asked_again(run: GenerationRun) -> ServerAway | None:
    block = run.blocks.filter(status=JobStatus.RUNNING).exclude(error_code="").order_by("number").first()
    return _away(block) if block else None


def _away(block: GenerationBlock, **when: Any) -> ServerAway:
    return ServerAway(block.error_code, str(block.error_params.get("detail", "")), **when)


def _server_away(run: GenerationRun, now: datetime) -> ServerAway | None:
    """The model server that every block of the run waits for; None where one can be taken now."""
    waiting = run.blocks.filter(status=JobStatus.QUEUED).order_by(F("lease_until").asc(nulls_first=True))
    block = waiting.first()
    if block is None or block.lease_until is None or block.lease_until <= now:
        return None
    return _away(block, until=block.lease_until, wait=block.lease_until - now)


def failed_block(run: GenerationRun) -> GenerationBlock | None:
    """The first block that failed and whose items nobody has written since; None where there is none."""
    rows = run.blocks.filter(status=JobStatus.FAILED, items__finished=False)
    return rows.order_by("number").first()


def runs_waiting() -> QuerySet[GenerationRun]:
    """Runs of everybody that wait for their first turn; of other workspaces only their number may be shown."""
    return GenerationRun.objects.filter(
        status=JobStatus.QUEUED, served_at__isnull=True, paused_at__isnull=True, cancel_requested_at__isnull=True
    )


def runs_under_way() -> QuerySet[GenerationRun]:
    """Runs of everybody that workers share: open, and neither paused nor being cancelled."""
    return GenerationRun.objects.filter(
        status__in=OPEN_STATUSES, paused_at__isnull=True, cancel_requested_at__isnull=True
    )


def somebody_works(now: datetime) -> bool:
    return GenerationBlock.objects.filter(status=JobStatus.RUNNING, lease_until__gte=now).exists()


@dataclass(frozen=True)
class BlockFailure:
    """Why blocks of a run failed: what happened, what can be done about it, what the machine said, and their numbers."""

    what: str
    advice: str
    detail: str
    blocks: frozenset[int]


@dataclass(frozen=True)
class ItemCounts:
    """How many items of a run have all their texts, fewer than were asked for, an error, or are not done.

    given_up  of those that failed, how many failed with their block: they are not finished, and “Go on” takes them up
    failures  why blocks of the run failed; empty where every item is done
    """

    total: int
    complete: int
    short: int
    failed: int
    given_up: int = 0
    failures: tuple[BlockFailure, ...] = ()

    @property
    def waiting(self) -> int:
        return self.total - self.complete - self.short - self.failed

    @property
    def unfinished(self) -> int:
        """What somebody may still write: what waits, and what failed with its block."""
        return self.waiting + self.given_up

    @property
    def failed_blocks(self) -> frozenset[int]:
        return frozenset(block for failure in self.failures for block in failure.blocks)

    def of(self, state: str) -> int:
        return int(getattr(self, state)) if state else self.total


_FEWER = Q(produced__lt=F("requested"))
_UNFINISHED = _FEWER & Q(finished=False, error="")
_GIVEN_UP = Q(Exists(GenerationBlock.objects.filter(pk=OuterRef("block"), status=JobStatus.FAILED)))
# the state of an item, as a filter: each item is in exactly one
STATES: dict[str, Q] = {
    "failed": _FEWER & (~Q(error="") | Q(finished=False) & _GIVEN_UP),
    "short": _FEWER & Q(finished=True, error=""),
    "complete": Q(produced__gte=F("requested")),
    "waiting": _UNFINISHED & ~_GIVEN_UP,
}


def item_counts(run: GenerationRun) -> ItemCounts:
    """All items by their numbers and the few with an error by theirs: indexes only. While some are not done, the run's
    blocks that failed besides."""
    rows = GenerationItem.objects.filter(run=run).order_by()
    sums = rows.aggregate(
        total=Count("pk"),
        complete=Count("pk", filter=STATES["complete"]),
        ended=Count("pk", filter=_FEWER & Q(finished=True)),
    )
    failed = rows.filter(_FEWER & ~Q(error="")).aggregate(all=Count("pk"), ended=Count("pk", filter=Q(finished=True)))
    is_done = sums["total"] == sums["complete"] + sums["ended"]
    failures = () if is_done else _failures(run)
    lost = [block for failure in failures for block in failure.blocks]
    given_up = rows.filter(_UNFINISHED, block__in=lost).count() if lost else 0
    return ItemCounts(
        total=sums["total"],
        complete=sums["complete"],
        short=sums["ended"] - failed["ended"],
        failed=failed["all"] + given_up,
        given_up=given_up,
        failures=failures,
    )


def _failures(run: GenerationRun) -> tuple[BlockFailure, ...]:
    """Of many blocks that failed for one reason, that reason once."""
    found: dict[tuple[str, str], set[int]] = {}
    for block in run.blocks.filter(status=JobStatus.FAILED).only("error_code", "error_params"):
        found.setdefault((block.error_code, str(block.error_params.get("detail", ""))), set()).add(block.pk)
    return tuple(
        BlockFailure(*run_error(code), detail, frozenset(numbers)) for (code, detail), numbers in found.items()
    )

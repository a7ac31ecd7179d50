"""Jobs: rows with lease, heartbeat, fence and attempt cap. The broker is only a doorbell.

Life of a job: a service creates the row and calls ``job_ring`` in the same transaction; a worker claims the row
(``job_claim``) and keeps its lease alive (``job_kept``); every effect is written under the claim's fence
(``job_still_mine``); ``jobs_sweep`` rings again for rows that nobody works on and gives up after ``max_attempts``.
Leases are measured by the database's clock, never by a worker's.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now
from django.utils.module_loading import import_string

from copystudio.access import require
from copystudio.db import OPEN_STATUSES, Job, JobStatus, locked
from copystudio.errors import TransitionError
from copystudio.models import Outbox, Role, User
from copystudio.services.events import event_record

J = TypeVar("J", bound=Job)
log = logging.getLogger(__name__)


class LeaseLostError(Exception):
    """Another worker has taken the job over; this one must stop and write nothing."""


class JobCancelledError(Exception):
    """Somebody asked to cancel; the worker stops at the next good point."""


def worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


# -- ringing ---------------------------------------------------------------------------------------------------------


def job_ring(job: Job) -> None:
    """Put a doorbell into the outbox (inside the caller's transaction) and ring it after the commit."""
    bell = Outbox.objects.create(workspace_id=job.workspace_id, task=job.task, object_id=job.pk)
    transaction.on_commit(lambda: outbox_ring(bell))


def outbox_ring(bell: Outbox) -> bool:
    """Send the message and forget the bell. With the broker away the bell stays for the sweeper; never raises."""
    if not _send(bell.task, bell.object_id):
        return False
    Outbox.objects.filter(pk=bell.pk).delete()
    return True


def _send(task: str, pk: int, **options: Any) -> bool:
    from copystudio.celery import app

    try:
        app.send_task(task, args=[pk], retry=False, ignore_result=True, **options)
    except Exception as error:  # noqa: BLE001 (any transport error means the same: ring again later)
        log.warning("broker unavailable, %s %s is rung later: %s", task, pk, error)
        return False
    return True


# -- working ---------------------------------------------------------------------------------------------------------


def job_claim(model: type[J], pk: int) -> J | None:
    """Take a queued job, or one whose lease ran out. None when there is nothing to take: a doorbell may ring twice."""
    with transaction.atomic():
        free = (Q(status=JobStatus.QUEUED) & model.due) | Q(status=JobStatus.RUNNING, lease_until__lt=Now())
        job = model._default_manager.select_for_update(skip_locked=True, of=("self",)).filter(free, pk=pk).first()
        if job is None:
            return None
        if job.cancel_requested_at is not None:
            job_close(job, JobStatus.CANCELLED)
            return None
        if job.attempt >= job.max_attempts:
            job_close(job, JobStatus.FAILED, code="attempts", params={"attempts": job.attempt})
            return None
        model._default_manager.filter(pk=pk).update(
            status=JobStatus.RUNNING,
            attempt=F("attempt") + 1,
            fence=F("fence") + 1,
            lease_until=Now() + timedelta(seconds=settings.JOB_LEASE_SECONDS),
            heartbeat_at=Now(),
            started_at=Coalesce("started_at", Now()),
            worker=worker_name(),
        )
        job.refresh_from_db()
        return job


class JobKeeper:
    """Tells the work whether it may go on. ``check`` is cheap: a thread talks to the database."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.lost = threading.Event()
        self.cancelled = threading.Event()
        self.stop = threading.Event()
        self.progress: dict[str, Any] = {}  # columns that the next beat writes, for work inside one long transaction

    def check(self) -> None:
        """Raise LeaseLostError or JobCancelledError where the work must stop."""
        if self.lost.is_set():
            raise LeaseLostError
        if self.cancelled.is_set():
            raise JobCancelledError

    def should_stop(self) -> bool:
        return self.lost.is_set() or self.cancelled.is_set()

    def beat(self) -> None:
        """Extend the lease under our fence; note a lost lease and a wish to cancel."""
        rows = type(self.job)._default_manager.filter(pk=self.job.pk, fence=self.job.fence, status=JobStatus.RUNNING)
        extended = rows.update(
            heartbeat_at=Now(), lease_until=Now() + timedelta(seconds=settings.JOB_LEASE_SECONDS), **self.progress
        )
        if not extended:
            self.lost.set()
        elif rows.filter(cancel_requested_at__isnull=False).exists():
            self.cancelled.set()

    def run(self) -> None:
        try:
            while not self.stop.wait(settings.JOB_HEARTBEAT_SECONDS) and not self.lost.is_set():
                try:
                    self.beat()
                except Exception as error:  # noqa: BLE001 (the database may come back before the lease ends)
                    log.warning("heartbeat of %s %s failed: %s", self.job.task, self.job.pk, error)
                    connection.close()
        finally:
            connection.close()


K = TypeVar("K", bound=JobKeeper)


@contextmanager
def keeping(keeper: K) -> Iterator[K]:
    """Keep the lease alive from a thread of its own while the block works."""
    job = keeper.job
    thread = threading.Thread(target=keeper.run, name=f"lease-{job.task}-{job.pk}", daemon=True)
    thread.start()
    try:
        yield keeper
    finally:
        keeper.stop.set()
        thread.join(timeout=10)


@contextmanager
def job_kept(job: Job) -> Iterator[JobKeeper]:
    """As ``keeping``, by a keeper that does no more."""
    with keeping(JobKeeper(job)) as keeper:
        yield keeper


def job_still_mine(job: J) -> J:
    """Lock the row and make sure that our claim still holds. Call it first in every transaction that writes effects."""
    model = type(job)
    current = model._default_manager.select_for_update(of=("self",)).filter(pk=job.pk, fence=job.fence).first()
    if current is None or current.status != JobStatus.RUNNING:
        raise LeaseLostError
    return current


def job_progress(job: Job, *, done: int, total: int | None = None, step: str | None = None) -> None:
    """Note how far the work is. A lost lease writes nothing and raises LeaseLostError."""
    values: dict[str, Any] = {"done": done}
    if total is not None:
        values["total"] = total
    if step is not None:
        values["step"] = step
    rows = type(job)._default_manager.filter(pk=job.pk, fence=job.fence, status=JobStatus.RUNNING)
    if not rows.update(**values):
        raise LeaseLostError


def job_end(job: J, status: JobStatus, *, code: str = "", params: dict[str, Any] | None = None) -> J:
    """End the job under our fence, with its event. A lost lease raises LeaseLostError."""
    with transaction.atomic():
        current = job_still_mine(job)
        job_close(current, status, code=code, params=params)
        return current


def job_later(job: J, **values: Any) -> J:
    """Queue the job again under our fence, for another try when it is due. A lost lease raises LeaseLostError.

    ``values`` are columns of the model's own, written with it. The sweeper rings for the row once it is due.
    """
    with transaction.atomic():
        current = job_still_mine(job)
        type(job)._default_manager.filter(pk=current.pk).update(
            **{"status": JobStatus.QUEUED, "lease_until": None, **values}
        )
        current.refresh_from_db()
        return current


def job_close(job: Job, status: JobStatus, *, code: str = "", params: dict[str, Any] | None = None) -> None:
    """End a job whose row the caller has locked, with its event and whatever else its end means."""
    type(job)._default_manager.filter(pk=job.pk).update(
        status=status, error_code=code, error_params=params or {}, lease_until=None, finished_at=Now(), step=""
    )
    job.refresh_from_db()
    event_record(
        actor=None, workspace=job.workspace, verb=f"{job._meta.model_name}.{status}", target=job, data={"code": code}
    )
    if job.on_end:
        import_string(job.on_end)(job)


# -- people ----------------------------------------------------------------------------------------------------------


def job_cancel(*, actor: User, job: J, role: Role = Role.COPYWRITER) -> J:
    """Ask a job to stop: a waiting one ends at once, a running one at its next heartbeat."""
    with transaction.atomic():
        current = locked(type(job), pk=job.pk)
        require(actor=actor, workspace=current.workspace, role=role)
        if current.status not in OPEN_STATUSES:
            raise TransitionError
        if current.cancel_requested_at is not None:
            return current  # pressing twice is one wish
        type(job)._default_manager.filter(pk=current.pk).update(cancel_requested_at=Now())
        event_record(
            actor=actor, workspace=current.workspace, verb=f"{current._meta.model_name}.cancel", target=current
        )
        if current.status == JobStatus.QUEUED:
            job_close(current, JobStatus.CANCELLED)
        current.refresh_from_db()
        return current


def job_resume(*, actor: User, job: J, role: Role = Role.COPYWRITER) -> J:
    """Queue a cancelled or failed job again; it goes on from what it has kept."""
    with transaction.atomic():
        current = locked(type(job), pk=job.pk)
        require(actor=actor, workspace=current.workspace, role=role)
        if current.status not in (JobStatus.CANCELLED, JobStatus.FAILED):
            raise TransitionError
        event_record(
            actor=actor, workspace=current.workspace, verb=f"{current._meta.model_name}.resume", target=current
        )
        job_again(current)
        return current


def job_again(job: Job) -> None:
    """Queue a job that ended, whose row the caller has locked, as if it had never been tried."""
    type(job)._default_manager.filter(pk=job.pk).update(
        status=JobStatus.QUEUED,
        attempt=0,
        cancel_requested_at=None,
        error_code="",
        error_params={},
        finished_at=None,
        lease_until=None,
        updated_at=Now(),  # since when it waits for a worker
    )
    job.refresh_from_db()
    job_ring(job)


# -- sweeping --------------------------------------------------------------------------------------------------------


def job_models() -> list[type[Job]]:
    return [model for model in apps.get_models() if issubclass(model, Job)]


def jobs_sweep() -> int:
    """Ring again for every job that nobody works on. Returns how many doorbells were rung: fewer, and no error, where
    the broker is away, since the next sweep comes soon.
    """
    rung = 0
    for bell in Outbox.objects.filter(created_at__lt=Now() - timedelta(seconds=2)).order_by("id")[:500]:
        if not outbox_ring(bell):
            return rung
        rung += 1
    for model in filter(lambda one: one.task, job_models()):
        idle = (
            Q(status=JobStatus.RUNNING, lease_until__lt=Now())
            | Q(status=JobStatus.QUEUED, updated_at__lt=Now() - timedelta(seconds=settings.JOB_SWEEP_SECONDS))
            & model.due
        )
        for pk in model._default_manager.filter(idle).order_by("id").values_list("pk", flat=True)[:500]:
            if not _send(model.task, pk, expires=settings.JOB_SWEEP_SECONDS):
                return rung
            rung += 1
    return rung


def jobs_release(host: str) -> int:
    """End the leases of workers of this host that are known to be gone (after a crash), so that others take over."""
    return sum(
        model._default_manager.filter(status=JobStatus.RUNNING, worker__startswith=f"{host}:").update(
            lease_until=Now() - timedelta(seconds=1)
        )
        for model in job_models()
    )

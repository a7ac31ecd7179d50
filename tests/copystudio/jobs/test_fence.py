"""A worker that lost its lease carries an old fence and writes nothing any more."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from copystudio.db import JobStatus
from copystudio.models import Event
from copystudio.services.jobs import (
    JobCancelledError,
    JobKeeper,
    LeaseLostError,
    job_cancel,
    job_claim,
    job_end,
    job_kept,
    job_progress,
    job_still_mine,
)
from generation.models import GenerationItem, GenerationRun
from generation.services.run import ItemRequest, run_create
from tests.copystudio.jobs.conftest import MakeRun, expire
from tests.people import Cast, make_cast


@pytest.fixture
def stale(make_run: MakeRun) -> GenerationRun:
    """What the first worker holds after the second has taken over."""
    first = job_claim(GenerationRun, make_run().pk)
    assert first is not None
    expire(first)
    assert job_claim(GenerationRun, first.pk) is not None
    return first


def in_transaction(run: GenerationRun) -> None:
    with transaction.atomic():
        job_still_mine(run)
        GenerationItem.objects.filter(run=run).update(produced=1)


WRITES: list[Callable[[GenerationRun], object]] = [
    in_transaction,
    lambda run: job_progress(run, done=99, total=100, step="writing"),
    lambda run: job_end(run, JobStatus.SUCCEEDED),
    lambda run: job_end(run, JobStatus.FAILED, code="engine"),
]


@pytest.mark.parametrize("write", WRITES, ids=["effect", "progress", "success", "failure"])
def test_a_stale_worker_writes_nothing(stale: GenerationRun, write: Callable[[GenerationRun], object]) -> None:
    before = GenerationRun.objects.filter(pk=stale.pk).values().get()
    events = Event.objects.count()
    with pytest.raises(LeaseLostError):
        write(stale)
    assert GenerationRun.objects.filter(pk=stale.pk).values().get() == before
    assert Event.objects.count() == events
    assert GenerationItem.objects.get(run=stale).produced == 0


def test_a_stale_worker_does_not_prolong_the_lease_of_its_successor(stale: GenerationRun) -> None:
    before = GenerationRun.objects.get(pk=stale.pk).lease_until
    keeper = JobKeeper(stale)
    keeper.beat()
    assert GenerationRun.objects.get(pk=stale.pk).lease_until == before
    assert keeper.should_stop()
    with pytest.raises(LeaseLostError):
        keeper.check()


@pytest.mark.parametrize("status", [JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED])
def test_a_job_that_ended_is_written_by_nobody(make_run: MakeRun, status: JobStatus) -> None:
    run = job_claim(GenerationRun, make_run().pk)
    assert run is not None
    job_end(run, status)
    for write in WRITES:
        with pytest.raises(LeaseLostError):
            write(run)


def test_ending_writes_its_event_once(make_run: MakeRun) -> None:
    run = job_claim(GenerationRun, make_run().pk)
    assert run is not None
    ended = job_end(run, JobStatus.FAILED, code="memory", params={"detail": "x"})
    assert (ended.status, ended.error_code, ended.error_params) == ("failed", "memory", {"detail": "x"})
    assert Event.objects.filter(verb="generationrun.failed", object_id=run.pk).count() == 1


def test_a_heartbeat_prolongs_the_lease(make_run: MakeRun) -> None:
    run = job_claim(GenerationRun, make_run().pk)
    assert run is not None and run.lease_until is not None
    keeper = JobKeeper(run)
    keeper.beat()
    after = GenerationRun.objects.get(pk=run.pk)
    assert after.lease_until is not None and after.lease_until > run.lease_until
    assert after.heartbeat_at is not None and run.heartbeat_at is not None and after.heartbeat_at > run.heartbeat_at
    assert not keeper.should_stop()
    keeper.check()


def test_the_next_heartbeat_brings_the_wish_to_cancel(cast: Cast, make_run: MakeRun) -> None:
    run = job_claim(GenerationRun, make_run().pk)
    assert run is not None
    keeper = JobKeeper(run)
    job_cancel(actor=cast.copywriter, job=run)
    keeper.beat()
    assert keeper.should_stop()
    with pytest.raises(JobCancelledError):
        keeper.check()


def queued() -> tuple[Cast, GenerationRun]:
    cast = make_cast()
    items = [ItemRequest(payload={}, count=1)]
    run_create(actor=cast.copywriter, workspace=cast.workspace, label="A", items=items)
    run = job_claim(GenerationRun, GenerationRun.objects.get().pk)
    assert run is not None
    return cast, run


@pytest.mark.django_db(transaction=True)
def test_while_the_work_goes_on_a_thread_keeps_the_lease_and_ends_with_the_work(
    settings: pytest.FixtureRequest,
) -> None:
    settings.JOB_HEARTBEAT_SECONDS = 0.05  # type: ignore[attr-defined]
    cast, run = queued()
    with job_kept(run) as keeper:
        beaten = wait(lambda: GenerationRun.objects.get(pk=run.pk).lease_until > run.lease_until)
        assert beaten
        job_cancel(actor=cast.copywriter, job=run)
        assert keeper.cancelled.wait(5)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("lease-")]


@pytest.mark.django_db(transaction=True)
def test_a_heartbeat_that_fails_is_tried_again(settings: pytest.FixtureRequest) -> None:
    settings.JOB_HEARTBEAT_SECONDS = 0.05  # type: ignore[attr-defined]
    _cast, run = queued()
    real, calls = JobKeeper.beat, []

    def beat(keeper: JobKeeper) -> None:
        calls.append(1)
        if len(calls) == 1:
            connection.close()
            raise ConnectionError("the database went away")
        real(keeper)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(JobKeeper, "beat", beat)
        with job_kept(run) as keeper:
            assert wait(lambda: GenerationRun.objects.get(pk=run.pk).lease_until > run.lease_until)
            assert not keeper.should_stop()


def wait(condition: Callable[[], bool], seconds: float = 10) -> bool:
    tick = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if condition():
            return True
        tick.wait(0.02)
    return False

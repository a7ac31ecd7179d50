"""Taking a job: once, by one worker, for as long as it shows that it lives."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from copystudio.db import JobStatus
from copystudio.models import Event
from copystudio.services.jobs import job_cancel, job_claim, job_end, job_progress, job_still_mine
from generation.models import GenerationRun
from tests.copystudio.jobs.conftest import MakeRun, expire
from tests.people import Cast, make_cast


def database_now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        found: datetime = cursor.fetchone()[0]
        return found


def test_a_queued_job_is_taken_with_a_lease_and_a_fence(make_run: MakeRun) -> None:
    run = job_claim(GenerationRun, make_run().pk)
    assert run is not None
    assert (run.status, run.attempt, run.fence) == (JobStatus.RUNNING, 1, 1)
    assert run.lease_until is not None and run.started_at is not None and run.worker
    left = (run.lease_until - database_now()).total_seconds()
    assert 0 < left <= settings.JOB_LEASE_SECONDS


def test_a_second_ring_of_the_bell_takes_nothing(make_run: MakeRun) -> None:
    run = make_run()
    assert job_claim(GenerationRun, run.pk) is not None
    assert job_claim(GenerationRun, run.pk) is None
    run.refresh_from_db()
    assert (run.attempt, run.fence) == (1, 1)


def test_a_job_that_does_not_exist_is_nothing_to_take(cast: Cast) -> None:
    assert job_claim(GenerationRun, 2**40) is None


@pytest.mark.parametrize("status", [JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED])
def test_a_job_that_ended_is_never_taken_again(make_run: MakeRun, status: JobStatus) -> None:
    run = job_claim(GenerationRun, make_run().pk)
    assert run is not None
    job_end(run, status)
    assert job_claim(GenerationRun, run.pk) is None


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
def test_of_twenty_workers_that_are_rung_at_once_one_takes_the_job() -> None:
    cast = make_cast()
    from generation.services.run import ItemRequest, run_create

    run, _ = run_create(
        actor=cast.copywriter, workspace=cast.workspace, label="A", items=[ItemRequest(payload={}, count=1)]
    )
    barrier, taken = threading.Barrier(20), []

    def work() -> None:
        try:
            barrier.wait(timeout=30)
            taken.append(job_claim(GenerationRun, run.pk))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(taken) == 20
    assert [job.fence for job in taken if job is not None] == [1]
    run.refresh_from_db()
    assert (run.attempt, run.fence) == (1, 1)


def test_a_lease_that_ran_out_lets_another_worker_take_over(make_run: MakeRun) -> None:
    first = job_claim(GenerationRun, make_run().pk)
    assert first is not None
    expire(first)
    second = job_claim(GenerationRun, first.pk)
    assert second is not None
    assert (second.attempt, second.fence, second.started_at) == (2, 2, first.started_at)


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_workers_clock_neither_steals_a_lease_nor_loses_one(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    run = job_claim(GenerationRun, make_run().pk)
    assert run is not None
    wrong = timezone.now() + timedelta(hours=hours)
    monkeypatch.setattr(timezone, "now", lambda: wrong)
    monkeypatch.setattr("time.time", lambda: wrong.timestamp())
    assert job_claim(GenerationRun, run.pk) is None, "stolen"
    expire(run)
    again = job_claim(GenerationRun, run.pk)
    assert again is not None and again.lease_until is not None, "never given up"
    assert abs((again.lease_until - datetime.now(UTC)).total_seconds()) <= settings.JOB_LEASE_SECONDS


def test_after_three_attempts_the_job_fails_and_says_why(make_run: MakeRun) -> None:
    pk = make_run().pk
    for attempt in (1, 2, 3):
        run = job_claim(GenerationRun, pk)
        assert run is not None and run.attempt == attempt
        expire(run)
    assert job_claim(GenerationRun, pk) is None
    run = GenerationRun.objects.get(pk=pk)
    assert (run.status, run.error_code, run.error_params) == ("failed", "attempts", {"attempts": 3})
    assert run.finished_at is not None and run.lease_until is None
    event = Event.objects.get(verb="generationrun.failed")
    assert event.actor is None and event.data == {"code": "attempts"}
    assert job_claim(GenerationRun, pk) is None


def test_a_job_that_nobody_wants_any_more_is_cancelled_instead_of_taken(cast: Cast, make_run: MakeRun) -> None:
    run = job_claim(GenerationRun, make_run().pk)
    assert run is not None
    job_cancel(actor=cast.copywriter, job=run)
    expire(run)
    assert job_claim(GenerationRun, run.pk) is None
    run.refresh_from_db()
    assert run.status == JobStatus.CANCELLED


@pytest.mark.parametrize(
    "values", [{"status": "running", "lease_until": None}, {"status": "lost"}], ids=["no lease", "unknown status"]
)
def test_the_database_refuses_a_row_that_makes_no_sense(make_run: MakeRun, values: dict[str, Any]) -> None:
    run = make_run()
    with pytest.raises(IntegrityError), transaction.atomic():
        GenerationRun.objects.filter(pk=run.pk).update(**values)


def test_what_a_worker_holds_it_may_write(make_run: MakeRun) -> None:
    run = job_claim(GenerationRun, make_run().pk)
    assert run is not None
    with transaction.atomic():
        assert job_still_mine(run).pk == run.pk
    job_progress(run, done=1, total=4, step="writing")
    run.refresh_from_db()
    assert (run.done, run.total, run.step, run.percent) == (1, 4, "writing", 25)

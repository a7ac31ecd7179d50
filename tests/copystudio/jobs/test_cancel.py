"""Asking a job to stop."""

from __future__ import annotations

import pytest

from copystudio.db import JobStatus
from copystudio.errors import NotPermittedError, TransitionError
from copystudio.models import Event
from copystudio.services.jobs import job_cancel, job_claim, job_end
from generation.models import GenerationRun
from tests.copystudio.jobs.conftest import MakeRun
from tests.people import Cast


def verbs(run: GenerationRun) -> list[str]:
    return list(Event.objects.filter(object_id=run.pk, object_type="generationrun").values_list("verb", flat=True))


def test_a_queued_job_ends_at_once(cast: Cast, make_run: MakeRun) -> None:
    run = job_cancel(actor=cast.copywriter, job=make_run())
    assert run.status == JobStatus.CANCELLED and run.finished_at is not None
    assert job_claim(GenerationRun, run.pk) is None


def test_a_running_job_is_asked_and_goes_on_until_it_hears(cast: Cast, make_run: MakeRun) -> None:
    run = job_claim(GenerationRun, make_run().pk)
    assert run is not None
    asked = job_cancel(actor=cast.copywriter, job=run)
    assert asked.status == JobStatus.RUNNING and asked.cancel_requested_at is not None
    assert job_end(run, JobStatus.CANCELLED).status == JobStatus.CANCELLED


def test_it_writes_who_asked_and_that_it_ended(cast: Cast, make_run: MakeRun) -> None:
    run = job_cancel(actor=cast.copywriter, job=make_run())
    assert verbs(run)[:2] == ["generationrun.cancelled", "generationrun.cancel"]
    assert Event.objects.get(verb="generationrun.cancel").actor == cast.copywriter


def test_asking_twice_is_one_wish(cast: Cast, make_run: MakeRun) -> None:
    run = job_claim(GenerationRun, make_run().pk)
    assert run is not None
    first = job_cancel(actor=cast.copywriter, job=run)
    again = job_cancel(actor=cast.approver, job=run)
    assert again.cancel_requested_at == first.cancel_requested_at
    assert verbs(run).count("generationrun.cancel") == 1


@pytest.mark.parametrize("status", [JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED])
def test_a_job_that_ended_cannot_be_cancelled(cast: Cast, make_run: MakeRun, status: JobStatus) -> None:
    run = job_claim(GenerationRun, make_run().pk)
    assert run is not None
    job_end(run, status)
    with pytest.raises(TransitionError):
        job_cancel(actor=cast.copywriter, job=run)


@pytest.mark.parametrize("person", ["viewer", "stranger"])
def test_viewers_and_strangers_may_not(cast: Cast, make_run: MakeRun, person: str) -> None:
    run = make_run()
    with pytest.raises(NotPermittedError):
        job_cancel(actor=getattr(cast, person), job=run)
    run.refresh_from_db()
    assert run.cancel_requested_at is None and "generationrun.cancel" not in verbs(run)

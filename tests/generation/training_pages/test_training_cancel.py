"""Cancelling and resuming a training from its page."""

from __future__ import annotations

from copystudio.db import JobStatus
from copystudio.models import Event
from generation.models import TrainingRun
from tests.generation.training_pages.makers import ended, make_training, running
from tests.people import Cast


def url(run: TrainingRun, verb: str = "") -> str:
    return f"/w/{run.workspace.slug}/training/{run.pk}/{verb}"


def test_a_waiting_run_ends_at_once_and_can_be_resumed(cast: Cast) -> None:
    run, client = make_training(cast), cast.client(cast.admin)
    assert client.post(url(run, "cancel/")).status_code == 303
    run.refresh_from_db()
    assert run.status == JobStatus.CANCELLED
    assert url(run, "resume/") in client.get(url(run)).content.decode()
    assert client.post(url(run, "resume/")).status_code == 303
    run.refresh_from_db()
    assert run.status == JobStatus.QUEUED
    assert [event.actor for event in Event.objects.filter(verb__in=["trainingrun.cancel", "trainingrun.resume"])] == [
        cast.admin,
        cast.admin,
    ]


def test_a_running_one_is_asked_to_stop_and_is_not_asked_twice(cast: Cast) -> None:
    run, client = running(make_training(cast)), cast.client(cast.admin)
    client.post(url(run, "cancel/"))
    run.refresh_from_db()
    assert run.status == JobStatus.RUNNING and run.cancel_requested_at is not None
    page = client.get(url(run)).content.decode()
    assert "Stops after the present step." in page and url(run, "cancel/") not in page


def test_a_failed_run_is_resumed(cast: Cast) -> None:
    run = ended(make_training(cast), JobStatus.FAILED, "memory")
    cast.client(cast.admin).post(url(run, "resume/"))
    run.refresh_from_db()
    assert (run.status, run.error_code) == (JobStatus.QUEUED, "")


def test_while_another_is_open_the_page_says_so(cast: Cast) -> None:
    run = ended(make_training(cast), JobStatus.FAILED, "memory")
    make_training(cast, label="Another")
    page = cast.client(cast.admin).post(url(run, "resume/"))
    assert page.status_code == 409 and "Wait for it, or cancel it." in page.content.decode()
    run.refresh_from_db()
    assert run.status == JobStatus.FAILED


def test_the_wrong_state_is_a_409(cast: Cast) -> None:
    done, client = ended(make_training(cast)), cast.client(cast.admin)
    assert client.post(url(done, "cancel/")).status_code == 409
    assert client.post(url(done, "resume/")).status_code == 409


def test_only_admins_may_and_are_offered_it(cast: Cast) -> None:
    run = running(make_training(cast))
    assert url(run, "cancel/") not in cast.client(cast.approver).get(url(run)).content.decode()
    for verb in ("cancel/", "resume/"):
        assert cast.client(cast.approver).post(url(run, verb)).status_code == 403
        assert cast.client(cast.stranger).post(url(run, verb)).status_code == 404
        assert cast.client(cast.admin).get(url(run, verb)).status_code == 405
    run.refresh_from_db()
    assert run.cancel_requested_at is None

"""Doorbells: written with the job, rung after the commit, and rung again by the sweeper."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models.functions import Now

from campaigns.services.brief import BriefData, brief_save
from copystudio.celery import app
from copystudio.models import Outbox
from copystudio.services.jobs import job_claim, job_ring, jobs_release, jobs_sweep, worker_name
from copystudio.tasks import sweep
from generation.models import GenerationRun
from tests import factories
from tests.copystudio.jobs.conftest import Doorbell, MakeRun, expire
from tests.people import Cast

LATER = timedelta(seconds=60)
Commit = Callable[..., object]


@pytest.fixture
def broker_away() -> Iterator[None]:
    """Messages go to a port where nobody listens."""
    kept = app.conf.broker_url, app.conf.broker_write_url
    app.conf.broker_url = app.conf.broker_write_url = "redis://127.0.0.1:1/0"
    drop_connections()
    yield
    app.conf.broker_url, app.conf.broker_write_url = kept
    drop_connections()


def drop_connections() -> None:
    app.amqp.__dict__.pop("_producer_pool", None)
    app.amqp._producer_pool = None
    app._pool = None


def age(run: GenerationRun) -> None:
    """As if the run and its bell had been made a minute ago."""
    GenerationRun.objects.filter(pk=run.pk).update(updated_at=Now() - LATER)
    Outbox.objects.filter(object_id=run.pk).update(created_at=Now() - LATER)


def test_the_bell_is_written_with_the_job_and_not_rung_before_the_commit(make_run: MakeRun, doorbell: Doorbell) -> None:
    run = make_run()
    bell = Outbox.objects.get()
    assert (bell.task, bell.object_id, bell.workspace) == ("generation.run", run.pk, run.workspace)
    assert doorbell.rung() == []


def test_after_the_commit_it_is_rung_once_and_forgotten(
    make_run: MakeRun, doorbell: Doorbell, django_capture_on_commit_callbacks: Commit
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        run = make_run()
    assert doorbell.rung() == [run.pk]
    assert not Outbox.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_job_that_was_rolled_back_leaves_no_bell(make_run: MakeRun, doorbell: Doorbell) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        make_run()
        raise RuntimeError
    assert not Outbox.objects.exists() and not GenerationRun.objects.exists()
    assert doorbell.rung() == []


def test_without_the_broker_the_page_works_and_the_bell_stays(
    cast: Cast, broker_away: None, django_capture_on_commit_callbacks: Commit
) -> None:
    factories.make_product(cast)
    brief = brief_save(
        actor=cast.copywriter,
        campaign=factories.make_campaign(cast),
        data=BriefData(name="Autumn", language="en", channels=[factories.channel(cast)], count=2),
    )
    client, began = cast.client(cast.copywriter), time.monotonic()
    with django_capture_on_commit_callbacks(execute=True) as callbacks:  # type: ignore[attr-defined]
        response = client.post(f"/w/shop/briefs/{brief.pk}/generate/")
    run = GenerationRun.objects.get()
    assert time.monotonic() - began < 2, "the person waited for the broker"
    assert callbacks and response.status_code == 303 and run.status == "queued"
    assert list(Outbox.objects.values_list("object_id", flat=True)) == [run.pk]
    assert client.get(f"/w/shop/runs/{run.pk}/").status_code == 200


def test_the_sweeper_rings_what_stayed_once_the_broker_is_back(make_run: MakeRun, doorbell: Doorbell) -> None:
    runs = [make_run() for _ in range(3)]
    for run in runs:
        Outbox.objects.filter(object_id=run.pk).update(created_at=Now() - LATER)
    assert jobs_sweep() == 3
    assert doorbell.rung() == [run.pk for run in runs]
    assert not Outbox.objects.exists()


def test_a_fresh_bell_is_left_to_the_process_that_wrote_it(make_run: MakeRun, doorbell: Doorbell) -> None:
    make_run()
    assert jobs_sweep() == 0
    assert doorbell.rung() == [] and Outbox.objects.count() == 1


@pytest.mark.parametrize("bells", [True, False], ids=["bells", "jobs"])
def test_without_the_broker_the_sweeper_gives_up_quietly_and_loses_nothing(
    make_run: MakeRun, broker_away: None, bells: bool
) -> None:
    run = make_run()
    age(run)
    if not bells:
        Outbox.objects.all().delete()
    assert jobs_sweep() == 0
    assert Outbox.objects.exists() is bells
    assert GenerationRun.objects.get().status == "queued"


def test_a_queued_job_whose_bell_got_lost_is_rung_again(make_run: MakeRun, doorbell: Doorbell) -> None:
    run = make_run()
    age(run)
    Outbox.objects.all().delete()
    assert jobs_sweep() == 1
    assert doorbell.rung() == [run.pk]


def test_a_running_job_is_rung_only_after_its_lease_ran_out(make_run: MakeRun, doorbell: Doorbell) -> None:
    run = make_run()
    Outbox.objects.all().delete()
    assert job_claim(GenerationRun, run.pk) is not None
    age(run)
    assert jobs_sweep() == 0
    expire(run)
    assert jobs_sweep() == 1
    assert doorbell.rung() == [run.pk]


def test_a_job_that_ended_is_not_rung(make_run: MakeRun, doorbell: Doorbell) -> None:
    run = make_run(status="succeeded")
    age(run)
    Outbox.objects.all().delete()
    assert jobs_sweep() == 0


def test_a_bell_whose_job_is_gone_rings_for_nothing_and_is_forgotten(make_run: MakeRun, doorbell: Doorbell) -> None:
    run = make_run()
    age(run)
    GenerationRun.objects.all().delete()
    assert jobs_sweep() == 1
    assert [job_claim(GenerationRun, pk) for pk in doorbell.rung()] == [None]
    assert not Outbox.objects.exists()


def test_ringing_twice_does_no_harm(make_run: MakeRun, doorbell: Doorbell) -> None:
    run = make_run()
    job_ring(run)
    Outbox.objects.update(created_at=Now() - LATER)
    jobs_sweep()
    assert [job_claim(GenerationRun, pk) is not None for pk in doorbell.rung()] == [True, False]


def test_the_sweeper_is_a_task_of_the_schedule(settings: pytest.FixtureRequest, make_run: MakeRun) -> None:
    entries = settings.CELERY_BEAT_SCHEDULE.values()  # type: ignore[attr-defined]
    assert "copystudio.sweep" in {entry["task"] for entry in entries}
    assert sweep.name == "copystudio.sweep" and sweep() == 0


def test_after_a_crash_of_this_machine_its_jobs_are_free_at_once_and_those_of_others_are_not(
    make_run: MakeRun,
) -> None:
    mine, theirs = job_claim(GenerationRun, make_run().pk), job_claim(GenerationRun, make_run().pk)
    assert mine is not None and theirs is not None
    GenerationRun.objects.filter(pk=theirs.pk).update(worker="another-machine:7")
    assert jobs_release(worker_name().split(":")[0]) == 1
    assert job_claim(GenerationRun, mine.pk) is not None
    assert job_claim(GenerationRun, theirs.pk) is None

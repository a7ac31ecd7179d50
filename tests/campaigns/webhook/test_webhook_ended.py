"""A run that ends, however it ends, is told to whom it concerns, in the same transaction."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models.functions import Now

from campaigns.models import WebhookDelivery
from campaigns.services.webhook import webhook_switch
from copystudio.db import JobStatus
from copystudio.models import Outbox
from copystudio.services.jobs import job_cancel, job_claim, job_end
from generation.models import GenerationRun
from tests.campaigns.copy_makers import finish, make_run
from tests.campaigns.webhook.makers import make_webhook
from tests.people import Cast, make_cast


def told() -> list[tuple[str, str]]:
    return list(WebhookDelivery.objects.order_by("pk").values_list("endpoint__url", "event"))


@pytest.mark.parametrize(
    ("status", "event"),
    [
        (JobStatus.SUCCEEDED, "run.succeeded"),
        (JobStatus.FAILED, "run.failed"),
        (JobStatus.CANCELLED, "run.cancelled"),
    ],
)
def test_each_end_has_its_event(cast: Cast, status: JobStatus, event: str) -> None:
    endpoint = make_webhook(cast)
    run = finish(make_run(cast), status, code="memory" if status == JobStatus.FAILED else "")
    assert told() == [(endpoint.url, event)]
    said = json.loads(WebhookDelivery.objects.get().body)
    assert said["type"] == event and said["data"]["status"] == status
    assert said["data"]["error"] == ("memory" if status == JobStatus.FAILED else None)
    assert said["data"]["brief"] == run.brief_run.brief_id


def test_only_those_that_asked_for_it_and_are_in_use(cast: Cast) -> None:
    wanted = make_webhook(cast, events=["run.succeeded"])
    make_webhook(cast, "https://93.184.216.35/", events=["run.failed"])
    off = make_webhook(cast, "https://93.184.216.36/")
    webhook_switch(actor=cast.admin, endpoint=off, active=False)
    make_webhook(make_cast("other"))
    finish(make_run(cast))
    assert told() == [(wanted.url, "run.succeeded")]


def test_a_queued_run_that_is_cancelled_is_told_too(cast: Cast) -> None:
    make_webhook(cast)
    job_cancel(actor=cast.copywriter, job=make_run(cast))
    assert [event for _url, event in told()] == ["run.cancelled"]


def test_a_running_one_that_is_cancelled_is_told_when_it_ends(cast: Cast) -> None:
    make_webhook(cast)
    run = make_run(cast)
    claimed = job_claim(GenerationRun, run.pk)
    assert claimed is not None
    job_cancel(actor=cast.copywriter, job=run)
    assert told() == []
    job_end(claimed, JobStatus.CANCELLED)
    assert [event for _url, event in told()] == ["run.cancelled"]


def test_a_run_whose_workers_all_died_is_told_as_failed(cast: Cast) -> None:
    make_webhook(cast)
    run = make_run(cast)
    GenerationRun.objects.filter(pk=run.pk).update(
        status=JobStatus.RUNNING, attempt=3, lease_until=Now() - timedelta(seconds=1)
    )
    assert job_claim(GenerationRun, run.pk) is None
    assert [event for _url, event in told()] == ["run.failed"]
    assert json.loads(WebhookDelivery.objects.get().body)["data"]["error"] == "attempts"


def test_an_end_that_is_taken_back_tells_nobody(cast: Cast) -> None:
    make_webhook(cast)
    run = make_run(cast)
    with pytest.raises(RuntimeError), transaction.atomic():
        finish(run)
        assert len(told()) == 1
        raise RuntimeError
    assert told() == []


def test_the_doorbell_is_in_the_outbox_with_the_message(cast: Cast) -> None:
    make_webhook(cast)
    finish(make_run(cast))
    bell = Outbox.objects.get(task="campaigns.webhook")
    assert bell.object_id == WebhookDelivery.objects.get().pk

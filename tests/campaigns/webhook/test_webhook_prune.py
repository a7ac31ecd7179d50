"""Messages that ended go after 30 days; those that are still tried stay."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as product
from django.utils import timezone

from campaigns.models import WebhookDelivery
from campaigns.services import webhook_prune
from campaigns.services.webhook_prune import webhooks_prune
from campaigns.services.webhook_send import message_queue
from campaigns.tasks import webhooks_prune as task
from copystudio.celery import app
from copystudio.db import JobStatus
from tests.campaigns.webhook.makers import make_webhook
from tests.people import Cast


@pytest.fixture
def delivery(cast: Cast) -> Any:
    endpoint = make_webhook(cast)

    def make(status: str, *, days: float) -> WebhookDelivery:
        row = message_queue(endpoint=endpoint, event="webhook.test", data={})
        at = timezone.now() - timedelta(days=days)
        ended = None if status in (JobStatus.QUEUED, JobStatus.RUNNING) else at
        values = {"created_at": at, "updated_at": at, "lease_until": at, "finished_at": ended}
        WebhookDelivery.objects.filter(pk=row.pk).update(status=status, **values)
        return row

    return make


def left() -> set[int]:
    return set(WebhookDelivery.objects.values_list("pk", flat=True))


def test_ended_ones_go_after_30_days_and_open_ones_stay(delivery: Any) -> None:
    for status in (JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED):
        delivery(status, days=30.01)
    kept = [delivery(JobStatus.FAILED, days=29.9), *(delivery(one, days=90) for one in ("queued", "running"))]
    assert webhooks_prune() == 3
    assert left() == {row.pk for row in kept}


def test_it_goes_in_batches_and_no_further_than_told(delivery: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_prune, "BATCH", 2)
    rows = [delivery(JobStatus.SUCCEEDED, days=40) for _n in range(7)]
    assert webhooks_prune(most=5) == 5 and left() == {rows[5].pk, rows[6].pk}
    assert webhooks_prune() == 2


def test_the_clock_rings_for_it(delivery: Any) -> None:
    assert product.CELERY_BEAT_SCHEDULE["webhooks"]["task"] == task.name and task.name in app.tasks
    delivery(JobStatus.SUCCEEDED, days=40)
    assert task() == 1 and left() == set()

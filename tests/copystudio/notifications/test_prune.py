"""What nobody needs any more goes: read notifications after 90 days, all of them after a year."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as product
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from copystudio.celery import app
from copystudio.models import Notification, Outbox
from copystudio.services import notification as services
from copystudio.services.notification import notification_read, notifications_prune
from copystudio.tasks import notifications_prune as task
from tests.copystudio.notifications.conftest import Tell
from tests.people import Cast


def aged(row: Notification, *, days: float, read: float | None = None) -> Notification:
    """Made ``days`` ago, and read ``read`` days ago."""
    now = timezone.now()
    values: dict[str, Any] = {"created_at": now - timedelta(days=days)}
    if read is not None:
        values["read_at"] = now - timedelta(days=read)
    Notification.objects.filter(pk=row.pk).update(**values)
    return row


def left() -> set[int]:
    return set(Notification.objects.values_list("pk", flat=True))


def test_read_ones_go_after_90_days_and_unread_ones_after_a_year(tell: Tell) -> None:
    aged(tell(), days=200, read=90.01)
    aged(tell(), days=365.01)
    aged(tell(), days=365.01, read=1)
    kept = [aged(tell(), days=364.9), aged(tell(), days=364.9, read=89.9), aged(tell(), days=100), tell()]
    assert notifications_prune() == 3
    assert left() == {row.pk for row in kept}
    assert notifications_prune() == 0


def test_what_was_read_just_now_stays(cast: Cast, tell: Tell) -> None:
    row = aged(tell(), days=300)
    notification_read(actor=cast.viewer, notification=row)
    assert notifications_prune() == 0 and left() == {row.pk}


def test_it_goes_in_batches_and_no_further_than_told(tell: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "PRUNE_BATCH", 2)
    rows = [aged(tell(), days=400) for _ in range(7)]
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert notifications_prune(most=5) == 5
    deleted = [one["sql"] for one in caught if one["sql"].startswith("DELETE")]
    assert len(deleted) == 3
    assert left() == {rows[5].pk, rows[6].pk}
    assert notifications_prune() == 2


def test_the_mail_of_one_that_went_is_not_sent(tell: Tell, mail_server: None) -> None:
    row = aged(tell(), days=400)
    assert Outbox.objects.filter(object_id=row.pk).exists()
    assert notifications_prune() == 1
    assert services.notification_email(notification_id=row.pk) is False


def test_the_clock_rings_for_it(tell: Tell) -> None:
    entry = product.CELERY_BEAT_SCHEDULE["notifications"]
    assert entry["task"] == task.name and task.name in app.tasks
    aged(tell(), days=400)
    assert task() == 1 and left() == set()

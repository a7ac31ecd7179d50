"""Marking as read: one, or all that were seen."""

from __future__ import annotations

import pytest

from copystudio.errors import NotPermittedError
from copystudio.models import Event, Notification, User
from copystudio.services.notification import notification_read, notifications_read_all, notify
from tests.copystudio.notifications.conftest import Tell
from tests.people import Cast


def unread(person: User) -> list[int]:
    rows = Notification.objects.filter(person=person, read_at__isnull=True).order_by("id")
    return list(rows.values_list("pk", flat=True))


def test_one_is_read_and_the_others_are_not(cast: Cast, tell: Tell) -> None:
    first, second, hers = tell(), tell(), tell(cast.admin)
    assert not notification_read(actor=cast.viewer, notification=first).is_unread
    assert unread(cast.viewer) == [second.pk] and unread(cast.admin) == [hers.pk]


def test_reading_twice_keeps_the_first_moment(cast: Cast, tell: Tell) -> None:
    row = tell()
    before = notification_read(actor=cast.viewer, notification=row).read_at
    assert before is not None
    assert notification_read(actor=cast.viewer, notification=row).read_at == before


def test_nobody_reads_for_somebody_else(cast: Cast, tell: Tell) -> None:
    row = tell()
    with pytest.raises(NotPermittedError):
        notification_read(actor=cast.admin, notification=row)
    assert unread(cast.viewer) == [row.pk]


def test_all_means_all_that_were_seen_and_only_the_own_ones_here(cast: Cast, tell: Tell) -> None:
    first, seen, hers = tell(), tell(), tell(cast.admin)
    came_later = tell()
    [there] = notify(workspace=cast.elsewhere, people=[cast.stranger], code="test.saved", params={}, url="/")
    assert notifications_read_all(actor=cast.viewer, workspace=cast.workspace, upto=seen.pk) == 2
    assert unread(cast.viewer) == [came_later.pk]
    assert unread(cast.admin) == [hers.pk] and unread(cast.stranger) == [there.pk]
    assert first.pk < seen.pk


def test_a_stranger_marks_nothing(cast: Cast) -> None:
    with pytest.raises(NotPermittedError):
        notifications_read_all(actor=cast.stranger, workspace=cast.workspace, upto=2**62)


def test_reading_is_nobody_elses_business_so_no_log_has_it(cast: Cast, tell: Tell) -> None:
    before, row = Event.objects.count(), tell()
    notification_read(actor=cast.viewer, notification=row)
    notifications_read_all(actor=cast.viewer, workspace=cast.workspace, upto=row.pk)
    assert Event.objects.count() == before

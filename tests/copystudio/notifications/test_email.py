"""Notifications by e-mail: to whom, in which language, and never twice."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from kombu import Queue

from copystudio.celery import app
from copystudio.env import Mailer
from copystudio.models import Membership, Notification, Outbox, User
from copystudio.services.notification import notification_email, notification_read, notify
from copystudio.tasks import notification_email as task
from tests.copystudio.notifications.conftest import Tell
from tests.people import Cast

pytestmark = pytest.mark.usefixtures("mail_server")


class WatchingBackend(EmailBackend):
    """Notes what the database has, and whether a transaction is open, at the moment of sending."""

    seen: list[tuple[bool, bool]] = []

    def send_messages(self, messages: Any) -> int:
        claimed = Notification.objects.filter(emailed_at__isnull=False).exists()
        self.seen.append((claimed, connection.in_atomic_block))
        return super().send_messages(messages)


class BreakingBackend(EmailBackend):
    """A mail server that hangs up in the middle."""

    def send_messages(self, messages: Any) -> int:
        raise ConnectionResetError("gone")


@pytest.fixture
def server_away(settings: Any) -> Iterator[None]:
    """Django's own SMTP client, and a port where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = taken.getsockname()
        yield


def test_it_says_what_happened_and_where_to_look(cast: Cast, tell: Tell) -> None:
    row = tell()
    assert notification_email(notification_id=row.pk)
    [message] = mail.outbox
    assert message.to == [cast.viewer.email]
    assert message.subject == "Mia now belongs to this workspace. · Shop"
    assert "https://copy.example.com/w/shop/runs/\n" in message.body
    assert "https://copy.example.com/w/shop/notifications/\n" in message.body
    assert "https://copy.example.com/account/\n" in message.body
    assert message.message().get_content_type() == "text/plain"
    assert message.extra_headers["Auto-Submitted"] == "auto-generated"
    row.refresh_from_db()
    assert row.emailed_at is not None and row.is_unread


def test_it_is_plain_text_and_one_line_of_subject_whatever_people_wrote(tell: Tell) -> None:
    row = tell(params={"person": '<Mia> & "Ben"\nBcc: all@example.com'})
    assert notification_email(notification_id=row.pk)
    [message] = mail.outbox
    assert message.subject.startswith('<Mia> & "Ben" Bcc: all@example.com now')
    assert message.recipients() == message.to and "&lt;" not in message.body


def test_it_is_in_the_persons_language(cast: Cast, tell: Tell) -> None:
    User.objects.filter(pk=cast.viewer.pk).update(language="zh-hans")
    assert notification_email(notification_id=tell().pk)
    [message] = mail.outbox
    assert "Mia" in message.subject and "belongs" not in message.subject
    for english in ("Hello", "All notifications", "belong", "profile"):
        assert english not in message.body


def test_a_second_run_sends_nothing(tell: Tell) -> None:
    row = tell()
    assert [notification_email(notification_id=row.pk) for _ in range(3)] == [True, False, False]
    assert len(mail.outbox) == 1


@pytest.mark.django_db(transaction=True)
def test_two_at_once_send_one(tell: Tell) -> None:
    row, results = tell(), []
    start = threading.Barrier(4)

    def work() -> None:
        try:
            start.wait(10)
            results.append(notification_email(notification_id=row.pk))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(results) == [False, False, False, True] and len(mail.outbox) == 1


@pytest.mark.django_db(transaction=True)
def test_the_claim_is_committed_before_the_server_hears_of_it(tell: Tell, settings: Any) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.WatchingBackend"
    WatchingBackend.seen.clear()
    assert notification_email(notification_id=tell().pk)
    assert WatchingBackend.seen == [(True, False)]


def test_a_server_that_is_away_leaves_it_to_be_tried_again(tell: Tell, server_away: None) -> None:
    row = tell()
    with pytest.raises(OSError):
        task(row.pk)
    row.refresh_from_db()
    assert row.emailed_at is None
    assert task.max_retries == 6 and task.autoretry_for == (OSError,)


def test_a_send_that_broke_off_is_logged_and_not_repeated(tell: Tell, settings: Any, caplog: Any) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.BreakingBackend"
    row = tell()
    with caplog.at_level(logging.WARNING):
        assert not notification_email(notification_id=row.pk)
    assert "was not sent" in caplog.text
    row.refresh_from_db()
    assert row.emailed_at is not None
    assert not notification_email(notification_id=row.pk)


def switched_off(cast: Cast, row: Notification) -> None:
    User.objects.filter(pk=cast.viewer.pk).update(email_notifications=False)


def left(cast: Cast, row: Notification) -> None:
    Membership.objects.filter(user=cast.viewer).delete()


def locked_out(cast: Cast, row: Notification) -> None:
    User.objects.filter(pk=cast.viewer.pk).update(is_active=False)


def read(cast: Cast, row: Notification) -> None:
    notification_read(actor=cast.viewer, notification=row)


def gone(cast: Cast, row: Notification) -> None:
    Notification.objects.filter(pk=row.pk).delete()


@pytest.mark.parametrize("meanwhile", [switched_off, left, locked_out, read, gone])
def test_what_changed_in_the_meantime_counts(
    cast: Cast, tell: Tell, server_away: None, meanwhile: Callable[[Cast, Notification], None]
) -> None:
    """The server is away: it is not even asked."""
    row = tell()
    meanwhile(cast, row)
    assert not notification_email(notification_id=row.pk)


def test_without_a_mail_server_nothing_is_sent(tell: Tell, settings: Any) -> None:
    row = tell()
    settings.EMAIL = Mailer()
    assert not notification_email(notification_id=row.pk) and not mail.outbox


def test_it_is_rung_after_the_commit_and_forgotten(tell: Tell, django_capture_on_commit_callbacks: Any) -> None:
    with app.connection_for_write() as broker:
        queue = Queue("default", channel=broker.channel())
        queue.queue_declare()
        queue.purge()
        with django_capture_on_commit_callbacks(execute=True):
            row = tell()
            assert queue.get() is None and Outbox.objects.count() == 1
        message = queue.get(no_ack=True)
        assert message.headers["task"] == task.name and message.payload[0] == [row.pk]
        assert queue.get() is None and not Outbox.objects.exists()


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


def test_with_the_broker_away_one_bell_is_tried_and_all_wait_for_the_sweeper(
    cast: Cast, broker_away: None, caplog: Any, django_capture_on_commit_callbacks: Any
) -> None:
    people = [cast.viewer, cast.copywriter, cast.approver, cast.admin]
    with django_capture_on_commit_callbacks(execute=True):
        told = notify(workspace=cast.workspace, people=people, code="test.saved", params={}, url="/")
    assert caplog.text.count("broker unavailable") == 1
    assert set(Outbox.objects.values_list("object_id", flat=True)) == {row.pk for row in told}

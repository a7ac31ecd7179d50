"""Sending messages to a real receiver: once where it takes them, again where it does not, and signed."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from campaigns.models import WebhookDelivery, WebhookEndpoint
from campaigns.services import webhook_send
from campaigns.services.webhook import webhook_rotate, webhook_switch, webhook_test
from campaigns.services.webhook_send import PAUSES, webhook_deliver
from copystudio.db import JobStatus
from copystudio.models import Event
from copystudio.services.jobs import LeaseLostError, job_claim, job_end, jobs_sweep
from tests.campaigns.copy_makers import finish, make_run, write_candidates
from tests.campaigns.webhook.makers import make_webhook, receiving
from tests.people import Cast

pytestmark = pytest.mark.usefixtures("inside")


def make_due(delivery: WebhookDelivery) -> None:
    WebhookDelivery.objects.filter(pk=delivery.pk).update(next_attempt_at=Now())


def send(delivery: WebhookDelivery) -> WebhookDelivery:
    webhook_deliver(delivery_id=delivery.pk)
    delivery.refresh_from_db()
    return delivery


def pause_of(delivery: WebhookDelivery) -> int:
    left = (delivery.next_attempt_at - timezone.now()).total_seconds()
    return min(PAUSES, key=lambda pause: abs(pause - left))


def test_a_receiver_that_fails_twice_gets_the_same_message_until_it_takes_it(cast: Cast) -> None:
    with receiving(500, 503, 204) as receiver:
        endpoint = make_webhook(cast, receiver.url)
        run = make_run(cast)
        write_candidates(run, ["Stay dry at 320 g"])
        finish(run)
        delivery = endpoint.deliveries.get()
        for status, wanted in ((500, 5), (503, 60)):
            send(delivery)
            assert (delivery.status, delivery.response_status) == (JobStatus.QUEUED, status)
            assert pause_of(delivery) == wanted
            assert send(delivery).attempt == len(receiver.received), "it was sent before it was due"
            make_due(delivery)
        send(delivery)
        for _n in range(3):
            send(delivery)
    assert (delivery.status, delivery.response_status, delivery.attempt) == (JobStatus.SUCCEEDED, 204, 3)
    assert len(receiver.received) == 3
    assert {one.headers["webhook-id"] for one in receiver.received} == {delivery.message_id}
    assert len({one.body for one in receiver.received}) == 1
    assert all(one.signed_with(endpoint.secret) == [True] for one in receiver.received)
    said = receiver.received[-1].json
    assert said["type"] == "run.succeeded" and said["data"]["id"] == run.pk
    assert said["data"]["url"].endswith(f"/api/v1/runs/{run.pk}")
    assert abs(int(receiver.received[-1].headers["webhook-timestamp"]) - time.time()) < 60
    assert receiver.received[0].headers["host"] in receiver.url


def test_after_a_new_secret_both_sign_until_the_day_is_over(cast: Cast) -> None:
    with receiving() as receiver:
        former = make_webhook(cast, receiver.url)
        endpoint, secret = webhook_rotate(actor=cast.admin, endpoint=former)
        send(webhook_test(actor=cast.admin, endpoint=endpoint))
        WebhookEndpoint.objects.update(former_until=F("former_until") - timedelta(hours=25))
        send(webhook_test(actor=cast.admin, endpoint=endpoint))
    both, one = receiver.received
    assert both.signed_with(secret) == [True, False] and both.signed_with(former.secret) == [False, True]
    assert one.signed_with(secret) == [True]
    assert one.json["type"] == "webhook.test"


def test_it_is_given_up_after_a_day(cast: Cast) -> None:
    assert sum(PAUSES) == pytest.approx(86400, rel=0.05) and list(PAUSES) == sorted(PAUSES)
    with receiving(500) as receiver:
        delivery = webhook_test(actor=cast.admin, endpoint=make_webhook(cast, receiver.url))
        for pause in PAUSES:
            assert send(delivery).status == JobStatus.QUEUED
            assert pause_of(delivery) == pause
            make_due(delivery)
        send(delivery)
        assert (delivery.status, delivery.error_code) == (JobStatus.FAILED, "given_up")
        make_due(delivery)
        send(delivery)
    assert len(receiver.received) == len(PAUSES) + 1


def test_a_redirect_is_a_failure_and_is_not_followed(cast: Cast) -> None:
    with receiving(200) as elsewhere, receiving(302, location=elsewhere.url) as receiver:
        delivery = send(webhook_test(actor=cast.admin, endpoint=make_webhook(cast, receiver.url)))
    assert (delivery.status, delivery.response_status) == (JobStatus.QUEUED, 302)
    assert len(receiver.received) == 1 and elsewhere.received == []


def test_a_receiver_that_is_gone_takes_the_webhook_out_of_use(cast: Cast) -> None:
    with receiving(410) as receiver:
        endpoint = make_webhook(cast, receiver.url)
        first, second = (webhook_test(actor=cast.admin, endpoint=endpoint) for _n in range(2))
        assert (send(first).status, first.error_code) == (JobStatus.FAILED, "gone")
        assert (send(second).status, second.error_code) == (JobStatus.CANCELLED, "endpoint_off")
    endpoint.refresh_from_db()
    assert not endpoint.is_active and len(receiver.received) == 1
    assert Event.objects.get(verb="webhook.disable").data == {"status": 410}


def test_of_the_answer_500_characters_are_kept_whatever_they_are(cast: Cast) -> None:
    with receiving(500, answer=b"\x00\xff" + "很".encode() * 3000) as receiver:
        delivery = send(webhook_test(actor=cast.admin, endpoint=make_webhook(cast, receiver.url)))
    assert len(delivery.response_body) == 500 and "很" in delivery.response_body


def test_nobody_listens(cast: Cast) -> None:
    with receiving() as receiver:
        endpoint = make_webhook(cast, receiver.url)
    delivery = send(webhook_test(actor=cast.admin, endpoint=endpoint))
    assert (delivery.status, delivery.error_code, delivery.response_status) == (JobStatus.QUEUED, "connection", None)


def test_a_receiver_that_never_answers_holds_the_worker_no_longer_than_the_limit(cast: Cast, settings: Any) -> None:
    import socket

    settings.WEBHOOK_SECONDS = 1
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        endpoint = make_webhook(cast, f"http://127.0.0.1:{silent.getsockname()[1]}/")
        began = time.monotonic()
        delivery = send(webhook_test(actor=cast.admin, endpoint=endpoint))
    assert time.monotonic() - began < 5
    assert (delivery.status, delivery.error_code) == (JobStatus.QUEUED, "timeout")


def test_a_name_that_means_a_private_address_later_gets_no_message(
    cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving() as receiver:
        endpoint = make_webhook(cast, receiver.url)
        settings.WEBHOOKS_INSIDE = False
        delivery = send(webhook_test(actor=cast.admin, endpoint=endpoint))
    assert receiver.received == []
    assert (delivery.status, delivery.error_code) == (JobStatus.QUEUED, "address")


def test_it_connects_to_the_address_that_was_checked(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second look at the name, which may mean something else by then, does not happen."""
    looked_up: list[str] = []
    with receiving() as receiver:
        port = int(receiver.url.rsplit(":", 1)[1].split("/")[0])

        def answer(host: str, *args: object, **options: object) -> list[Any]:
            looked_up.append(host)
            return [(2, 1, 6, "", ("127.0.0.1", port))]

        monkeypatch.setattr("campaigns.services.webhook_address.socket.getaddrinfo", answer)
        endpoint = make_webhook(cast, f"http://receiver.example:{port}/hook")
        looked_up.clear()
        delivery = send(webhook_test(actor=cast.admin, endpoint=endpoint))
    assert delivery.status == JobStatus.SUCCEEDED
    assert receiver.received[0].headers["host"] == f"receiver.example:{port}"
    assert looked_up.count("receiver.example") == 1


def test_out_of_use_means_that_nothing_is_sent(cast: Cast) -> None:
    with receiving() as receiver:
        endpoint = make_webhook(cast, receiver.url)
        delivery = webhook_test(actor=cast.admin, endpoint=endpoint)
        webhook_switch(actor=cast.admin, endpoint=endpoint, active=False)
        assert send(delivery).status == JobStatus.CANCELLED
        finish(make_run(cast))
    assert receiver.received == [] and endpoint.deliveries.count() == 1


# -- workers that die ------------------------------------------------------------------------------------------------


def test_what_a_killed_worker_had_taken_is_sent_by_another(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[tuple[str, int]] = []
    monkeypatch.setattr("copystudio.services.jobs._send", lambda task, pk, **options: rung.append((task, pk)) or True)
    with receiving() as receiver:
        delivery = webhook_test(actor=cast.admin, endpoint=make_webhook(cast, receiver.url))
        dead = job_claim(WebhookDelivery, delivery.pk)  # and never comes back
        assert dead is not None
        assert send(delivery).status == JobStatus.RUNNING and receiver.received == []
        WebhookDelivery.objects.update(lease_until=Now() - timedelta(seconds=1))
        jobs_sweep()
        assert ("campaigns.webhook", delivery.pk) in rung
        assert send(delivery).status == JobStatus.SUCCEEDED
        with pytest.raises(LeaseLostError):
            job_end(dead, JobStatus.FAILED)
    assert len(receiver.received) == 1


def test_the_sweeper_rings_only_for_what_is_due(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[int] = []
    monkeypatch.setattr("copystudio.services.jobs._send", lambda task, pk, **options: rung.append(pk) or True)
    with receiving(500) as receiver:
        delivery = send(webhook_test(actor=cast.admin, endpoint=make_webhook(cast, receiver.url)))
    WebhookDelivery.objects.update(updated_at=Now() - timedelta(hours=1))
    jobs_sweep()
    assert delivery.pk not in rung
    make_due(delivery)
    jobs_sweep()
    assert rung.count(delivery.pk) == 1


@pytest.mark.django_db(transaction=True)
def test_twenty_workers_that_are_rung_at_once_send_one_message(cast: Cast) -> None:
    from django.db import connection

    with receiving() as receiver:
        delivery = webhook_test(actor=cast.admin, endpoint=make_webhook(cast, receiver.url))
        barrier = threading.Barrier(20)

        def work() -> None:
            barrier.wait(timeout=60)
            try:
                webhook_send.webhook_deliver(delivery_id=delivery.pk)
            finally:
                connection.close()

        threads = [threading.Thread(target=work) for _n in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
    assert len(receiver.received) == 1
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempt) == (JobStatus.SUCCEEDED, 1)

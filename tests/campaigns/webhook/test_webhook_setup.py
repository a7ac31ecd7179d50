"""Making, changing, renewing, disabling and testing a webhook, and sending a message again: six questions for each."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from django.test import Client

from campaigns.models import WebhookDelivery, WebhookEndpoint
from campaigns.services import webhook as service
from campaigns.services.webhook_send import webhook_deliver
from copystudio.db import JobStatus
from copystudio.errors import NotPermittedError, TransitionError
from copystudio.models import Event
from tests.campaigns.webhook.makers import PUBLIC, make_webhook
from tests.people import Cast

NEW = {"url": PUBLIC, "events": ["run.succeeded", "run.failed"]}


def path(cast: Cast, rest: str = "") -> str:
    return f"/w/{cast.workspace.slug}/webhooks/{rest}"


@pytest.fixture
def endpoint(cast: Cast) -> WebhookEndpoint:
    return make_webhook(cast)


@pytest.fixture
def failed(cast: Cast, endpoint: WebhookEndpoint) -> WebhookDelivery:
    """A message that was given up."""
    delivery = service.webhook_test(actor=cast.admin, endpoint=endpoint)
    WebhookDelivery.objects.filter(pk=delivery.pk).update(status=JobStatus.FAILED, error_code="given_up", attempt=9)
    delivery.refresh_from_db()
    return delivery


def test_a_new_one_shows_its_secret_once(cast: Cast) -> None:
    response = cast.client(cast.admin).post(path(cast, "new/"), NEW)
    endpoint = WebhookEndpoint.objects.get()
    assert response.status_code == 200 and "no-store" in response["Cache-Control"]
    assert response.content.decode().count(endpoint.secret) == 1
    assert endpoint.secret.startswith("whsec_") and len(base64.b64decode(endpoint.secret[6:])) == 32
    assert endpoint.events == NEW["events"] and endpoint.is_active
    for page in ("", f"{endpoint.pk}/", f"{endpoint.pk}/edit/"):
        text = cast.client(cast.admin).get(path(cast, page)).content.decode()
        assert endpoint.secret not in text and PUBLIC in text
    event = Event.objects.get(verb="webhook.create")
    assert event.actor == cast.admin and endpoint.secret not in str(event.data)


@pytest.mark.parametrize(
    "values",
    [
        {"url": ""},
        {"url": "shop.example.com"},
        {"url": "http://93.184.216.34/"},
        {"url": "https://127.0.0.1/"},
        {"url": "https://x:y@93.184.216.34/"},
        {"url": "https://93.184.216.34/" + "x" * 500},
        {"events": []},
        {"events": ["run.imagined"]},
    ],
)
@pytest.mark.parametrize("step", ["new", "edit"])
def test_wrong_input_is_refused(cast: Cast, endpoint: WebhookEndpoint, step: str, values: dict[str, Any]) -> None:
    where = path(cast, "new/" if step == "new" else f"{endpoint.pk}/edit/")
    response = cast.client(cast.admin).post(where, {**NEW, "url": "https://93.184.216.35/", **values})
    assert response.status_code == 422
    assert list(WebhookEndpoint.objects.values_list("url", flat=True)) == [PUBLIC]


def test_an_address_is_told_once(cast: Cast, endpoint: WebhookEndpoint) -> None:
    response = cast.client(cast.admin).post(path(cast, "new/"), NEW)
    assert response.status_code == 422 and "already a webhook" in response.content.decode()
    other = make_webhook(cast, "https://93.184.216.35/")
    response = cast.client(cast.admin).post(path(cast, f"{other.pk}/edit/"), NEW)
    assert response.status_code == 422 and "already a webhook" in response.content.decode()


def test_there_are_at_most_twenty(cast: Cast) -> None:
    for number in range(20):
        make_webhook(cast, f"https://93.184.216.34/{number}")
    response = cast.client(cast.admin).post(path(cast, "new/"), NEW)
    assert response.status_code == 422 and WebhookEndpoint.objects.count() == 20


def test_a_change_keeps_the_secret(cast: Cast, endpoint: WebhookEndpoint) -> None:
    changed = {"url": "https://93.184.216.35/", "events": ["run.cancelled"]}
    assert cast.client(cast.admin).post(path(cast, f"{endpoint.pk}/edit/"), changed).status_code == 303
    now = WebhookEndpoint.objects.get()
    assert (now.url, now.events, now.secret) == (changed["url"], ["run.cancelled"], endpoint.secret)
    assert Event.objects.get(verb="webhook.change").data["url"] == [PUBLIC, changed["url"]]


def test_a_new_secret_is_shown_once_and_the_former_one_kept_for_a_day(cast: Cast, endpoint: WebhookEndpoint) -> None:
    response = cast.client(cast.admin).post(path(cast, f"{endpoint.pk}/rotate/"))
    now = WebhookEndpoint.objects.get()
    assert now.secret != endpoint.secret and now.former_secret == endpoint.secret
    text = response.content.decode()
    assert response.status_code == 200 and text.count(now.secret) == 1 and endpoint.secret not in text
    event = Event.objects.get(verb="webhook.rotate")
    assert event.actor == cast.admin and "whsec_" not in str(event.data)


def test_out_of_use_and_back(cast: Cast, endpoint: WebhookEndpoint) -> None:
    browser = cast.client(cast.admin)
    for step, active, verb in (("disable", False, "webhook.disable"), ("enable", True, "webhook.enable")):
        assert browser.post(path(cast, f"{endpoint.pk}/{step}/")).status_code == 303
        endpoint.refresh_from_db()
        assert endpoint.is_active is active and Event.objects.get(verb=verb).actor == cast.admin
        assert browser.post(path(cast, f"{endpoint.pk}/{step}/")).status_code == 409


def test_a_test_is_a_message_like_others(cast: Cast, endpoint: WebhookEndpoint) -> None:
    assert cast.client(cast.admin).post(path(cast, f"{endpoint.pk}/test/")).status_code == 303
    delivery = WebhookDelivery.objects.get()
    assert delivery.event == "webhook.test" and delivery.created_by == cast.admin
    assert Event.objects.get(verb="webhook.test").actor == cast.admin
    assert delivery.message_id in cast.client(cast.admin).get(path(cast, f"{endpoint.pk}/")).content.decode()


def test_one_that_is_out_of_use_gets_no_test_and_no_retry(cast: Cast, failed: WebhookDelivery) -> None:
    service.webhook_switch(actor=cast.admin, endpoint=failed.endpoint, active=False)
    assert cast.client(cast.admin).post(path(cast, f"{failed.endpoint_id}/test/")).status_code == 409
    assert cast.client(cast.admin).post(path(cast, f"messages/{failed.pk}/retry/")).status_code == 409


def test_a_message_that_was_given_up_begins_anew(cast: Cast, failed: WebhookDelivery) -> None:
    page = cast.client(cast.admin).get(path(cast, f"{failed.endpoint_id}/")).content.decode()
    assert "Given up after the last try." in page and f"messages/{failed.pk}/retry/" in page
    assert cast.client(cast.admin).post(path(cast, f"messages/{failed.pk}/retry/")).status_code == 303
    again = WebhookDelivery.objects.get()
    assert (again.status, again.attempt, again.message_id) == (JobStatus.QUEUED, 0, failed.message_id)
    assert Event.objects.get(verb="webhookdelivery.resume").actor == cast.admin


@pytest.mark.usefixtures("inside")
def test_a_message_that_waits_is_due_at_once(cast: Cast) -> None:
    endpoint = make_webhook(cast, "http://127.0.0.1:9/")  # nobody listens
    delivery = service.webhook_test(actor=cast.admin, endpoint=endpoint)
    webhook_deliver(delivery_id=delivery.pk)
    assert cast.client(cast.admin).post(path(cast, f"messages/{delivery.pk}/retry/")).status_code == 303
    webhook_deliver(delivery_id=delivery.pk)
    delivery.refresh_from_db()
    assert delivery.attempt == 2


@pytest.mark.parametrize("status", [JobStatus.SUCCEEDED, JobStatus.RUNNING])
def test_what_arrived_or_is_on_its_way_is_not_sent_again(cast: Cast, failed: WebhookDelivery, status: str) -> None:
    from django.utils import timezone

    WebhookDelivery.objects.update(status=status, lease_until=timezone.now())
    assert cast.client(cast.admin).post(path(cast, f"messages/{failed.pk}/retry/")).status_code == 409
    with pytest.raises(TransitionError):
        service.delivery_retry(actor=cast.admin, delivery=failed)


STEPS = ["{webhook}/edit/", "{webhook}/rotate/", "{webhook}/disable/", "{webhook}/test/", "messages/{message}/retry/"]


@pytest.mark.parametrize("step", ["new/", *STEPS])
def test_only_admins_may_and_strangers_see_nothing(cast: Cast, failed: WebhookDelivery, step: str) -> None:
    where = path(cast, step.format(webhook=failed.endpoint_id, message=failed.pk))
    before = Event.objects.count()
    assert cast.client(cast.approver).post(where, NEW).status_code == 403
    assert cast.client(cast.stranger).post(where, NEW).status_code == 404
    assert Client().post(where, NEW).status_code == 302
    assert cast.client(cast.admin).put(where).status_code == 405
    other = f"/w/{cast.elsewhere.slug}/webhooks/" + step.format(webhook=failed.endpoint_id, message=failed.pk)
    if step != "new/":
        assert cast.client(cast.stranger).post(other, NEW).status_code == 404
    assert Event.objects.count() == before


def test_the_services_check_for_themselves(cast: Cast, failed: WebhookDelivery) -> None:
    who: dict[str, Any] = {"actor": cast.approver}
    endpoint = failed.endpoint
    for call in (
        lambda: service.webhook_create(**who, workspace=cast.workspace, url=PUBLIC, events=["run.failed"]),
        lambda: service.webhook_change(**who, endpoint=endpoint, url=PUBLIC, events=["run.failed"]),
        lambda: service.webhook_rotate(**who, endpoint=endpoint),
        lambda: service.webhook_switch(**who, endpoint=endpoint, active=False),
        lambda: service.webhook_test(**who, endpoint=endpoint),
        lambda: service.delivery_retry(**who, delivery=failed),
    ):
        with pytest.raises(NotPermittedError):
            call()

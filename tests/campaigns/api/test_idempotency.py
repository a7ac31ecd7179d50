"""``Idempotency-Key``: a wish is done once, however often and by how many at once it is sent."""

from __future__ import annotations

import datetime as dt
import threading
import time
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from campaigns.models import ApiRequest, Brief
from generation.models import GenerationRun
from tests import factories
from tests.campaigns.copy_makers import make_brief, make_run
from tests.campaigns.shop import Shop, make_shop
from tests.people import make_cast

RUNS = "/api/v1/runs"


def send(shop: Shop, key: str, body: Any = None, path: str = RUNS, api_key: str | None = None) -> HttpResponse:
    headers = shop.headers(api_key, {"Idempotency-Key": key})
    return Client().post(path, body, content_type="application/json", headers=headers)


def wish(shop: Shop, **values: Any) -> dict[str, Any]:
    return {"campaign": shop.campaign.pk, "channels": ["email_subject"], "language": "en", "count": 2, **values}


@pytest.fixture(autouse=True)
def a_product(request: pytest.FixtureRequest) -> None:
    if "shop" in request.fixturenames:
        factories.make_product(request.getfixturevalue("shop").cast, sku="A-1")


def test_the_same_request_gets_the_same_answer_and_starts_one_run(shop: Shop) -> None:
    first = send(shop, "k-1", wish(shop))
    again = [send(shop, "k-1", dict(reversed(wish(shop).items()))) for _n in range(3)]
    assert first.status_code == 202 and "Idempotency-Replayed" not in first
    for one in again:
        assert one.status_code == 202 and one["Idempotency-Replayed"] == "true"
        assert one.json() == first.json() and one["Location"] == first["Location"]
    assert GenerationRun.objects.count() == Brief.objects.count() == 1


def test_the_same_key_with_another_request_is_a_422(shop: Shop) -> None:
    first = send(shop, "k-1", wish(shop))
    for body, path in ((wish(shop, count=3), RUNS), (None, f"{RUNS}/{first.json()['id']}/cancel")):
        response = send(shop, "k-1", body, path)
        assert (response.status_code, response.json()["code"]) == (422, "idempotency_mismatch")
    assert GenerationRun.objects.get().cancel_requested_at is None


def test_cancelling_under_a_key_is_answered_again_after_the_run_ended(shop: Shop) -> None:
    run = make_run(shop.cast)
    first, second = (send(shop, "k-2", path=f"{RUNS}/{run.pk}/cancel") for _n in range(2))
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json() and second["Idempotency-Replayed"] == "true"
    assert send(shop, "k-3", path=f"{RUNS}/{run.pk}/cancel").status_code == 409


def test_what_was_refused_may_be_tried_again(shop: Shop) -> None:
    assert send(shop, "k-1", wish(shop, products=["A-7"])).status_code == 404
    factories.make_product(shop.cast, sku="A-7")
    assert send(shop, "k-1", wish(shop, products=["A-7"])).status_code == 202


def test_keys_of_two_workspaces_do_not_meet(shop: Shop) -> None:
    other = make_shop(make_cast("other"))
    factories.make_product(other.cast)
    first, second = send(shop, "k-1", wish(shop)), send(other, "k-1", wish(other))
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["id"] != second.json()["id"]


def test_it_holds_when_the_api_key_was_replaced_in_between(shop: Shop) -> None:
    _client, other = factories.make_client(shop.cast)
    first, second = send(shop, "k-1", wish(shop)), send(shop, "k-1", wish(shop), api_key=other)
    assert first.json() == second.json() and GenerationRun.objects.count() == 1


def test_after_a_day_a_key_is_forgotten(shop: Shop) -> None:
    now = timezone.now()
    for hours, runs in ((0, 1), (23, 1), (25, 2)):
        with time_machine.travel(now + dt.timedelta(hours=hours), tick=False):
            assert send(shop, "k-1", wish(shop)).status_code == 202
        assert GenerationRun.objects.count() == runs
    with time_machine.travel(now + dt.timedelta(hours=50), tick=False):
        send(shop, "k-9", wish(shop))
    assert list(ApiRequest.objects.values_list("key", flat=True)) == ["k-9"]


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "ключ"])
def test_a_key_that_is_none_is_a_400(shop: Shop, key: str) -> None:
    response = send(shop, key, wish(shop))
    assert (response.status_code, response.json()["code"]) == (400, "idempotency_key")
    assert not GenerationRun.objects.exists()


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["wish", "brief"])
def test_twenty_equal_requests_at_once_start_one_run(kind: str) -> None:
    shop = make_shop(make_cast())
    factories.make_product(shop.cast, sku="A-1")
    body = wish(shop)
    if kind == "brief":
        body = {"brief": make_brief(shop.cast, campaign=shop.campaign).pk}
    barrier = threading.Barrier(20)
    answers: list[HttpResponse] = []
    tries: list[int] = []

    def press() -> None:
        try:
            barrier.wait(timeout=60)
            deadline = time.monotonic() + 60
            while True:  # as a client does: 409 means that the first one is being worked on
                answer = send(shop, "k-1", body)
                tries.append(answer.status_code)
                if answer.status_code != 409 or time.monotonic() > deadline:
                    break
                assert answer.json()["code"] == "idempotency_in_flight"
                time.sleep(0.05)
            answers.append(answer)
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert len(answers) == 20 and set(tries) <= {202, 409}
    assert all(answer.json() == answers[0].json() for answer in answers)
    assert sum("Idempotency-Replayed" not in answer for answer in answers) == 1
    assert GenerationRun.objects.count() == Brief.objects.count() == ApiRequest.objects.count() == 1

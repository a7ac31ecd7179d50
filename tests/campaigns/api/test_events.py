"""POST /api/v1/events."""

from __future__ import annotations

import datetime as dt
import json
import uuid

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from campaigns.models import Click, Conversion, DailyCount, Impression
from campaigns.services.exposure import Exposure, SigningKeys, nonce, token_sign
from tests.campaigns.shop import Shop, counted, event, make_shop, outcomes
from tests.people import make_cast


def forged(shop: Shop, secret: str, **values: int) -> str:
    stated = {
        "workspace": shop.cast.workspace.pk,
        "placement": shop.placement.pk,
        "variant": shop.variant.pk,
        "revision": shop.variant.approved_revision_id,
        "visitor": "0" * 32,
        "nonce": nonce(),
        "expires": int(timezone.now().timestamp()) + 3600,
    }
    return token_sign(keys=SigningKeys.derive(secret), exposure=Exposure(**{**stated, **values}))


def test_a_batch_is_stored_and_counted(shop: Shop) -> None:
    token = shop.token()
    response = shop.send(event(token), event(token, "click"), event(token, "conversion", value=19.99, currency="USD"))
    body = response.json()
    assert (body["received"], body["accepted"], body["duplicate"], body["not_counted"]) == (3, 3, 0, 0)
    assert counted(shop) == (1, 1, 1)
    cell = DailyCount.objects.get(workspace=shop.cast.workspace, conversions=1)
    assert (cell.variant, cell.placement, str(cell.value), cell.currency) == (
        shop.variant,
        shop.placement,
        "19.99",
        "USD",
    )
    row = Conversion.objects.get()
    assert (str(row.value), row.currency, row.revision_id) == ("19.99", "USD", shop.variant.approved_revision_id)


def test_the_visitor_is_stored_only_as_a_pseudonym(shop: Shop) -> None:
    shop.send(event(shop.token("jane@example.com")))
    row = Impression.objects.get()
    assert len(row.visitor) == 32 and "jane" not in row.visitor


def test_sending_again_counts_nothing_twice(shop: Shop) -> None:
    batch = [event(shop.token(f"v{n}")) for n in range(5)]
    assert outcomes(shop.send(*batch)) == ["accepted"] * 5
    assert outcomes(shop.send(*batch, *batch)) == ["duplicate"] * 10
    assert counted(shop) == (5, 0, 0)


def test_a_duplicate_inside_a_batch_counts_once(shop: Shop) -> None:
    one = event(shop.token())
    assert sorted(outcomes(shop.send(one, one, one))) == ["accepted", "duplicate", "duplicate"]
    assert counted(shop) == (1, 0, 0)


def test_an_exposure_counts_once_for_each_type(shop: Shop) -> None:
    token = shop.token()
    assert sorted(outcomes(shop.send(event(token), event(token), event(token, "click")))) == [
        "accepted",
        "accepted",
        "replayed",
    ]
    assert outcomes(shop.send(event(token))) == ["replayed"]
    assert counted(shop) == (1, 1, 0)
    assert Impression.objects.filter(reason="replayed", counted=False).count() == 2


def test_forged_and_foreign_tokens_count_nothing(shop: Shop) -> None:
    other = make_shop(make_cast("other"))
    good = shop.token()
    tokens = [
        "nonsense",
        forged(shop, "not the key"),
        forged(shop, other.cast.workspace.signing_key),
        forged(shop, shop.cast.workspace.signing_key, workspace=other.cast.workspace.pk),
        other.token(),
        good[:-1] + ("A" if good[-1] != "A" else "B"),
        good + "A",
        good.replace("x1.", "x2."),
    ]
    assert outcomes(shop.send(*(event(token) for token in tokens))) == ["invalid_token"] * len(tokens)
    assert counted(shop) == (0, 0, 0)
    assert Impression.objects.filter(counted=False, variant=None).count() == len(tokens)


@pytest.mark.parametrize("position", range(0, 142, 7))
def test_a_token_with_one_other_character_is_invalid(shop: Shop, position: int) -> None:
    token = shop.token()
    other = "A" if token[position] != "A" else "B"
    assert outcomes(shop.send(event(token[:position] + other + token[position + 1 :]))) == ["invalid_token"]


@pytest.mark.slow
def test_ten_thousand_bad_tokens_of_each_kind_count_nothing(shop: Shop) -> None:
    secret = shop.cast.workspace.signing_key
    past = int(timezone.now().timestamp()) - 10
    used = shop.token()
    shop.send(event(used))
    for make in (
        lambda: forged(shop, "not the key"),
        lambda: forged(shop, secret, expires=past),
        lambda: used,
    ):
        for _batch in range(10):
            assert "accepted" not in outcomes(shop.send(*(event(make()) for _n in range(1000))))
    assert counted(shop) == (1, 0, 0)


def test_an_expired_token_counts_no_impression_and_no_click(shop: Shop) -> None:
    token = shop.token()
    with time_machine.travel(timezone.now() + dt.timedelta(hours=24, seconds=2), tick=False):
        assert outcomes(shop.send(event(token), event(token, "click"))) == ["expired_token"] * 2
    assert counted(shop) == (0, 0, 0)


def test_a_conversion_may_come_days_later_but_not_for_ever(shop: Shop) -> None:
    first, second = shop.token("v1"), shop.token("v2")
    with time_machine.travel(timezone.now() + dt.timedelta(days=7, hours=23), tick=False):
        assert outcomes(shop.send(event(first, "conversion"))) == ["accepted"]
    with time_machine.travel(timezone.now() + dt.timedelta(days=8, minutes=1), tick=False):
        assert outcomes(shop.send(event(second, "conversion"))) == ["expired_token"]


def test_another_workspace_cannot_use_up_my_event_ids(shop: Shop) -> None:
    other = make_shop(make_cast("other"))
    mine = [event(shop.token(f"v{n}")) for n in range(20)]
    assert outcomes(other.send(*mine)) == ["invalid_token"] * 20
    assert outcomes(shop.send(*mine)) == ["accepted"] * 20
    assert counted(shop) == (20, 0, 0)


def iso(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat()


@pytest.mark.parametrize("days", [-7, -1, 1, 7])
def test_sent_at_corrects_a_wrong_clock(shop: Shop, days: int) -> None:
    now = timezone.now()
    wrong = dt.timedelta(days=days)
    with time_machine.travel(now, tick=False):
        token = shop.token()
    with time_machine.travel(now + dt.timedelta(hours=2), tick=False):
        happened = now + dt.timedelta(hours=1)
        sent = now + dt.timedelta(hours=2)
        one = event(token, timestamp=iso(happened + wrong))
        assert outcomes(shop.send(one, sent_at=iso(sent + wrong))) == ["accepted"]
    row = Impression.objects.get()
    assert row.occurred_at == happened


def test_an_event_of_tomorrow_is_refused(shop: Shop) -> None:
    now = timezone.now()
    late = event(shop.token("v1"), timestamp=iso(now + dt.timedelta(hours=23, minutes=5)))
    near = event(shop.token("v2"), timestamp=iso(now + dt.timedelta(hours=22)))
    assert outcomes(shop.send(late, near)) == ["future", "accepted"]
    assert Impression.objects.get(counted=True).occurred_at <= timezone.now()


def test_nothing_happens_before_its_exposure(shop: Shop) -> None:
    began = timezone.now() - dt.timedelta(seconds=2)
    assert outcomes(shop.send(event(shop.token(), timestamp="1999-01-01T00:00:00Z"))) == ["accepted"]
    assert Impression.objects.get().occurred_at >= began


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-06-30T23:59:60Z"])
def test_the_ends_of_the_calendar_do_no_harm(shop: Shop, moment: str) -> None:
    response = shop.send(event(shop.token(), timestamp=moment), sent_at=moment)
    assert response.status_code == 202


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"event_id": "17"}, "/events/1/event_id"),
        ({"event_id": 17}, "/events/1/event_id"),
        ({"type": "view"}, "/events/1/type"),
        ({"type": None}, "/events/1/type"),
        ({"token": ""}, "/events/1/token"),
        ({"token": 5}, "/events/1/token"),
        ({"token": "x" * 513}, "/events/1/token"),
        ({"timestamp": "yesterday"}, "/events/1/timestamp"),
        ({"timestamp": "2026-05-01T12:00:00"}, "/events/1/timestamp"),
        ({"value": -1}, "/events/1/value"),
        ({"value": "12"}, "/events/1/value"),
        ({"value": True}, "/events/1/value"),
        ({"value": 2**63}, "/events/1/value"),
        ({"currency": "usd"}, "/events/1/currency"),
    ],
)
def test_one_wrong_event_refuses_the_batch_and_is_named(shop: Shop, values: dict[str, object], pointer: str) -> None:
    token = shop.token()
    response = shop.send(event(token), {**event(token), **values})
    assert response.status_code == 422
    assert pointer in [error["pointer"] for error in response.json()["errors"]]
    assert not Impression.objects.exists()


@pytest.mark.parametrize("events", [[], None, {}, "x", [1], [[]], [None]])
def test_a_batch_has_events(shop: Shop, events: object) -> None:
    headers = shop.headers(None, {})
    response = Client().post("/api/v1/events", {"events": events}, content_type="application/json", headers=headers)
    assert response.status_code == 422


def test_a_batch_of_a_thousand_is_the_largest(shop: Shop) -> None:
    token = shop.token()
    assert shop.send(*(event(token) for _n in range(1000))).status_code == 202
    assert shop.send(*(event(token) for _n in range(1001))).status_code == 422


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"[]", 422),
        (b"null", 422),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b'{"events": NaN}', 400),
        (b"[" * 100_000, 400),
        (b'{"events": [{"event_id": "\\ud800"}]}', 400),
        (b'{"sent_at": "\\u0000", "events": []}', 422),
        (b" " * (1024 * 1024 + 1), 413),
        (b'{"events": ' + b"9" * 5000 + b"}", 400),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(shop: Shop, body: bytes, status: int) -> None:
    headers = shop.headers(None, {})
    response = Client().post("/api/v1/events", body, content_type="application/json", headers=headers)
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"


def test_another_content_type_is_refused(shop: Shop) -> None:
    headers = shop.headers(None, {})
    response = Client().post("/api/v1/events", b"a=1", content_type="text/plain", headers=headers)
    assert response.status_code == 415


def test_half_a_character_in_an_error_does_no_harm(shop: Shop) -> None:
    body = json.dumps({"events": [{"event_id": str(uuid.uuid4()), "type": "😀", "token": "\U0001f600"}]})
    headers = shop.headers(None, {})
    response = Client().post("/api/v1/events", body, content_type="application/json", headers=headers)
    assert response.status_code == 422


def test_clicks_and_impressions_do_not_share_event_ids(shop: Shop) -> None:
    token, same = shop.token(), str(uuid.uuid4())
    sent = shop.send(event(token, event_id=same), event(token, "click", event_id=same))
    assert outcomes(sent) == ["accepted", "accepted"]
    assert Click.objects.count() == Impression.objects.count() == 1

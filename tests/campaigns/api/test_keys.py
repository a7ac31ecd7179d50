"""API keys: who gets in, with what, and for how long."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone

from campaigns.models import ApiClient, Scope
from campaigns.services.client import client_revoke, client_rotate
from campaigns.services.delivery import shelf
from tests import factories
from tests.campaigns.shop import Shop
from tests.people import Cast

ROUTES = {
    "decide": ("/api/v1/decide?placement={placement}&visitor=v", "get"),
    "events": ("/api/v1/events", "post"),
    "copy:read": ("/api/v1/copy", "get"),
    "generate": ("/api/v1/runs", "get"),
}


def call(shop: Shop, scope: str, key: str | None) -> Any:
    path, method = ROUTES[scope]
    headers = {"Authorization": f"Bearer {key}"} if key is not None else {}
    body = {"data": {"events": []}, "content_type": "application/json"} if method == "post" else {}
    return getattr(Client(), method)(path.format(placement=shop.placement.slug), headers=headers, **body)


@pytest.mark.parametrize("scope", Scope.values)
@pytest.mark.parametrize("key", [None, "", "nonsense", "cs_live_" + "A" * 43, "cs_live_" + "é" * 43, "\ud7ff"])
def test_without_a_valid_key_there_is_a_401(shop: Shop, scope: str, key: str | None) -> None:
    response = call(shop, scope, key)
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("header", ["Basic {key}", "{key}", "Bearer  {key}", "Bearer {key} ", "Token {key}"])
def test_only_the_bearer_scheme_counts(shop: Shop, header: str) -> None:
    value = header.format(key=shop.key)
    response = Client().get("/api/v1/copy", headers={"Authorization": value})
    assert response.status_code == 401


def test_a_key_in_the_url_is_nothing(shop: Shop) -> None:
    assert Client().get(f"/api/v1/copy?key={shop.key}&api_key={shop.key}").status_code == 401


@pytest.mark.parametrize("scope", Scope.values)
def test_a_key_opens_only_what_its_scope_names(shop: Shop, scope: str) -> None:
    _client, key = factories.make_client(shop.cast, scopes=[scope])
    for other in Scope.values:
        status = call(shop, other, key).status_code
        assert status == (403 if other != scope else 422 if scope == "events" else 200)
    assert call(shop, scope, key).status_code != 403
    refused = next(other for other in Scope.values if other != scope)
    assert call(shop, refused, key).json()["code"] == "missing_scope"


def test_a_new_key_works_at_once(shop: Shop) -> None:
    shop.decide()  # the payload is held before the key exists
    _client, key = factories.make_client(shop.cast)
    assert call(shop, "decide", key).status_code == 200


def test_a_revoked_key_is_refused_within_a_second(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shop.decide().status_code == 200
    base = shelf.clock()
    client_revoke(actor=shop.cast.admin, client=shop.api_client)
    monkeypatch.setattr(shelf, "clock", lambda: base + 1.0)
    assert shop.decide().status_code == 401


def test_a_key_expires_to_the_moment(cast: Cast, shop: Shop) -> None:
    end = timezone.now() + dt.timedelta(hours=1)
    _client, key = factories.make_client(cast, expires_at=end)
    with time_machine.travel(end - dt.timedelta(seconds=1), tick=False):
        assert call(shop, "decide", key).status_code == 200
    with time_machine.travel(end, tick=False):
        assert call(shop, "decide", key).status_code == 401


def test_after_a_rotation_both_keys_work_until_the_overlap_ends(shop: Shop) -> None:
    now = timezone.now()
    _new, key = client_rotate(actor=shop.cast.admin, client=shop.api_client, overlap=dt.timedelta(hours=1))
    assert call(shop, "decide", key).status_code == call(shop, "decide", shop.key).status_code == 200
    with time_machine.travel(now + dt.timedelta(hours=1, seconds=1), tick=False):
        assert call(shop, "decide", key).status_code == 200
        assert call(shop, "decide", shop.key).status_code == 401


def test_the_last_use_is_noted_at_most_once_a_minute(shop: Shop) -> None:
    now = timezone.now()
    for seconds, wanted in ((0, 0), (30, 0), (61, 61)):
        with time_machine.travel(now + dt.timedelta(seconds=seconds), tick=False):
            shop.decide()
        noted = ApiClient.objects.get(pk=shop.api_client.pk).last_used_at
        assert noted == now + dt.timedelta(seconds=wanted)


def test_the_clear_key_is_in_no_table_and_no_log(caplog: pytest.LogCaptureFixture, cast: Cast) -> None:
    caplog.set_level(logging.DEBUG)
    url = f"/w/{cast.workspace.slug}/clients/new/"
    page = cast.client(cast.admin).post(url, {"name": "Shop", "scopes": ["decide", "copy:read"]})
    client = ApiClient.objects.get()
    text = page.content.decode()
    start = text.index(f">{client.prefix}") + 1
    key = text[start : start + 51]
    assert Client().get("/api/v1/copy", headers={"Authorization": f"Bearer {key}"}).status_code == 200
    Client().get("/api/v1/copy", headers={"Authorization": f"Bearer {key[:-1]}!"})
    stored = everything_stored()
    assert client.key_hash in stored
    assert key not in stored and key[len("cs_live_") + 8 :] not in stored
    assert key not in caplog.text


def everything_stored() -> str:
    """Every row of every table as text."""
    rows: list[str] = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT stored::text FROM "{table}" AS stored')
            rows += [row for (row,) in cursor.fetchall()]
    return "\n".join(rows)

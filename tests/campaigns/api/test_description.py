"""The OpenAPI description and the reference page."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from copystudio.models import Membership
from tests.campaigns.shop import Shop
from tests.people import Cast

PATHS = {
    "/api/v1/decide",
    "/api/v1/events",
    "/api/v1/copy",
    "/api/v1/copy/{id}",
    "/api/v1/runs",
    "/api/v1/runs/{id}",
    "/api/v1/runs/{id}/candidates",
    "/api/v1/runs/{id}/cancel",
}
SCHEMA, DOCS = "/api/v1/openapi.json", "/api/docs/"


def test_members_and_keys_may_read_the_description(shop: Shop) -> None:
    for response in (shop.cast.client(shop.cast.viewer).get(SCHEMA), shop.get(SCHEMA)):
        schema = response.json()
        assert response.status_code == 200
        assert schema["openapi"].startswith("3.1")
        assert set(schema["paths"]) == PATHS


def test_nobody_else_may(cast: Cast) -> None:
    assert Client().get(SCHEMA).status_code == 401
    assert Client().get(DOCS).status_code == 302
    Membership.objects.filter(user=cast.viewer).delete()
    assert cast.client(cast.viewer).get(SCHEMA).status_code == 403


def test_every_operation_names_its_scope_and_describes_its_errors(shop: Shop) -> None:
    schema = shop.get(SCHEMA).json()
    for methods in schema["paths"].values():
        for operation in methods.values():
            [[scope]] = [entry["apiKey"] for entry in operation["security"]]
            assert scope in {"decide", "events", "copy:read", "generate"}
            for status in ("400", "401", "403", "429", "503"):
                assert "application/problem+json" in operation["responses"][status]["content"]
            assert "WWW-Authenticate" in operation["responses"]["401"]["headers"]
            assert "Retry-After" in operation["responses"]["429"]["headers"]


def test_the_page_shows_every_operation_and_works_under_the_policy(cast: Cast) -> None:
    response = cast.client(cast.viewer).get(DOCS)
    text = response.content.decode()
    assert response.status_code == 200
    assert "'unsafe" not in response["Content-Security-Policy"]
    for path in PATHS:
        assert f"GET {path}" in text or f"POST {path}" in text
    assert "run.succeeded" in text and "webhook-signature" in text and "product_filter.price_min" in text
    assert "events[].token" in text and "Copy-Exposure-Token" in text and "Retry-After" in text
    assert not re.search(r"<[^>]*\sstyle=|<script(?![^>]*src=)|\son[a-z]+=", text)


@pytest.mark.parametrize("path", [SCHEMA, DOCS])
def test_another_method_gets_405(cast: Cast, path: str) -> None:
    client = cast.client(cast.viewer)
    assert client.put(path).status_code in {403, 405}
    assert client.get(path).status_code == 200


def test_errors_speak_the_language_of_the_reader(shop: Shop) -> None:
    response = shop.get("/api/v1/copy/1", headers={"Accept-Language": "zh-hans"})
    assert response["Content-Language"] == "zh-hans"
    assert response.json()["code"] == "not_found"

"""Requests that no browser sends are refused, and never an error of ours."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from tests import factories
from tests.people import Cast

LISTS = ("products", "brands", "segments", "campaigns", "variants", "runs", "review", "placements", "events", "members")


def strict(cast: Cast) -> Client:
    """The admin's browser; an error of ours is an answer here, not an exception."""
    client = cast.client(cast.admin)
    client.raise_request_exception = False
    return client


@pytest.mark.parametrize(
    "path", ["/w/%00/", "/w/shop/products/%00", "/w/shop/products/?q=%00", "/w/shop/products/?%00=1", "/?a=b%00c"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nul_in_path_or_query_is_a_bad_request(cast: Cast, path: str, method: str) -> None:
    response = strict(cast).generic(method, path)
    assert response.status_code == 400
    assert "<h1" in response.content.decode()


def test_nul_in_an_api_request_is_a_problem_body(cast: Cast) -> None:
    response = strict(cast).get("/api/v1/decide?placement=%00")
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert json.loads(response.content)["code"] == "bad_request"


@pytest.mark.parametrize("name", [settings.SESSION_COOKIE_NAME, settings.LANGUAGE_COOKIE_NAME, "anything"])
def test_nul_in_a_cookie_is_a_bad_request(cast: Cast, name: str) -> None:
    client = Client(raise_request_exception=False)
    written = '"' + r"\000" * 12 + '"'  # the octal escapes that cookies know
    assert client.get("/w/shop/", headers={"Cookie": f"{name}={written}"}).status_code == 400


@pytest.mark.parametrize("cookie", ["x", "x" * 4000, "../../etc/passwd", "ä" * 32, '"\\303\\244"'])
def test_a_session_cookie_that_is_none_of_ours_is_nobody(cast: Cast, cookie: str) -> None:
    client = Client(raise_request_exception=False)
    response = client.get(
        "/w/shop/", headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}".encode().decode("latin-1")}
    )
    assert response.status_code == 302


@pytest.mark.parametrize("name", LISTS)
def test_lists_take_any_query(cast: Cast, name: str) -> None:
    client = strict(cast)
    values = [
        "",
        "0",
        "-1",
        str(2**63),
        "9" * 40,
        "a'b\"c",
        "%",
        "\\",
        "💣" * 50,
        "x" * 3000,
        "[]",
        "__class__",
        "\ud800",
    ]
    keys = [
        "page",
        "q",
        "category",
        "vendor",
        "status",
        "actor",
        "verb",
        "campaign",
        "sort",
        "workspace__name",
        "_connector",
    ]
    for value in values:
        text = value.encode("utf-8", "surrogatepass")
        response = client.get(f"/w/shop/{name}/", dict.fromkeys(keys, text))
        assert response.status_code in {200, 404, 422}, f"{name} {value!r}: {response.status_code}"
    assert client.get(f"/w/shop/{name}/?q=%ff%fe&page=%ff").status_code == 200


@pytest.mark.parametrize("slug", ["nowhere", "SHOP", "x" * 300, "-", "_"])
def test_a_workspace_that_does_not_exist_is_the_same_404_as_one_of_others(cast: Cast, slug: str) -> None:
    client = strict(cast)
    missing, foreign = client.get(f"/w/{slug}/"), client.get(f"/w/{cast.elsewhere.slug}/")
    assert missing.status_code == foreign.status_code == 404
    assert missing.content == foreign.content


def test_a_foreign_object_is_the_same_404_as_a_missing_one(cast: Cast) -> None:
    product = factories.make_product(cast)
    stranger = cast.client(cast.stranger)
    foreign = stranger.get(f"/w/{cast.elsewhere.slug}/products/{product.pk}/")
    missing = stranger.get(f"/w/{cast.elsewhere.slug}/products/{product.pk + 999}/")
    assert foreign.status_code == missing.status_code == 404
    assert foreign.content == missing.content


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"\xff\xfe\x00", "application/x-www-form-urlencoded"),
        (b"name=%FF%FE", "application/x-www-form-urlencoded"),
        (b"name=a&" * 2000, "application/x-www-form-urlencoded"),
        (b"--x\r\nnonsense", "multipart/form-data; boundary=x"),
        (b"", "multipart/form-data"),
        (b"{}", "application/json"),
        (b"name=a", "application/x-www-form-urlencoded; charset=utf-7"),
        (b"a" * (3 * 1024 * 1024), "application/x-www-form-urlencoded"),
    ],
    ids=["bytes", "percent", "many", "multipart", "no boundary", "json", "utf-7", "large"],
)
def test_bodies_that_are_no_form_are_refused(cast: Cast, body: bytes, content_type: str) -> None:
    response = strict(cast).generic("POST", "/w/shop/brands/new/", body, content_type=content_type)
    assert response.status_code in {200, 303, 400, 413, 422}


def report(body: Any, **headers: str) -> int:
    client = Client(raise_request_exception=False)
    return client.generic("POST", "/csp-report", body, content_type="application/csp-report", **headers).status_code


def test_a_policy_report_is_logged_and_answered_with_nothing(caplog: pytest.LogCaptureFixture, db: None) -> None:
    body = {"csp-report": {"document-uri": "http://a/\nFORGED", "violated-directive": "script-src", "more": "x"}}
    assert report(json.dumps(body)) == 204
    assert "script-src" in caplog.text and "more" not in caplog.text
    assert "\nFORGED" not in caplog.text


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"csp-report": 5}', b'{"csp-report": []}', b"\xff", b"[" * 19_000]
)
def test_a_policy_report_that_is_none_is_refused(db: None, body: bytes) -> None:
    assert report(body) == 400


def test_a_policy_report_that_is_too_large_is_refused(db: None) -> None:
    assert report(b"x" * 20_001) == 413
    assert report(b"{}", CONTENT_LENGTH="many") == 400

"""What people and programs see when something goes wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.db import OperationalError, connection
from django.db.backends.postgresql.base import DatabaseWrapper
from django.test import Client

from campaigns.services.client import client_create
from copystudio.errors import (
    BusyError,
    ConflictError,
    InvalidInputError,
    NotPermittedError,
    StudioError,
    TransitionError,
)
from tests.people import PASSWORD, Cast

STATUSES = [
    (StudioError(), 400, "refused"),
    (InvalidInputError(), 422, "invalid"),
    (NotPermittedError(), 403, "not_permitted"),
    (TransitionError(), 409, "wrong_state"),
    (ConflictError(), 409, "conflict"),
    (BusyError(), 503, "not_ready"),
]


@pytest.fixture
def browser(cast: Cast) -> Client:
    client = cast.client(cast.admin)
    client.raise_request_exception = False
    return client


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise error

    monkeypatch.setattr("copystudio.views.home.memberships_of", fail)


@pytest.mark.parametrize(("error", "status", "code"), STATUSES, ids=[code for _, _, code in STATUSES])
def test_a_refusal_is_a_page_with_its_reason_and_a_fragment_for_htmx(
    browser: Client, monkeypatch: pytest.MonkeyPatch, error: StudioError, status: int, code: str
) -> None:
    failing(monkeypatch, error)
    page = browser.get("/")
    assert page.status_code == status
    assert str(error.message) in page.content.decode() and "<html" in page.content.decode()
    fragment = browser.get("/", headers={"HX-Request": "true"})
    assert fragment.status_code == status
    assert f'data-code="{code}"' in fragment.content.decode() and "<html" not in fragment.content.decode()


def test_an_error_of_ours_says_so_without_a_word_of_the_code(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, RuntimeError("secret detail"))
    response = browser.get("/")
    assert response.status_code == 500
    html = response.content.decode()
    assert "Something went wrong on our side" in html
    for word in ("secret detail", "Traceback", "RuntimeError", "memberships_of"):
        assert word not in html


def test_the_api_answers_with_problem_bodies(cast: Cast) -> None:
    response = Client().get("/api/v1/nowhere")
    assert response.status_code == 404 and response["Content-Type"] == "application/problem+json"
    assert json.loads(response.content)["status"] == 404


def test_a_form_that_is_out_of_date_says_what_to_do(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.admin)
    response = client.post("/w/shop/brands/new/", {"name": "Northway"})
    assert response.status_code == 403
    assert "out of date" in response.content.decode()


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("path", ["/nowhere/", "/w/nowhere/", "/w/%00/"])
def test_error_pages_speak_the_readers_language_or_english(cast: Cast, path: str, language: str) -> None:
    response = Client().get(path, headers={"Accept-Language": language}, follow=True)
    assert "<h1" in response.content.decode()


@pytest.fixture
def database_away(browser: Client, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """From now on no connection can be opened, and the one that was open is lost."""

    def refuse(self: DatabaseWrapper, params: dict[str, Any]) -> None:
        raise OperationalError("connection refused")

    def lost(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    with monkeypatch.context() as patched:
        patched.setattr(DatabaseWrapper, "get_new_connection", refuse)
        patched.setattr(DatabaseWrapper, "create_cursor", lost)
        yield browser


@pytest.mark.parametrize("path", ["/", "/w/shop/", "/w/shop/products/", "/accounts/login/", "/account/"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_the_database_pages_say_try_again_and_show_no_trace(
    database_away: Client, path: str, method: str
) -> None:
    data = {"login": "somebody@example.com", "password": PASSWORD}
    response = database_away.post(path, data) if method == "POST" else database_away.get(path)
    assert response.status_code in {405, 503}
    if response.status_code == 503:
        assert response["Retry-After"] == "5"
        html = response.content.decode()
        assert "Not ready yet" in html and "Operational" not in html and "refused" not in html


@pytest.fixture
def key(cast: Cast) -> str:
    return client_create(actor=cast.admin, workspace=cast.workspace, name="Shop", scopes=["copy:read"])[1]


def test_without_the_database_the_api_says_503_with_retry_after(key: str, database_away: Client) -> None:
    client = Client(raise_request_exception=False)
    response = client.get("/api/v1/copy", headers={"Authorization": f"Bearer {key}"})
    assert response.status_code == 503
    assert response["Retry-After"] == "5" and response["Content-Type"] == "application/problem+json"


def test_without_the_database_the_probes_tell_living_from_ready(database_away: Client) -> None:
    assert Client().get("/healthz").status_code == 200
    response = Client().get("/readyz")
    assert response.status_code == 503
    assert json.loads(response.content) == {"database": False, "cache": True}


def test_once_the_database_is_back_everything_works_without_a_restart(cast: Cast, browser: Client) -> None:
    assert browser.get("/w/shop/").status_code == 200
    with pytest.MonkeyPatch.context() as patched:

        def lost(*args: Any, **kwargs: Any) -> None:
            raise OperationalError("away")

        patched.setattr(DatabaseWrapper, "create_cursor", lost)
        assert browser.get("/w/shop/").status_code == 503
    assert browser.get("/w/shop/").status_code == 200
    assert not connection.needs_rollback


@pytest.fixture
def cache_away(browser: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise redis.exceptions.ConnectionError("connection refused")

    monkeypatch.setattr(redis.connection.ConnectionPool, "get_connection", refuse)
    return browser


def test_without_the_cache_signing_in_says_try_again(cache_away: Client, cast: Cast) -> None:
    client = Client(raise_request_exception=False)
    response = client.post("/accounts/login/", {"login": cast.viewer.email, "password": PASSWORD})
    assert response.status_code == 503 and response["Retry-After"] == "5"


def test_without_the_cache_whoever_is_signed_in_works_on(cache_away: Client) -> None:
    for path in ("/w/shop/", "/w/shop/products/", "/w/shop/brands/new/"):
        assert cache_away.get(path).status_code == 200
    assert json.loads(cache_away.get("/readyz").content) == {"database": True, "cache": False}

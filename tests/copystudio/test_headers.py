"""Every answer, of whatever kind, carries the security headers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from copystudio.errors import BusyError
from tests.people import PASSWORD, Cast

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "font-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "object-src": "'none'",
    "report-uri": "/csp-report",
}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}


def assert_safe(response: Any) -> None:
    where = f"{response.request['PATH_INFO']}: {response.status_code}"
    for name, value in HEADERS.items():
        assert response.headers.get(name) == value, f"{where} {name}"
    policy = dict(part.strip().split(" ", 1) for part in response["Content-Security-Policy"].split(";"))
    assert policy == POLICY, where
    assert "unsafe" not in response["Content-Security-Policy"]


def page(cast: Cast) -> Any:
    return cast.client(cast.admin).get("/w/shop/")


def sign_in_page(cast: Cast) -> Any:
    return Client().get("/accounts/login/")


def redirect_to_sign_in(cast: Cast) -> Any:
    return Client().get("/w/shop/")


def fragment(cast: Cast) -> Any:
    return cast.client(cast.admin).get("/w/shop/products/", headers={"HX-Request": "true"})


def change(cast: Cast) -> Any:
    return cast.client(cast.admin).post("/w/shop/brands/new/", {"name": "Northway"})


def form_with_errors(cast: Cast) -> Any:
    return cast.client(cast.admin).post("/w/shop/brands/new/", {"name": ""})


def not_found(cast: Cast) -> Any:
    return cast.client(cast.admin).get("/nowhere/")


def not_permitted(cast: Cast) -> Any:
    return cast.client(cast.viewer).get("/w/shop/members/")


def wrong_method(cast: Cast) -> Any:
    return cast.client(cast.admin).delete("/w/shop/products/")


def without_csrf_token(cast: Cast) -> Any:
    client = Client(enforce_csrf_checks=True)
    return client.post("/language/", {"language": "en"})


def broken_request(cast: Cast) -> Any:
    return Client().get("/w/shop/%00/")


def foreign_host(cast: Cast) -> Any:
    return Client().get("/", headers={"Host": "evil.example"})


def api_without_key(cast: Cast) -> Any:
    return Client().get(reverse("api:decide"))


def api_not_found(cast: Cast) -> Any:
    return Client().get("/api/v1/nowhere")


def api_description(cast: Cast) -> Any:
    return cast.client(cast.admin).get(reverse("api:schema"))


def api_reference(cast: Cast) -> Any:
    return cast.client(cast.admin).get(reverse("api:docs"))


def style_sheet(cast: Cast) -> Any:
    return Client().get("/static/css/studio.css")


def missing_file(cast: Cast) -> Any:
    return Client().get("/static/css/nowhere.css")


def probe(cast: Cast) -> Any:
    return Client().get("/healthz")


def redirect_of_a_slash(cast: Cast) -> Any:
    return Client().get("/w/shop/products")


KINDS: list[tuple[Callable[[Cast], Any], int]] = [
    (page, 200), (sign_in_page, 200), (redirect_to_sign_in, 302), (fragment, 200), (change, 303),
    (form_with_errors, 422), (not_found, 404), (not_permitted, 403), (wrong_method, 405), (without_csrf_token, 403),
    (broken_request, 400), (foreign_host, 400), (api_without_key, 401), (api_not_found, 404), (api_description, 200),
    (api_reference, 200), (style_sheet, 200), (missing_file, 404), (probe, 200), (redirect_of_a_slash, 301),
]  # fmt: skip


@pytest.mark.parametrize(("ask", "status"), KINDS, ids=[ask.__name__ for ask, _ in KINDS])
def test_every_kind_of_answer_carries_them(cast: Cast, ask: Callable[[Cast], Any], status: int) -> None:
    response = ask(cast)
    assert response.status_code == status
    assert_safe(response)


@pytest.mark.parametrize(("error", "status"), [(RuntimeError("bug"), 500), (BusyError(), 503)])
def test_failures_carry_them(cast: Cast, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int) -> None:
    def fail(*args: Any, **kwargs: Any) -> HttpResponse:
        raise error

    monkeypatch.setattr("copystudio.views.home.memberships_of", fail)
    client = cast.client(cast.admin)
    client.raise_request_exception = False
    response = client.get("/")
    assert response.status_code == status
    assert_safe(response)


def test_pages_are_not_kept_by_any_cache_and_files_may_be(cast: Cast) -> None:
    for ask in (page, fragment, not_found, api_without_key):
        assert ask(cast)["Cache-Control"] == "private, no-store"
    assert "no-store" not in style_sheet(cast).get("Cache-Control", "")


def test_pages_carry_no_script_or_style_of_their_own(cast: Cast) -> None:
    for ask in (page, sign_in_page, not_found):
        html = ask(cast).content.decode()
        assert not re.search(r"<script(?![^>]*\bsrc=)", html) and "<style" not in html
        assert not re.search(r"\s(style|on[a-z]+)=", html)


def test_cookies_are_closed_to_scripts_and_to_other_sites(cast: Cast) -> None:
    client = Client()
    client.get("/accounts/login/")
    client.post("/language/", {"language": "en"})
    client.post("/accounts/login/", {"login": cast.viewer.email, "password": PASSWORD})
    ours = {settings.CSRF_COOKIE_NAME, settings.SESSION_COOKIE_NAME, settings.LANGUAGE_COOKIE_NAME}
    assert ours <= set(client.cookies) <= ours | {"messages"}
    for cookie in client.cookies.values():
        assert cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["path"] == "/"


def test_htmx_is_told_to_run_nothing_of_what_it_fetches(cast: Cast) -> None:
    html = page(cast).content.decode()
    for setting in ('"allowEval":false', '"allowScriptTags":false', '"includeIndicatorStyles":false'):
        assert setting in html

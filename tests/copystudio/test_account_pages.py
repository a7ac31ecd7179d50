"""The pages around signing in look like the product, in both languages, whoever asks."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.conf import settings
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from tests.people import Cast

OPEN = ["account_login", "account_reset_password", "account_reset_password_done", "account_signup", "account_inactive"]
OWN = ["account_email", "account_change_password", "mfa_index", "usersessions_list", "account_logout"]


@pytest.fixture(params=["en", "zh-hans"])
def visitor(request: Any, db: None) -> Client:
    client = Client()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = request.param
    return client


@pytest.mark.parametrize("name", OPEN)
def test_pages_on_the_way_in_are_cards_without_navigation(visitor: Client, name: str) -> None:
    html = visitor.get(reverse(name)).content.decode()
    assert "centred-card" in html and "side-nav" not in html
    assert html.count("<h1") == 1


@pytest.mark.parametrize("name", OWN)
def test_pages_of_the_own_account_stand_in_the_product(visitor: Client, cast: Cast, name: str) -> None:
    visitor.force_login(cast.viewer)
    response = visitor.get(reverse(name), follow=True)
    html = response.content.decode()
    assert response.status_code == 200
    assert html.count("<h1") == 1 and "studio.js" in html


def test_two_step_sign_in_can_be_switched_on_and_off(client: Client, cast: Cast) -> None:
    client.force_login(cast.viewer)
    pages = [reverse("mfa_activate_totp"), reverse("mfa_generate_recovery_codes"), reverse("mfa_index")]
    TOTP.activate(cast.viewer, generate_totp_secret())
    for url in (*pages, reverse("mfa_deactivate_totp")):
        assert client.get(url, follow=True).status_code == 200


def test_a_wrong_password_is_said_in_the_form_and_tied_to_it(client: Client, cast: Cast) -> None:
    response = client.post(reverse("account_login"), {"login": cast.viewer.email, "password": "not this one"})
    html = response.content.decode()
    assert "data-form-errors" in html and 'role="alert"' in html
    assert cast.viewer.email in html


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422, 429, 500, 503])
def test_every_error_has_a_page_that_needs_no_request(status: int) -> None:
    html = render_to_string(f"errors/{status}.html", {"message": "<b>why</b>", "status": status, "code": "x"})
    assert "&lt;b&gt;why&lt;/b&gt;" in html
    assert html.count("<h1") == 1


def test_the_error_fragment_begins_as_the_script_expects() -> None:
    html = render_to_string("errors/fragment.html", {"message": "No.", "status": 403, "code": "csrf"})
    assert html.lstrip().startswith("<div data-error-fragment")
    assert 'data-code="csrf"' in html

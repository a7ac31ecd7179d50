"""Signing in and out through the real page."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client

from copystudio.models import User
from tests.copystudio.accounts.signing_in import LOGIN, form_token, sign_in
from tests.people import PASSWORD, Cast


def test_the_right_password_lets_in_and_leads_into_the_workspace(cast: Cast) -> None:
    browser = sign_in(cast.viewer.email, PASSWORD)
    assert browser.is_in and browser.response.status_code == 302
    page = browser.client.get(browser.response["Location"], follow=True)
    assert page.request["PATH_INFO"] == "/w/shop/"


def test_the_address_may_be_typed_in_capitals(cast: Cast) -> None:
    assert sign_in(cast.viewer.email.upper(), PASSWORD).is_in


@pytest.mark.parametrize("password", ["", "wrong", PASSWORD + " x", PASSWORD.upper()])
def test_a_wrong_password_does_not(cast: Cast, password: str) -> None:
    browser = sign_in(cast.viewer.email, password)
    assert not browser.is_in and browser.response.status_code == 200


def test_a_wrong_password_and_an_unknown_address_look_the_same(cast: Cast) -> None:
    answers = [sign_in(email, "wrong").response.content.decode() for email in (cast.viewer.email, "nobody@example.com")]
    texts = [
        answer.replace(form_token(answer), "").replace(cast.viewer.email, "").replace("nobody@example.com", "")
        for answer in answers
    ]
    csrf_free = [text.split('name="csrf-token"')[0] + text.split('name="htmx-config"')[1] for text in texts]
    assert csrf_free[0] == csrf_free[1]


def test_somebody_without_a_password_cannot_sign_in(cast: Cast) -> None:
    User.objects.create_user(email="invented@example.com", name="Invented")
    for password in ("", "!", "None"):
        assert not sign_in("invented@example.com", password).is_in


def test_a_switched_off_account_cannot_sign_in_and_its_sessions_are_dead(cast: Cast) -> None:
    browser = sign_in(cast.viewer.email, PASSWORD)
    User.objects.filter(pk=cast.viewer.pk).update(is_active=False)
    assert browser.client.get("/w/shop/").status_code == 302
    assert not sign_in(cast.viewer.email, PASSWORD).is_in


def test_the_session_id_changes_at_sign_in(cast: Cast) -> None:
    client = Client()
    session = client.session  # somebody planted this one
    session["planted"] = True
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    browser = sign_in(cast.viewer.email, PASSWORD, client=client)
    assert browser.is_in
    assert browser.client.session.session_key != session.session_key
    assert (
        Client(headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={session.session_key}"}).get("/w/shop/").status_code
        == 302
    )


@pytest.mark.parametrize("target", ["/w/shop/products/", "/w/shop/products/?q=a%26b"])
def test_the_page_that_was_asked_for_is_shown_after_signing_in(cast: Cast, target: str) -> None:
    asked = Client().get(target)
    assert asked["Location"].startswith(f"{LOGIN}?next=")
    assert sign_in(cast.viewer.email, PASSWORD, next_url=target).response["Location"] == target


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "http:///evil.example",
        "\t//evil.example",
    ],
)
def test_nobody_is_sent_to_another_site_after_signing_in(cast: Cast, target: str) -> None:
    browser = sign_in(cast.viewer.email, PASSWORD, next_url=target)
    assert browser.is_in
    assert "evil" not in browser.response["Location"] and "alert" not in browser.response["Location"]


def test_without_the_token_of_the_page_nothing_happens(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.get(LOGIN)
    assert client.post(LOGIN, {"login": cast.viewer.email, "password": PASSWORD}).status_code == 403


def test_signing_out_needs_a_post_and_ends_the_session(cast: Cast) -> None:
    browser = sign_in(cast.viewer.email, PASSWORD)
    key = browser.client.session.session_key
    assert browser.client.get("/accounts/logout/").status_code == 200 and browser.is_in
    browser.client.post("/accounts/logout/")
    assert not browser.is_in
    assert Client(headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={key}"}).get("/w/shop/").status_code == 302


def test_the_password_is_changed_with_the_old_one_and_other_browsers_are_signed_out(cast: Cast) -> None:
    here, elsewhere = sign_in(cast.viewer.email, PASSWORD), sign_in(cast.viewer.email, PASSWORD)
    new = "a much longer phrase than before"
    typed = {"oldpassword": "wrong", "password1": new, "password2": new}
    assert here.client.post("/accounts/password/change/", typed).status_code == 200
    here.client.post("/accounts/password/change/", {**typed, "oldpassword": PASSWORD})
    assert here.client.get("/w/shop/").status_code == 200
    assert elsewhere.client.get("/w/shop/").status_code == 302
    assert sign_in(cast.viewer.email, new).is_in


@pytest.mark.parametrize(
    ("password", "taken"),
    [
        ("short1!", False),
        ("password1234", False),
        ("123456789012345", False),
        ("shop-viewer@example.com", False),
        ("ünïcödé 密码 phrase", True),
        ("p" * 20 + "hrase with spaces " * 6, True),
    ],
)
def test_passwords_are_long_and_not_the_ones_everybody_has(cast: Cast, password: str, taken: bool) -> None:
    browser = sign_in(cast.viewer.email, PASSWORD)
    typed = {"oldpassword": PASSWORD, "password1": password, "password2": password}
    browser.client.post("/accounts/password/change/", typed)
    assert sign_in(cast.viewer.email, password).is_in is taken


def test_a_forgotten_password_is_set_anew_by_mail(cast: Cast) -> None:
    Client().post("/accounts/password/reset/", {"email": cast.viewer.email})
    (sent,) = mail.outbox
    assert sent.to == [cast.viewer.email]
    link = next(word for word in str(sent.body).split() if "/accounts/password/reset/key/" in word)
    client, new = Client(), "a much longer phrase than before"
    page = client.get(link.split("testserver")[-1], follow=True)
    client.post(page.request["PATH_INFO"], {"password1": new, "password2": new})
    assert sign_in(cast.viewer.email, new).is_in and not sign_in(cast.viewer.email, PASSWORD).is_in
    again = Client().get(link.split("testserver")[-1], follow=True)
    assert "password1" not in again.content.decode(), "a link works once"


def test_asking_for_a_mail_tells_nobody_who_has_an_account(cast: Cast) -> None:
    answers = {Client().post("/accounts/password/reset/", {"email": email})["Location"] for email in (
        cast.viewer.email, "nobody@example.com",
    )}  # fmt: skip
    assert len(answers) == 1


@pytest.mark.parametrize("text", ["Password", "Anmeldung"])
def test_nobody_can_sign_up(db: None, text: str) -> None:
    response = Client().post(
        "/accounts/signup/", {"email": f"{text}@example.com", "password1": PASSWORD, "password2": PASSWORD}
    )
    assert not User.objects.exists() and "password1" not in response.content.decode()

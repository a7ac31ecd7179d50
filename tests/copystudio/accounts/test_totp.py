"""One-time codes: switched on with the code of an app, asked for at every sign-in, good for one use."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
import time

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.test import Client

from tests.copystudio.accounts.signing_in import Browser, sign_in
from tests.people import PASSWORD, Cast

AGAIN = "/accounts/reauthenticate/"
ACTIVATE, ASK = "/accounts/2fa/totp/activate/", "/accounts/2fa/authenticate/"
STEP = 30


def code_of(secret: str, *, at: float | None = None) -> str:
    """RFC 6238 with SHA-1, six digits and 30 seconds, computed as an app on a telephone does."""
    counter = int((time.time() if at is None else at) // STEP)
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", counter), hashlib.sha1).digest()
    offset = digest[-1] & 0xF
    return f"{(struct.unpack('>I', digest[offset : offset + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"


@pytest.fixture(autouse=True)
def steady_clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock of the codes stands in the middle of a step, so that no test falls between two."""
    clock = [time.time() // STEP * STEP + STEP / 2]
    monkeypatch.setattr("time.time", lambda: clock[0])
    return clock


@pytest.fixture
def secret(cast: Cast, steady_clock: list[float]) -> str:
    """The viewer switched the codes on, with the secret that the page showed."""
    browser = reauthenticated(cast)
    page = browser.client.get(ACTIVATE).content.decode()
    found = re.search(r"\b[A-Z2-7]{32}\b", page)
    assert found is not None
    response = browser.client.post(ACTIVATE, {"code": code_of(found[0], at=steady_clock[0])})
    assert response.status_code == 302
    assert Authenticator.objects.filter(user=cast.viewer, type="totp").exists()
    steady_clock[0] += STEP  # the code of the activation is spent
    return found[0]


def reauthenticated(cast: Cast) -> Browser:
    """Signed in, and the password given once more, as changes of the account demand."""
    browser = sign_in(cast.viewer.email, PASSWORD)
    asked = browser.client.get(ACTIVATE)
    assert asked.status_code == 302 and asked["Location"].startswith(AGAIN)
    back = browser.client.post(asked["Location"], {"password": PASSWORD})
    assert back["Location"] == ACTIVATE
    return browser


def password_only(cast: Cast) -> Browser:
    browser = sign_in(cast.viewer.email, PASSWORD)
    assert not browser.is_in
    assert browser.response["Location"].startswith(ASK)
    return browser


def test_an_address_that_nobody_confirmed_does_not_stand_in_the_way(cast: Cast) -> None:
    """Looking at the page of addresses writes the own one down, unconfirmed; without mail it stays so."""
    browser = reauthenticated(cast)
    assert browser.client.get("/accounts/email/").status_code == 200
    assert EmailAddress.objects.get(user=cast.viewer).verified is False
    page = browser.client.get(ACTIVATE)
    assert page.status_code == 200 and re.search(r"\b[A-Z2-7]{32}\b", page.content.decode())


def test_a_wrong_code_does_not_switch_it_on(cast: Cast) -> None:
    browser = reauthenticated(cast)
    browser.client.get(ACTIVATE)
    assert browser.client.post(ACTIVATE, {"code": "000000"}).status_code == 200
    assert not Authenticator.objects.filter(user=cast.viewer).exists()


def test_the_password_alone_opens_nothing(cast: Cast, secret: str) -> None:
    browser = password_only(cast)
    for path in ("/", "/w/shop/", "/account/", "/accounts/2fa/"):
        assert browser.client.get(path).status_code == 302
    assert not browser.is_in


def test_the_code_lets_in_and_the_session_id_changes_with_it(
    cast: Cast, secret: str, steady_clock: list[float]
) -> None:
    browser = password_only(cast)
    before = browser.client.session.session_key
    response = browser.client.post(ASK, {"code": code_of(secret, at=steady_clock[0])})
    assert response.status_code == 302 and browser.is_in
    assert browser.client.session.session_key != before
    assert browser.client.get("/w/shop/").status_code == 200


def test_a_code_is_good_for_one_use(cast: Cast, secret: str, steady_clock: list[float]) -> None:
    code = code_of(secret, at=steady_clock[0])
    password_only(cast).client.post(ASK, {"code": code})
    second = password_only(cast)
    for written in (code, f" {code[:3]} {code[3:]} "):
        assert second.client.post(ASK, {"code": written}).status_code == 200
        assert not second.is_in
    steady_clock[0] += STEP
    second.client.post(ASK, {"code": code_of(secret, at=steady_clock[0])})
    assert second.is_in


@pytest.mark.parametrize("steps", [-2, 2, 100])
def test_codes_of_other_times_do_not_let_in(cast: Cast, secret: str, steady_clock: list[float], steps: int) -> None:
    browser = password_only(cast)
    browser.client.post(ASK, {"code": code_of(secret, at=steady_clock[0] + steps * STEP)})
    assert not browser.is_in


@pytest.mark.parametrize("code", ["", "000000", "12345", "abcdef", "1" * 500, "٠٠٠٠٠٠"])
def test_what_is_no_code_does_not_let_in(cast: Cast, secret: str, code: str) -> None:
    browser = password_only(cast)
    assert browser.client.post(ASK, {"code": code}).status_code == 200
    assert not browser.is_in


def test_codes_cannot_be_guessed_from_many_addresses_either(cast: Cast, secret: str, steady_clock: list[float]) -> None:
    for number in range(12):
        browser = sign_in(cast.viewer.email, PASSWORD, address=f"203.0.113.{number}")
        browser.client.post(ASK, {"code": f"{number:06d}"}, REMOTE_ADDR=f"203.0.113.{number}")
        assert not browser.is_in
    browser = sign_in(cast.viewer.email, PASSWORD, address="203.0.113.99")
    browser.client.post(ASK, {"code": code_of(secret, at=steady_clock[0])}, REMOTE_ADDR="203.0.113.99")
    assert not browser.is_in


def test_the_page_for_the_code_is_for_nobody_without_a_password(cast: Cast, secret: str) -> None:
    assert Client().get(ASK).status_code == 302
    assert Client().post(ASK, {"code": "000000"}).status_code == 302


def test_a_recovery_code_lets_in_once(cast: Cast, secret: str, steady_clock: list[float]) -> None:
    browser = password_only(cast)
    browser.client.post(ASK, {"code": code_of(secret, at=steady_clock[0])})
    recovery = Authenticator.objects.get(user=cast.viewer, type="recovery_codes").wrap().get_unused_codes()[0]
    first, second = password_only(cast), password_only(cast)
    first.client.post(ASK, {"code": recovery})
    second.client.post(ASK, {"code": recovery})
    assert first.is_in and not second.is_in


def test_switching_it_off_needs_the_password_or_a_code_again(
    cast: Cast, secret: str, steady_clock: list[float]
) -> None:
    browser = password_only(cast)
    browser.client.post(ASK, {"code": code_of(secret, at=steady_clock[0])})
    asked = browser.client.post("/accounts/2fa/totp/deactivate/")
    assert asked.status_code == 302 and "reauthenticate" in asked["Location"]
    assert Authenticator.objects.filter(user=cast.viewer, type="totp").exists()
    browser.client.post(AGAIN, {"password": PASSWORD})
    browser.client.post("/accounts/2fa/totp/deactivate/")
    assert not Authenticator.objects.filter(user=cast.viewer, type="totp").exists()
    assert sign_in(cast.viewer.email, PASSWORD).is_in


def test_giving_the_password_once_more_is_limited_too(cast: Cast) -> None:
    browser = sign_in(cast.viewer.email, PASSWORD)
    for number in range(12):
        browser.client.post(AGAIN, {"password": f"guess {number}"}, REMOTE_ADDR="198.51.100.7")
    browser.client.post(AGAIN, {"password": PASSWORD}, REMOTE_ADDR="198.51.100.7")
    assert browser.client.get(ACTIVATE).status_code == 302

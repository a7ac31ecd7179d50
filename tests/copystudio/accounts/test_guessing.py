"""Guessing passwords is stopped where it comes from, and locks nobody out who is elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.cache import cache

from copystudio.accounts import account_tried, address_of
from tests.copystudio.accounts.signing_in import sign_in
from tests.people import PASSWORD, Cast

HERE, ELSEWHERE = "203.0.113.5", "203.0.113.6"
ALLOWED = 10


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every password that reaches the hasher to be compared."""
    seen: list[str] = []
    real = MD5PasswordHasher.verify

    def verify(self: MD5PasswordHasher, password: str, encoded: str) -> bool:
        seen.append(password)
        return bool(real(self, password, encoded))

    monkeypatch.setattr(MD5PasswordHasher, "verify", verify)
    yield seen


def guess(cast: Cast, times: int, *, address: str = HERE, email: str | None = None) -> list[int]:
    statuses = []
    for number in range(times):
        browser = sign_in(email or cast.viewer.email, f"guess number {number}", address=address)
        assert not browser.is_in
        statuses.append(browser.response.status_code)
    return statuses


def test_the_eleventh_attempt_is_refused_even_with_the_right_password(cast: Cast, hashed: list[str]) -> None:
    guess(cast, ALLOWED)
    browser = sign_in(cast.viewer.email, PASSWORD, address=HERE)
    assert not browser.is_in
    assert "Too many" in browser.response.content.decode()
    assert PASSWORD not in hashed


def test_the_person_gets_in_from_another_address_meanwhile(cast: Cast) -> None:
    guess(cast, ALLOWED + 5)
    assert sign_in(cast.viewer.email, PASSWORD, address=ELSEWHERE).is_in
    assert not sign_in(cast.viewer.email, PASSWORD, address=HERE).is_in, "signing in elsewhere opens nothing here"


def test_other_people_at_the_same_address_get_in_meanwhile(cast: Cast) -> None:
    guess(cast, ALLOWED + 5)
    assert sign_in(cast.copywriter.email, PASSWORD, address=HERE).is_in


def test_nine_failures_and_a_success_are_a_person_who_mistyped(cast: Cast) -> None:
    guess(cast, ALLOWED - 1)
    assert sign_in(cast.viewer.email, PASSWORD, address=HERE).is_in


@pytest.mark.slow
def test_of_a_thousand_guesses_ten_reach_the_hasher(cast: Cast, hashed: list[str]) -> None:
    guess(cast, 1000)
    assert len([password for password in hashed if password.startswith("guess")]) <= ALLOWED


def test_other_spellings_of_the_address_count_as_the_same_account(cast: Cast, hashed: list[str]) -> None:
    email = cast.viewer.email
    for spelling in (email.upper(), email.title(), f" {email} ", email):
        guess(cast, 5, email=spelling)
    assert len([password for password in hashed if password.startswith("guess")]) <= ALLOWED


def test_one_address_cannot_try_one_password_on_everybody(cast: Cast, hashed: list[str]) -> None:
    for number in range(200):
        sign_in(f"person-{number}@example.com", "Summer2026 and more", address=HERE)
    assert not sign_in(cast.viewer.email, PASSWORD, address=HERE).is_in
    assert sign_in(cast.viewer.email, PASSWORD, address=ELSEWHERE).is_in


def test_an_ipv6_network_counts_as_one_address(cast: Cast) -> None:
    for number in range(ALLOWED):
        guess(cast, 1, address=f"2001:db8::{number + 1:x}")
    assert not sign_in(cast.viewer.email, PASSWORD, address="2001:db8::ffff").is_in
    assert sign_in(cast.viewer.email, PASSWORD, address="2001:db8:0:1::1").is_in


def test_a_forged_forwarding_header_changes_nothing_where_no_proxy_is_trusted(cast: Cast, hashed: list[str]) -> None:
    from django.test import Client

    for number in range(30):
        client = Client(headers={"X-Forwarded-For": f"192.0.2.{number}"})
        sign_in(cast.viewer.email, f"guess number {number}", address=HERE, client=client)
    assert len([password for password in hashed if password.startswith("guess")]) <= ALLOWED


def test_after_a_quarter_of_an_hour_the_address_may_try_again(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    guess(cast, ALLOWED)
    for key in list(cache._cache.get_client().scan_iter("*axes*")):  # type: ignore[attr-defined]
        assert 0 < cache._cache.get_client().ttl(key) <= 15 * 60  # type: ignore[attr-defined]
        cache._cache.get_client().delete(key)  # type: ignore[attr-defined]
    now = time.time()
    monkeypatch.setattr("allauth.core.internal.ratelimit.time.time", lambda: now + 15 * 60 + 1)
    assert sign_in(cast.viewer.email, PASSWORD, address=HERE).is_in


def test_each_limit_holds_without_the_other(cast: Cast, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("allauth.account.adapter.ratelimit.consume", lambda *a, **k: type("U", (), {"rollback": int})())
        statuses = guess(cast, ALLOWED + 2)
        assert statuses[-1] == 429, "axes"
        assert not sign_in(cast.viewer.email, PASSWORD, address=HERE).is_in
        assert sign_in(cast.viewer.email, PASSWORD, address=ELSEWHERE).is_in
        assert sign_in(cast.copywriter.email, PASSWORD, address=HERE).is_in, "axes counts for the account"
    cache.clear()
    settings.AXES_ENABLED = False
    guess(cast, ALLOWED)
    assert not sign_in(cast.viewer.email, PASSWORD, address=HERE).is_in, "allauth"
    assert sign_in(cast.viewer.email, PASSWORD, address=ELSEWHERE).is_in


def test_the_answer_to_too_many_attempts_is_a_page_of_ours(cast: Cast) -> None:
    browser = [sign_in(cast.viewer.email, "wrong", address=HERE) for _ in range(ALLOWED)][-1]
    assert browser.response.status_code == 429
    assert "Too many attempts" in browser.response.content.decode()
    assert "Content-Security-Policy" in browser.response


def test_accounts_and_addresses_are_named_in_one_way(rf: Any) -> None:
    request = rf.post("/accounts/login/", {"login": " A@Example.com "}, REMOTE_ADDR="203.0.113.5")
    assert account_tried(request, None) == "a@example.com"
    assert account_tried(request, {"email": "B@example.com"}) == "b@example.com"
    assert address_of(request) == "203.0.113.5"
    request.META.pop("REMOTE_ADDR")
    assert address_of(request) == ""

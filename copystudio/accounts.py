"""How allauth and axes behave here: accounts are made by admins, and guessing is limited where it comes from."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.internal.httpkit import get_client_ip
from allauth.core.internal.ratelimit import truncate_ip
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Failed sign-ins count for an account at an address: guessing elsewhere does not lock the person out."""
        return f"{super()._get_login_attempts_cache_key(request, **credentials)}:{address_of(request)}"


def account_tried(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """The address that somebody tried to sign in with, in the one spelling that axes counts under."""
    given = credentials or {}
    tried = given.get("email") or given.get("username") or request.POST.get("login") or ""
    return str(tried).strip().lower()


def address_of(request: HttpRequest) -> str:
    """Where a request comes from, seen through the trusted proxies; of an IPv6 address, the network."""
    return str(truncate_ip(get_client_ip(request) or ""))

"""Signing in as a browser does: the real page, its form and its token."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.test import Client

LOGIN = "/accounts/login/"
ADDRESS = "198.51.100.7"  # where browsers of the tests stand, unless they say otherwise


@dataclass
class Browser:
    """A browser after its attempt; ``response`` is the answer to the form."""

    client: Client
    response: Any

    @property
    def is_in(self) -> bool:
        return "_auth_user_id" in self.client.session


def form_token(html: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', html)
    assert found is not None
    return found[1]


def sign_in(
    email: str, password: str, *, address: str = ADDRESS, next_url: str = "", client: Client | None = None
) -> Browser:
    """Open the page, type, send. CSRF is checked as in production."""
    client = client or Client(enforce_csrf_checks=True, raise_request_exception=False)
    page = client.get(LOGIN, {"next": next_url} if next_url else {}, REMOTE_ADDR=address)
    typed = {"csrfmiddlewaretoken": form_token(page.content.decode()), "login": email, "password": password}
    if next_url:
        typed["next"] = next_url
    response = client.post(LOGIN, typed, REMOTE_ADDR=address)
    client.handler.enforce_csrf_checks = False
    return Browser(client, response)

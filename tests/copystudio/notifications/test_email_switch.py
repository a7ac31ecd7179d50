"""The switch on the profile page."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from tests.people import Cast


def post(cast: Cast, **data: str) -> None:
    client = cast.client(cast.viewer)
    response = client.post(reverse("studio:profile"), {"name": "Vera", "language": "", **data})
    assert response.status_code == 303
    cast.viewer.refresh_from_db()


def test_mails_come_until_somebody_switches_them_off(cast: Cast, mail_server: None) -> None:
    assert cast.viewer.email_notifications
    post(cast)
    assert not cast.viewer.email_notifications
    post(cast, email_notifications="on")
    assert cast.viewer.email_notifications


def test_without_a_mail_server_the_switch_says_so_and_keeps_its_place(cast: Cast) -> None:
    html = cast.client(cast.viewer).get(reverse("studio:profile")).content.decode()
    assert "no mail server" in html
    post(cast)
    assert cast.viewer.email_notifications and cast.viewer.name == "Vera"


def test_another_language_leaves_the_switch_alone(cast: Cast, mail_server: Any) -> None:
    post(cast)
    cast.client(cast.viewer).post(reverse("set_language"), {"language": "zh-hans"})
    cast.viewer.refresh_from_db()
    assert (cast.viewer.language, cast.viewer.email_notifications) == ("zh-hans", False)

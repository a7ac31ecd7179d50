"""Where a person is signed in: listed, and ended."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.test import Client

from tests.copystudio.accounts.signing_in import Browser, sign_in
from tests.people import PASSWORD, Cast

PAGE = "/accounts/sessions/"


def from_browser(cast: Cast, name: str, address: str) -> Browser:
    client = Client(headers={"User-Agent": name})
    browser = sign_in(cast.viewer.email, PASSWORD, address=address, client=client)
    browser.client.get("/w/shop/", REMOTE_ADDR=address)
    return browser


def test_each_browser_is_listed_with_its_name_and_address(cast: Cast) -> None:
    here = from_browser(cast, "Firefox <b>", "203.0.113.5")
    from_browser(cast, "Telephone", "203.0.113.6")
    html = here.client.get(PAGE, REMOTE_ADDR="203.0.113.5").content.decode()
    for text in ("Firefox &lt;b&gt;", "Telephone", "203.0.113.5", "203.0.113.6"):
        assert text in html
    assert html.count("This one") == 1


def test_the_others_can_be_ended_and_this_one_goes_on(cast: Cast) -> None:
    here, there = from_browser(cast, "Firefox", "203.0.113.5"), from_browser(cast, "Telephone", "203.0.113.6")
    here.client.post(PAGE, REMOTE_ADDR="203.0.113.5")
    assert here.client.get("/w/shop/").status_code == 200
    assert there.client.get("/w/shop/").status_code == 302
    assert UserSession.objects.filter(user=cast.viewer).count() == 1


def test_the_sessions_of_other_people_are_neither_shown_nor_ended(cast: Cast) -> None:
    other = sign_in(cast.copywriter.email, PASSWORD, address="203.0.113.77")
    here = from_browser(cast, "Firefox", "203.0.113.5")
    assert "203.0.113.77" not in here.client.get(PAGE).content.decode()
    here.client.post(PAGE)
    assert other.client.get("/w/shop/").status_code == 200


def test_signing_out_takes_the_session_off_the_list(cast: Cast) -> None:
    here, there = from_browser(cast, "Firefox", "203.0.113.5"), from_browser(cast, "Telephone", "203.0.113.6")
    there.client.post("/accounts/logout/")
    assert "Telephone" not in here.client.get(PAGE).content.decode()


def test_a_very_long_browser_name_is_cut_and_harms_nothing(cast: Cast) -> None:
    browser = from_browser(cast, "x" * 5000, "203.0.113.5")
    assert browser.client.get(PAGE).status_code == 200

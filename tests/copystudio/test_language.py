"""The language of the pages: the browser's, the switch's, the person's."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client

from copystudio.models import User
from tests.people import Cast

SWITCH = "/language/"
ENGLISH, CHINESE = 'lang="en"', 'lang="zh-hans"'


def switch(client: Client, language: str, **more: str) -> str:
    response = client.post(SWITCH, {"language": language, **more})
    assert response.status_code == 303
    return str(response["Location"])


def spoken(client: Client, path: str = "/w/shop/", **headers: str) -> str:
    html = client.get(path, headers=headers).content.decode()
    return "zh-hans" if f"<html {CHINESE}" in html else "en" if f"<html {ENGLISH}" in html else "?"


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("zh-CN,zh;q=0.9", "zh-hans"), ("zh", "zh-hans"), ("en-GB", "en"), ("de", "en"), ("", "en"), ("\xff;;q=x", "en")],
)
def test_a_newcomer_gets_what_the_browser_asks_for_or_english(db: None, accepted: str, language: str) -> None:
    assert spoken(Client(), "/accounts/login/", **{"Accept-Language": accepted}) == language


def test_the_switch_works_for_nobody_in_particular_and_stays(db: None) -> None:
    client = Client()
    switch(client, "zh-hans")
    assert spoken(client, "/accounts/login/", **{"Accept-Language": "en"}) == "zh-hans"
    cookie = client.cookies[settings.LANGUAGE_COOKIE_NAME]
    assert cookie["max-age"] == settings.LANGUAGE_COOKIE_AGE and cookie["httponly"]
    switch(client, "en")
    assert spoken(client, "/accounts/login/", **{"Accept-Language": "zh"}) == "en"


def test_the_switch_remembers_it_with_the_person_too(cast: Cast) -> None:
    switch(cast.client(cast.viewer), "zh-hans")
    cast.viewer.refresh_from_db()
    assert cast.viewer.language == "zh-hans"
    assert spoken(cast.client(cast.viewer)) == "zh-hans", "another browser of the same person"
    assert spoken(cast.client(cast.copywriter)) == "en", "other people"


def test_a_choice_in_this_browser_counts_more_than_the_persons(cast: Cast) -> None:
    User.objects.filter(pk=cast.viewer.pk).update(language="zh-hans")
    client = cast.client(cast.viewer)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    assert spoken(client) == "en"


def test_a_person_who_chose_nothing_gets_what_the_browser_asks_for(cast: Cast) -> None:
    assert cast.viewer.language == ""
    assert spoken(cast.client(cast.viewer), **{"Accept-Language": "zh-CN"}) == "zh-hans"


def test_the_profile_changes_name_and_language_at_once(cast: Cast) -> None:
    client = cast.client(cast.viewer)
    switch(client, "en")
    response = client.post("/account/", {"name": "Ada 新", "language": "zh-hans"}, follow=True)
    assert f"<html {CHINESE}" in response.content.decode()
    cast.viewer.refresh_from_db()
    assert (cast.viewer.name, cast.viewer.language) == ("Ada 新", "zh-hans")


def test_the_profile_gives_the_choice_back_to_the_browser(cast: Cast) -> None:
    client = cast.client(cast.viewer)
    switch(client, "zh-hans")
    client.post("/account/", {"name": "Ada", "language": ""})
    assert spoken(client) == "en"
    assert spoken(client, **{"Accept-Language": "zh"}) == "zh-hans"


@pytest.mark.parametrize(
    "typed", [{"name": "", "language": "en"}, {"name": "Ada", "language": "de"}, {"name": "x" * 121}, {"name": "a\x00"}]
)
def test_a_profile_that_breaks_a_rule_is_refused(cast: Cast, typed: dict[str, str]) -> None:
    assert cast.client(cast.viewer).post("/account/", typed).status_code == 422
    cast.viewer.refresh_from_db()
    assert (cast.viewer.name, cast.viewer.language) == ("Shop Viewer", "")


def test_the_profile_changes_nothing_else(cast: Cast) -> None:
    more = {"email": "other@example.com", "password": "x", "is_active": "", "id": str(cast.admin.pk)}
    cast.client(cast.viewer).post("/account/", {"name": "Ada", "language": "en", **more})
    after = User.objects.get(pk=cast.viewer.pk)
    assert (after.email, after.password, after.is_active) == (cast.viewer.email, cast.viewer.password, True)


@pytest.mark.parametrize("language", ["", "de", "zh-hant", "../en", "en\r\nSet-Cookie: a=b"])
def test_a_language_that_we_do_not_speak_changes_nothing(cast: Cast, language: str) -> None:
    client = cast.client(cast.viewer)
    switch(client, language)
    assert settings.LANGUAGE_COOKIE_NAME not in client.cookies
    cast.viewer.refresh_from_db()
    assert cast.viewer.language == ""


def test_the_switch_comes_back_to_the_page_where_it_was(cast: Cast) -> None:
    target = "/w/shop/products/?q=a%20b&page=2"
    assert switch(cast.client(cast.viewer), "en", next=target) == target


@pytest.mark.parametrize(
    "target",
    [
        "",
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "http:evil.example",
        "javascript:alert(1)",
        " //evil.example",
        "/\t/evil.example",
    ],
)
def test_the_switch_sends_nobody_to_another_site(cast: Cast, target: str) -> None:
    assert switch(cast.client(cast.viewer), "en", next=target) == "/"


def test_the_switch_needs_a_post_with_the_token_of_a_page(cast: Cast) -> None:
    assert Client().get(SWITCH).status_code == 405
    assert Client(enforce_csrf_checks=True).post(SWITCH, {"language": "zh-hans"}).status_code == 403


def test_every_page_says_its_language_in_its_header(cast: Cast) -> None:
    client = cast.client(cast.viewer)
    switch(client, "zh-hans")
    assert client.get("/w/shop/")["Content-Language"] == "zh-hans"

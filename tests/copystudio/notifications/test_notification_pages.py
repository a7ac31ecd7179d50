"""The bell in the header, and the list behind it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from copystudio.models import Notification
from copystudio.selectors.notification import MANY_UNREAD
from copystudio.services.notification import notification_read
from tests.copystudio.notifications.conftest import Tell
from tests.people import Cast

LIST = "/w/shop/notifications/"
READ_ALL = f"{LIST}read/"


def open_url(row: Notification) -> str:
    return f"{LIST}{row.pk}/open/"


def bell(client: Client, path: str = "/w/shop/products/") -> str:
    """The text of the bell on a page."""
    html = client.get(path).content.decode()
    assert html.count('class="icon-button bell"') == 1
    return html.split('class="icon-button bell"')[1].split("</a>")[0]


def copies(row: Notification, number: int, **values: Any) -> None:
    same = {"workspace": row.workspace, "person": row.person, "code": row.code, "params": row.params, "url": row.url}
    Notification.objects.bulk_create(Notification(**same, **values) for _ in range(number))


def asks(queries: CaptureQueriesContext) -> list[str]:
    return [query["sql"] for query in queries if "copystudio_notification" in query["sql"]]


def test_the_bell_counts_the_own_unread_ones_here(cast: Cast, tell: Tell) -> None:
    viewer = cast.client(cast.viewer)
    assert "unread" not in bell(viewer) and "bell-count" not in bell(viewer)
    rows = [tell(), tell(), tell()]
    tell(cast.admin)
    notification_read(actor=cast.viewer, notification=rows[0])
    assert 'aria-label="Notifications, 2 unread"' in bell(viewer)


def test_it_counts_no_further_than_a_hundred(cast: Cast, tell: Tell) -> None:
    copies(tell(), MANY_UNREAD + 20)
    assert "99+" in bell(cast.client(cast.viewer))


def test_the_bell_costs_a_member_one_query_over_the_index_of_unread_rows(cast: Cast, tell: Tell) -> None:
    row = tell()
    copies(row, 2000, read_at=Now())
    client = cast.client(cast.viewer)
    with CaptureQueriesContext(connection) as queries:
        client.get("/w/shop/products/")
    [asked] = asks(queries)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE copystudio_notification")
        cursor.execute(f"EXPLAIN {asked}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "copystudio_notification_unread" in plan


@pytest.mark.parametrize("path", ["/accounts/login/", "/w/shop/products/"])
def test_a_stranger_costs_no_query_and_sees_no_bell(cast: Cast, path: str) -> None:
    with CaptureQueriesContext(connection) as queries:
        html = Client().get(path, follow=True).content.decode()
    assert not asks(queries) and "icon-button bell" not in html


def test_outside_a_workspace_there_is_no_bell_and_no_query(cast: Cast, tell: Tell) -> None:
    tell()
    client = cast.client(cast.viewer)
    with CaptureQueriesContext(connection) as queries:
        html = client.get(reverse("studio:profile")).content.decode()
    assert not asks(queries) and "icon-button bell" not in html


def test_a_part_of_a_page_costs_no_query(cast: Cast, tell: Tell) -> None:
    tell()
    client = cast.client(cast.admin)
    with CaptureQueriesContext(connection) as queries:
        assert client.get("/w/shop/events/", headers={"HX-Request": "true"}).status_code == 200
    assert not asks(queries)


def test_the_list_has_the_own_ones_unread_first_then_newest_first(cast: Cast, tell: Tell) -> None:
    old, read, new = tell(), tell(), tell()
    tell(cast.admin)
    notification_read(actor=cast.viewer, notification=read)
    response = cast.client(cast.viewer).get(LIST)
    assert [row.pk for row in response.context["page"]] == [new.pk, old.pk, read.pk]
    html = response.content.decode()
    assert html.count("is-unread") == html.count("Unread:") == 2
    assert open_url(new) in html and open_url(read) not in html and 'href="/w/shop/runs/"' in html


def test_the_list_speaks_the_readers_language_and_escapes(cast: Cast, tell: Tell) -> None:
    tell(params={"person": "<b>Mia</b>"})
    client = cast.client(cast.viewer)
    html = client.get(LIST, headers={"Accept-Language": "zh-hans"}).content.decode()
    assert "&lt;b&gt;Mia&lt;/b&gt;" in html and "<b>Mia" not in html and "belongs" not in html


def test_an_empty_list_says_so_and_has_nothing_to_mark(cast: Cast) -> None:
    html = cast.client(cast.viewer).get(LIST).content.decode()
    assert "empty-state" in html and READ_ALL not in html


def test_the_list_comes_in_pages_with_as_many_queries_as_a_short_one(cast: Cast, tell: Tell, settings: Any) -> None:
    client = cast.client(cast.viewer)
    tell()
    client.get(LIST)
    with CaptureQueriesContext(connection) as few:
        client.get(LIST)
    rows = [tell() for _ in range(settings.PAGE_SIZE + 4)]
    with CaptureQueriesContext(connection) as many:
        first = client.get(LIST)
    assert len(many) == len(few)
    second = client.get(LIST, {"page": 2})
    assert len(first.context["page"]) == settings.PAGE_SIZE and len(second.context["page"]) == 5
    assert first.context["newest"] == second.context["newest"] == rows[-1]


def test_opening_marks_it_as_read_and_leads_to_its_page(cast: Cast, tell: Tell) -> None:
    row = tell()
    response = cast.client(cast.viewer).post(open_url(row))
    assert (response.status_code, response["Location"]) == (303, "/w/shop/runs/")
    row.refresh_from_db()
    assert not row.is_unread


def test_getting_it_changes_nothing(cast: Cast, tell: Tell) -> None:
    row = tell()
    client = cast.client(cast.viewer)
    assert client.get(open_url(row)).status_code == client.get(READ_ALL).status_code == 405
    client.get(LIST)
    row.refresh_from_db()
    assert row.is_unread


def test_somebody_elses_is_not_there(cast: Cast, tell: Tell) -> None:
    row = tell()
    for person in (cast.admin, cast.stranger):
        assert cast.client(person).post(open_url(row)).status_code == 404
        assert f"/{row.pk}/open/" not in cast.client(person).get(LIST).content.decode()
    row.refresh_from_db()
    assert row.is_unread


def test_an_own_one_of_another_workspace_is_not_under_this_one(cast: Cast, tell: Tell) -> None:
    row = tell()
    Notification.objects.filter(pk=row.pk).update(workspace=cast.elsewhere)
    assert cast.client(cast.viewer).post(open_url(row)).status_code == 404


def test_all_that_the_page_showed_are_marked_and_what_came_since_is_not(cast: Cast, tell: Tell) -> None:
    tell()
    shown = tell()
    client = cast.client(cast.viewer)
    assert f'name="upto" value="{shown.pk}"' in client.get(LIST).content.decode()
    since = tell()
    response = client.post(READ_ALL, {"upto": shown.pk})
    assert (response.status_code, response["Location"]) == (303, LIST)
    assert list(Notification.objects.filter(read_at__isnull=True)) == [since]


@pytest.mark.parametrize("upto", ["", "x", "-1", str(2**63), "1\x00"])
def test_nonsense_marks_nothing(cast: Cast, tell: Tell, upto: str) -> None:
    tell()
    assert cast.client(cast.viewer).post(READ_ALL, {"upto": upto}).status_code in {400, 422}
    assert Notification.objects.filter(read_at__isnull=True).count() == 1

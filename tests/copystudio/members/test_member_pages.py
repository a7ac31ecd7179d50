"""The list of members and the audit log."""

from __future__ import annotations

from typing import Any

from django.conf import settings as real
from django.db import connection
from django.test.utils import CaptureQueriesContext

from copystudio.models import Event, Membership, Role
from copystudio.services.events import event_record
from tests import factories
from tests.people import Cast, person

MEMBERS, LOG = "/w/shop/members/", "/w/shop/events/"


def queries(cast: Cast, path: str) -> int:
    client = cast.client(cast.admin)
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def test_fifty_members_take_as_many_queries_as_five(cast: Cast, settings: Any) -> None:
    settings.PAGE_SIZE = 60
    few = queries(cast, MEMBERS)
    for number in range(45):
        Membership.objects.create(workspace=cast.workspace, user=person(f"member-{number}"), role=Role.VIEWER)
    assert queries(cast, MEMBERS) == few <= 12


def test_fifty_events_take_as_many_queries_as_five(cast: Cast) -> None:
    few = queries(cast, LOG)
    for number in range(45):
        actor = (cast.viewer, cast.copywriter, cast.approver)[number % 3]
        event_record(actor=actor, workspace=cast.workspace, verb="test.done", target=cast.workspace)
    assert queries(cast, LOG) == few <= 13


def test_nobody_of_another_workspace_is_listed(cast: Cast) -> None:
    page = cast.client(cast.admin).get(MEMBERS).content.decode()
    assert cast.viewer.email in page and cast.stranger.email not in page


def test_the_log_has_this_workspace_alone_newest_first_in_pages(cast: Cast) -> None:
    for number in range(real.PAGE_SIZE * 2):
        event_record(actor=None, workspace=cast.workspace, verb=f"test.n{number}", target=cast.workspace)
    event_record(actor=None, workspace=cast.elsewhere, verb="test.foreign", target=cast.elsewhere)
    client = cast.client(cast.admin)
    seen = [event.pk for number in (1, 2) for event in client.get(LOG, {"page": number}).context["page"]]
    assert seen == list(Event.objects.filter(workspace=cast.workspace).order_by("-id").values_list("pk", flat=True))
    assert "test.foreign" not in client.get(LOG).content.decode()


def test_the_log_is_filtered_by_what_who_and_which(cast: Cast) -> None:
    brand = factories.make_brand(cast, name="Northway")
    factories.make_segment(cast, name="Hikers")
    client = cast.client(cast.admin)

    def labels(**query: Any) -> list[str]:
        return [event.object_label for event in client.get(LOG, query).context["page"]]

    assert labels(verb="brand.") == ["Northway"]
    assert labels(q="north") == ["Northway"]
    assert labels(actor=cast.copywriter.pk) == ["Hikers", "Northway"]
    assert labels(actor=cast.copywriter.pk, verb="audiencesegment") == ["Hikers"]
    assert brand.name == "Northway"


def test_the_log_cannot_be_filtered_by_a_person_of_another_workspace(cast: Cast) -> None:
    response = cast.client(cast.admin).get(LOG, {"actor": cast.stranger.pk})
    assert response.status_code == 200
    assert cast.stranger.name not in response.content.decode()


def test_only_admins_see_either(cast: Cast) -> None:
    for path in (MEMBERS, LOG):
        for name in ("viewer", "copywriter", "approver"):
            assert cast.client(getattr(cast, name)).get(path).status_code == 403
        assert cast.client(cast.stranger).get(path).status_code == 404

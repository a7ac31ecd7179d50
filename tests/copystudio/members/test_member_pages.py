"""The list of members and the audit log."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as real
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from copystudio.models import Event, Membership, Role
from copystudio.selectors.event_words import ACTIONS, KINDS, PAGES, kind_name
from copystudio.services.events import event_of, event_record
from tests import factories
from tests.people import Cast, person
from tests.structure.source import ROOT

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

    assert labels(kind="brand") == labels(kind="brand", action="create") == ["Northway"]
    assert labels(kind="brand", action="delete") == []
    assert labels(q="north") == ["Northway"]
    assert labels(actor=cast.copywriter.pk) == ["Hikers", "Northway"]
    assert labels(actor=cast.copywriter.pk, kind="audiencesegment") == ["Hikers"]
    assert brand.name == "Northway"


def test_the_log_says_in_words_what_was_done_to_what_and_why_with_the_way_to_it(cast: Cast) -> None:
    brand = factories.make_brand(cast, name="Northway")
    event_record(
        actor=cast.admin, workspace=cast.workspace, verb="brand.retire", target=brand, data={"reason": "Sold <b>"}
    )
    event_record(actor=None, workspace=cast.workspace, verb="brand.of_later", target=cast.workspace)
    client = cast.client(cast.admin)
    page = client.get(LOG).content.decode()
    assert ">Retired<" in page and "Sold &lt;b&gt;" in page and f'href="/w/shop/brands/{brand.pk}/"' in page
    assert ">of later<" in page
    cast.admin.language = "zh-hans"
    cast.admin.save()
    assert ">停用<" in cast.client(cast.admin).get(LOG, {"kind": "brand"}).content.decode()


def test_what_was_recorded_later_and_happened_before_stands_below(cast: Cast) -> None:
    now = event_record(actor=None, workspace=cast.workspace, verb="brand.create", target=cast.workspace)
    before = event_of(actor=None, workspace=cast.workspace, verb="brand.change", target=cast.workspace)
    before.created_at = now.created_at - timedelta(days=3)
    before.save()
    seen = [event.pk for event in cast.client(cast.admin).get(LOG).context["page"]]
    assert seen[0] == now.pk and seen[-1] == before.pk


def test_everything_that_services_record_has_words_and_a_kind() -> None:
    recorded = {
        verb
        for app in ("copystudio", "campaigns", "generation")
        for path in (ROOT / app / "services").rglob("*.py")
        for verb in re.findall(r'(?:verb=|, |= )"([a-z]+\.[a-z_]+)"', path.read_text(encoding="utf-8"))
        if verb.partition(".")[0] in KINDS
    }
    assert {"modelversion.promote", "campaign.create", "product.archive"} <= recorded
    assert {verb.partition(".")[2] for verb in recorded} <= {*ACTIONS}
    assert all(kind_name(kind) != kind or kind in ("brand", "brief", "campaign", "candidate", "channel", "evaluation",
               "placement", "product", "variant", "workspace") for kind in KINDS)  # fmt: skip


@pytest.mark.parametrize("kind", PAGES)
def test_every_kind_with_a_page_leads_to_it(cast: Cast, kind: str) -> None:
    assert kind in KINDS
    assert reverse(PAGES[kind], args=[cast.workspace.slug, 7]).endswith("/7/")


def test_the_log_cannot_be_filtered_by_a_person_of_another_workspace(cast: Cast) -> None:
    response = cast.client(cast.admin).get(LOG, {"actor": cast.stranger.pk})
    assert response.status_code == 200
    assert cast.stranger.name not in response.content.decode()


def test_only_admins_see_either(cast: Cast) -> None:
    for path in (MEMBERS, LOG):
        for name in ("viewer", "copywriter", "approver"):
            assert cast.client(getattr(cast, name)).get(path).status_code == 403
        assert cast.client(cast.stranger).get(path).status_code == 404

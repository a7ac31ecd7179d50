"""Making a placement."""

from __future__ import annotations

from typing import Any

import pytest

from campaigns.models import Placement
from campaigns.services.placement import placement_create
from copystudio.errors import InvalidInputError, NotPermittedError
from copystudio.models import Event
from tests import factories
from tests.people import Cast


def url(cast: Cast) -> str:
    return f"/w/{cast.workspace.slug}/placements/new/"


def data(cast: Cast, **values: Any) -> dict[str, Any]:
    return {"name": "Home", "slug": "home", "channel": factories.channel(cast).pk, "fallback_text": "", **values}


def test_it_works_and_leads_to_the_placement(cast: Cast) -> None:
    response = cast.client(cast.approver).post(url(cast), data(cast, fallback_text="  Welcome  "))
    placement = Placement.objects.get(slug="home")
    assert response.status_code == 303 and response["Location"].endswith(f"/placements/{placement.pk}/")
    assert placement.fallback_text == "  Welcome  "


def test_it_writes_its_event_and_tells_the_web_processes(cast: Cast) -> None:
    before = cast.workspace.delivery_version
    cast.client(cast.approver).post(url(cast), data(cast))
    event = Event.objects.get(verb="placement.create")
    assert (event.actor, event.object_id) == (cast.approver, Placement.objects.get().pk)
    cast.workspace.refresh_from_db()
    assert cast.workspace.delivery_version > before


@pytest.mark.parametrize("slug", ["", "Home", "home page", "-home", "é", "a/b", "a" * 81, "home\n"])
def test_the_name_in_the_api_is_plain(cast: Cast, slug: str) -> None:
    response = cast.client(cast.approver).post(url(cast), data(cast, slug=slug))
    # a form trims blanks around a short text
    assert response.status_code == (303 if slug.strip() == "home" else 422)
    with pytest.raises(InvalidInputError):
        placement_create(
            actor=cast.approver, workspace=cast.workspace, slug=slug, name="Home", channel=factories.channel(cast)
        )


def test_a_name_is_given_once(cast: Cast) -> None:
    factories.make_placement(cast, slug="home")
    response = cast.client(cast.approver).post(url(cast), data(cast))
    assert response.status_code == 422 and "already a placement" in response.content.decode()


def test_two_workspaces_may_use_the_same_name(cast: Cast) -> None:
    factories.make_placement(cast, slug="home")
    channel = cast.elsewhere.channels.get(key="email_subject", is_current=True)
    placement_create(actor=cast.stranger, workspace=cast.elsewhere, slug="home", name="Home", channel=channel)


def test_a_fallback_text_keeps_the_limit_of_the_channel(cast: Cast) -> None:
    response = cast.client(cast.approver).post(url(cast), data(cast, fallback_text="x" * 1900))
    assert response.status_code == 422


def test_a_channel_of_another_workspace_is_refused(cast: Cast) -> None:
    channel = cast.elsewhere.channels.get(key="email_subject", is_current=True)
    response = cast.client(cast.approver).post(url(cast), data(cast, channel=channel.pk))
    assert response.status_code == 422 and not Placement.objects.exists()
    with pytest.raises(InvalidInputError):
        placement_create(actor=cast.approver, workspace=cast.workspace, slug="home", name="Home", channel=channel)


def test_a_copywriter_may_not(cast: Cast) -> None:
    assert cast.client(cast.copywriter).post(url(cast), data(cast)).status_code == 403
    with pytest.raises(NotPermittedError):
        placement_create(
            actor=cast.copywriter, workspace=cast.workspace, slug="home", name="Home", channel=factories.channel(cast)
        )
    assert not Placement.objects.exists()


def test_a_stranger_gets_404(cast: Cast) -> None:
    assert cast.client(cast.stranger).post(url(cast), data(cast)).status_code == 404


def test_another_method_gets_405(cast: Cast) -> None:
    assert cast.client(cast.approver).put(url(cast)).status_code == 405

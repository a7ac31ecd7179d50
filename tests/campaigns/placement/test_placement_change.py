"""Changing a placement."""

from __future__ import annotations

from typing import Any

import pytest

from campaigns.models import Placement
from campaigns.services.placement import placement_change
from copystudio.errors import NotPermittedError
from copystudio.models import Event
from tests import factories
from tests.campaigns.shop import Shop
from tests.people import Cast


@pytest.fixture
def placement(cast: Cast) -> Placement:
    return factories.make_placement(cast, slug="home", fallback_text="Welcome")


def url(cast: Cast, placement: Placement) -> str:
    return f"/w/{cast.workspace.slug}/placements/{placement.pk}/edit/"


def data(placement: Placement, **values: Any) -> dict[str, Any]:
    return {"name": "Front page", "channel": placement.channel_id, "fallback_text": "Hello", **values}


def test_it_works_and_the_name_in_the_api_stays(cast: Cast, placement: Placement) -> None:
    response = cast.client(cast.approver).post(url(cast, placement), data(placement, slug="other"))
    assert response.status_code == 303
    placement.refresh_from_db()
    assert (placement.name, placement.slug, placement.fallback_text) == ("Front page", "home", "Hello")


def test_it_writes_its_event_with_both_texts(cast: Cast, placement: Placement) -> None:
    cast.client(cast.approver).post(url(cast, placement), data(placement))
    event = Event.objects.get(verb="placement.change")
    assert event.actor == cast.approver
    assert (event.data["fallback_before"], event.data["fallback_text"]) == ("Welcome", "Hello")


def test_the_channel_stays_while_copy_of_it_is_served(shop: Shop) -> None:
    other = factories.channel(shop.cast, "sms")
    client = shop.cast.client(shop.cast.approver)
    response = client.post(url(shop.cast, shop.placement), data(shop.placement, channel=other.pk))
    assert response.status_code == 422 and "Stop serving it first" in response.content.decode()


def test_a_copywriter_may_not(cast: Cast, placement: Placement) -> None:
    assert cast.client(cast.copywriter).post(url(cast, placement), data(placement)).status_code == 403
    with pytest.raises(NotPermittedError):
        placement_change(actor=cast.copywriter, placement=placement, name="Mine", channel=placement.channel)


def test_a_stranger_gets_404_here_and_through_their_own_workspace(cast: Cast, placement: Placement) -> None:
    client = cast.client(cast.stranger)
    assert client.post(url(cast, placement), data(placement)).status_code == 404
    own = f"/w/{cast.elsewhere.slug}/placements/{placement.pk}/edit/"
    assert client.post(own, data(placement)).status_code == 404


def test_another_method_gets_405(cast: Cast, placement: Placement) -> None:
    assert cast.client(cast.approver).delete(url(cast, placement)).status_code == 405

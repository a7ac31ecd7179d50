"""Choosing the copy that a placement serves."""

from __future__ import annotations

import pytest

from campaigns.models import Variant
from campaigns.services.placement import placement_assign
from copystudio.errors import InvalidInputError, NotPermittedError
from copystudio.models import Event
from tests import factories
from tests.campaigns.shop import Shop, make_shop
from tests.people import make_cast


def url(shop: Shop) -> str:
    return f"/w/{shop.cast.workspace.slug}/placements/{shop.placement.pk}/assign/"


@pytest.fixture
def other(shop: Shop) -> Variant:
    return factories.make_variant(shop.cast, status="approved", campaign=shop.campaign, text="Other words")


def test_it_works_and_is_served(shop: Shop, other: Variant) -> None:
    response = shop.cast.client(shop.cast.approver).post(url(shop), {"variant": other.pk})
    assert response.status_code == 303
    assert shop.decide().json()["text"] == "Other words"


def test_it_writes_its_event_with_the_revision(shop: Shop, other: Variant) -> None:
    shop.cast.client(shop.cast.approver).post(url(shop), {"variant": other.pk})
    event = Event.objects.filter(verb="placement.assign").first()
    assert event is not None and event.actor == shop.cast.approver
    assert event.data == {"before": shop.variant.pk, "variant": other.pk, "revision": other.approved_revision_id}


def test_serving_can_be_stopped(shop: Shop) -> None:
    shop.cast.client(shop.cast.approver).post(url(shop), {"stop": "on"})
    shop.placement.refresh_from_db()
    assert shop.placement.variant is None
    assert shop.decide().status_code == 404


@pytest.mark.parametrize("status", ["draft", "in_review", "changes_requested", "retired"])
def test_copy_that_is_not_approved_cannot_be_served(shop: Shop, status: str) -> None:
    variant = factories.make_variant(shop.cast, status=status, campaign=shop.campaign, text=f"Not {status}")
    response = shop.cast.client(shop.cast.approver).post(url(shop), {"variant": variant.pk})
    assert response.status_code == 409
    assert shop.decide().json()["variant"] == shop.variant.pk


def test_copy_for_another_channel_cannot_be_served(shop: Shop) -> None:
    variant = factories.make_variant(shop.cast, status="approved", campaign=shop.campaign, channel_key="sms")
    response = shop.cast.client(shop.cast.approver).post(url(shop), {"variant": variant.pk})
    assert response.status_code == 422


def test_copy_of_another_workspace_is_a_404(shop: Shop) -> None:
    foreign = make_shop(make_cast("other")).variant
    assert shop.cast.client(shop.cast.approver).post(url(shop), {"variant": foreign.pk}).status_code == 404
    with pytest.raises(InvalidInputError):
        placement_assign(actor=shop.cast.approver, placement=shop.placement, variant=foreign)


@pytest.mark.parametrize(
    "values", [{}, {"variant": ""}, {"variant": "x"}, {"variant": 2**63}, {"variant": 1, "stop": "on"}]
)
def test_an_unclear_choice_changes_nothing(shop: Shop, values: dict[str, object]) -> None:
    response = shop.cast.client(shop.cast.approver).post(url(shop), values)
    assert response.status_code == 422
    shop.placement.refresh_from_db()
    assert shop.placement.variant == shop.variant


def test_a_copywriter_may_not(shop: Shop, other: Variant) -> None:
    assert shop.cast.client(shop.cast.copywriter).post(url(shop), {"variant": other.pk}).status_code == 403
    with pytest.raises(NotPermittedError):
        placement_assign(actor=shop.cast.copywriter, placement=shop.placement, variant=other)


def test_a_stranger_gets_404(shop: Shop, other: Variant) -> None:
    assert shop.cast.client(shop.cast.stranger).post(url(shop), {"variant": other.pk}).status_code == 404


def test_another_method_gets_405(shop: Shop) -> None:
    assert shop.cast.client(shop.cast.approver).get(url(shop)).status_code == 405

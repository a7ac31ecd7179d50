"""Creating and changing a campaign."""

from __future__ import annotations

import datetime as dt

import pytest

from campaigns.models import Campaign
from campaigns.services.campaign import campaign_save
from copystudio.errors import InvalidInputError, NotPermittedError
from copystudio.models import Event
from tests import factories
from tests.people import Cast, make_cast


def url(cast: Cast, rest: str = "new/") -> str:
    return f"/w/{cast.workspace.slug}/campaigns/{rest}"


def test_it_works_from_the_form(cast: Cast) -> None:
    brand = factories.make_brand(cast)
    values = {
        "name": "Autumn",
        "brand": brand.pk,
        "goal": "20 % more",
        "starts_on": "2026-09-01",
        "ends_on": "2026-10-01",
    }
    response = cast.client(cast.copywriter).post(url(cast), values)
    campaign = Campaign.objects.get()
    assert response.status_code == 303 and response["Location"] == url(cast, f"{campaign.pk}/")
    assert (campaign.name, campaign.brand, campaign.status) == ("Autumn", brand, "draft")
    assert campaign.ends_on == dt.date(2026, 10, 1)


def test_it_writes_its_event(cast: Cast) -> None:
    campaign = factories.make_campaign(cast)
    cast.client(cast.copywriter).post(url(cast, f"{campaign.pk}/edit/"), {"name": "Other"})
    campaign.refresh_from_db()
    assert campaign.name == "Other"
    verbs = list(Event.objects.filter(object_type="campaign").order_by("id").values_list("verb", "actor"))
    assert verbs == [("campaign.create", cast.copywriter.pk), ("campaign.change", cast.copywriter.pk)]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 161}, "name"),
        ({"name": "A", "starts_on": "2026-10-01", "ends_on": "2026-09-01"}, "ends_on"),
        ({"name": "A", "starts_on": "soon"}, "starts_on"),
        ({"name": "A", "brand": "999999"}, "brand"),
    ],
)
def test_wrong_input_is_named_at_its_field_and_saves_nothing(cast: Cast, values: dict[str, str], field: str) -> None:
    response = cast.client(cast.copywriter).post(url(cast), values)
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert not Campaign.objects.exists()


def test_two_campaigns_cannot_share_a_name(cast: Cast) -> None:
    factories.make_campaign(cast, name="Autumn")
    response = cast.client(cast.copywriter).post(url(cast), {"name": "Autumn"})
    assert response.status_code == 422 and "name" in response.context["form"].errors


def test_a_brand_of_another_workspace_is_refused(cast: Cast) -> None:
    foreign = factories.make_brand(make_cast("other"))
    assert cast.client(cast.copywriter).post(url(cast), {"name": "A", "brand": foreign.pk}).status_code == 422
    with pytest.raises(InvalidInputError):
        campaign_save(actor=cast.copywriter, workspace=cast.workspace, name="A", brand=foreign)


def test_a_viewer_may_not(cast: Cast) -> None:
    assert cast.client(cast.viewer).post(url(cast), {"name": "A"}).status_code == 403
    with pytest.raises(NotPermittedError):
        campaign_save(actor=cast.viewer, workspace=cast.workspace, name="A", brand=None)


def test_a_stranger_gets_404_and_another_method_405(cast: Cast) -> None:
    campaign = factories.make_campaign(cast)
    assert cast.client(cast.stranger).post(url(cast, f"{campaign.pk}/edit/"), {"name": "B"}).status_code == 404
    assert cast.client(cast.copywriter).delete(url(cast)).status_code == 405

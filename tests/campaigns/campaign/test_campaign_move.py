"""Launching, pausing, resuming and finishing a campaign."""

from __future__ import annotations

import pytest

from campaigns.models import Campaign
from campaigns.services.campaign import campaign_move
from copystudio.errors import NotPermittedError, TransitionError
from copystudio.models import Event
from tests import factories
from tests.people import Cast

# written down by hand, apart from the table of the code
LEADS = {
    ("draft", "launch"): "running",
    ("running", "pause"): "paused",
    ("running", "finish"): "finished",
    ("paused", "resume"): "running",
    ("paused", "finish"): "finished",
}
WAY = {"draft": [], "running": ["launch"], "paused": ["launch", "pause"], "finished": ["launch", "finish"]}
VERBS = ["launch", "pause", "resume", "finish"]


def campaign_in(cast: Cast, status: str) -> Campaign:
    campaign = factories.make_campaign(cast)
    for verb in WAY[status]:
        campaign = campaign_move(actor=cast.approver, campaign=campaign, verb=verb)
    return campaign


def url(cast: Cast, campaign: Campaign, verb: str) -> str:
    return f"/w/{cast.workspace.slug}/campaigns/{campaign.pk}/{verb}/"


@pytest.mark.parametrize("status", WAY)
@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_in_every_state(cast: Cast, status: str, verb: str) -> None:
    campaign = campaign_in(cast, status)
    expected = LEADS.get((status, verb))
    if expected is None:
        with pytest.raises(TransitionError):
            campaign_move(actor=cast.approver, campaign=campaign, verb=verb)
        campaign.refresh_from_db()
        assert campaign.status == status
    else:
        assert campaign_move(actor=cast.approver, campaign=campaign, verb=verb).status == expected


def test_it_works_from_the_page_and_writes_its_event(cast: Cast) -> None:
    campaign = factories.make_campaign(cast)
    version = cast.workspace.delivery_version
    assert cast.client(cast.approver).post(url(cast, campaign, "launch")).status_code == 303
    campaign.refresh_from_db()
    cast.workspace.refresh_from_db()
    assert campaign.status == "running"
    assert cast.workspace.delivery_version > version
    assert Event.objects.filter(verb="campaign.launch", actor=cast.approver, object_id=campaign.pk).count() == 1


def test_the_page_offers_exactly_the_steps_that_are_possible(cast: Cast) -> None:
    for status in WAY:
        campaign = campaign_in(cast, status)
        page = f"/w/{cast.workspace.slug}/campaigns/{campaign.pk}/"
        shown = cast.client(cast.approver).get(page).content.decode()
        for verb in VERBS:
            assert (url(cast, campaign, verb) in shown) is ((status, verb) in LEADS), (status, verb)
        reading = cast.client(cast.copywriter).get(page).content.decode()
        assert not any(url(cast, campaign, verb) in reading for verb in VERBS)


def test_the_wrong_state_is_a_409(cast: Cast) -> None:
    campaign = factories.make_campaign(cast)
    assert cast.client(cast.approver).post(url(cast, campaign, "pause")).status_code == 409


def test_a_copywriter_may_not(cast: Cast) -> None:
    campaign = factories.make_campaign(cast)
    assert cast.client(cast.copywriter).post(url(cast, campaign, "launch")).status_code == 403
    with pytest.raises(NotPermittedError):
        campaign_move(actor=cast.copywriter, campaign=campaign, verb="launch")


def test_a_stranger_gets_404_and_another_method_405(cast: Cast) -> None:
    campaign = factories.make_campaign(cast)
    assert cast.client(cast.stranger).post(url(cast, campaign, "launch")).status_code == 404
    assert cast.client(cast.approver).get(url(cast, campaign, "launch")).status_code == 405

"""Making a variant of a candidate."""

from __future__ import annotations

import pytest

from campaigns.models import Variant
from campaigns.services.campaign import campaign_move
from campaigns.services.variant import variant_adopt
from copystudio.errors import NotPermittedError, TransitionError
from copystudio.models import Event
from generation.models import Candidate
from tests import factories
from tests.campaigns.copy_makers import make_brief, make_candidate, make_run, write_candidates
from tests.people import Cast


def url(cast: Cast, candidate: Candidate) -> str:
    return f"/w/{cast.workspace.slug}/candidates/{candidate.pk}/adopt/"


def test_it_works_and_keeps_where_the_text_came_from(cast: Cast) -> None:
    segment = factories.make_segment(cast)
    candidate = make_candidate(cast, segments=[segment])
    response = cast.client(cast.copywriter).post(url(cast, candidate))
    variant = Variant.objects.get()
    assert response.status_code == 303
    assert response["Location"] == f"/w/{cast.workspace.slug}/variants/{variant.pk}/"
    assert variant.current_revision is not None and variant.current_revision.text == candidate.text
    assert variant.current_revision.author == cast.copywriter
    assert (variant.candidate, variant.is_ai_made, variant.segment, variant.status) == (
        candidate,
        True,
        segment,
        "draft",
    )
    assert variant.product == candidate.item.brief_item.product and variant.brief is not None


def test_with_htmx_the_button_becomes_a_link(cast: Cast) -> None:
    candidate = make_candidate(cast)
    response = cast.client(cast.copywriter).post(url(cast, candidate), headers={"HX-Request": "true"})
    shown = response.content.decode()
    assert response.status_code == 200 and "<html" not in shown
    assert f"/variants/{Variant.objects.get().pk}/" in shown
    run_page = cast.client(cast.copywriter).get(f"/w/{cast.workspace.slug}/runs/{candidate.item.run_id}/")
    assert url(cast, candidate) not in run_page.content.decode()


def test_it_writes_its_events(cast: Cast) -> None:
    variant = variant_adopt(actor=cast.copywriter, candidate=make_candidate(cast))
    assert [event.verb for event in variant.review_events.all()] == ["adopt"]
    assert Event.objects.get(verb="variant.adopt").actor == cast.copywriter


def test_adopting_twice_gives_the_same_variant(cast: Cast) -> None:
    candidate = make_candidate(cast)
    first = variant_adopt(actor=cast.copywriter, candidate=candidate)
    assert variant_adopt(actor=cast.approver, candidate=candidate) == first
    assert Variant.objects.count() == 1


def test_a_finished_campaign_takes_no_more_copy(cast: Cast) -> None:
    campaign = factories.make_campaign(cast, running=True)
    run = make_run(cast, brief=make_brief(cast, campaign=campaign))
    candidate = write_candidates(run, ["Stay dry"])[0]
    campaign_move(actor=cast.approver, campaign=campaign, verb="finish")
    with pytest.raises(TransitionError):
        variant_adopt(actor=cast.copywriter, candidate=candidate)
    assert cast.client(cast.copywriter).post(url(cast, candidate)).status_code == 409


def test_a_viewer_may_not(cast: Cast) -> None:
    candidate = make_candidate(cast)
    assert cast.client(cast.viewer).post(url(cast, candidate)).status_code == 403
    with pytest.raises(NotPermittedError):
        variant_adopt(actor=cast.viewer, candidate=candidate)


def test_a_stranger_gets_404_and_another_method_405(cast: Cast) -> None:
    candidate = make_candidate(cast)
    assert cast.client(cast.stranger).post(url(cast, candidate)).status_code == 404
    assert cast.client(cast.copywriter).get(url(cast, candidate)).status_code == 405

"""Submitting, withdrawing, retiring and bringing back, from the page."""

from __future__ import annotations

import pytest

from campaigns.models import Variant
from copystudio.models import Event
from tests import factories
from tests.people import Cast

# step: (status before, who, status after, a status from which it is not possible)
STEPS = {
    "submit": ("draft", "copywriter", "in_review", "approved"),
    "withdraw": ("in_review", "copywriter", "draft", "draft"),
    "retire": ("draft", "copywriter", "retired", "in_review"),
    "restore": ("retired", "copywriter", "draft", "draft"),
}


def url(variant: Variant, step: str) -> str:
    return f"/w/{variant.workspace.slug}/variants/{variant.pk}/{step}/"


@pytest.mark.parametrize("step", STEPS)
def test_it_works_and_writes_its_events(cast: Cast, step: str) -> None:
    before, who, after, _wrong = STEPS[step]
    variant = factories.make_variant(cast, status=before)
    actor = getattr(cast, who)
    assert cast.client(actor).post(url(variant, step)).status_code == 303
    variant.refresh_from_db()
    last = variant.review_events.first()
    assert variant.status == after and last is not None and (last.verb, last.actor) == (step, actor)
    assert Event.objects.get(verb=f"variant.{step}", object_id=variant.pk, actor=actor)


@pytest.mark.parametrize("step", STEPS)
def test_the_wrong_state_is_a_409_that_says_so_on_the_page(cast: Cast, step: str) -> None:
    variant = factories.make_variant(cast, status=STEPS[step][3])
    response = cast.client(cast.copywriter).post(url(variant, step))
    assert response.status_code == 409
    assert "is not possible while the copy is" in response.content.decode()
    before = variant.status
    variant.refresh_from_db()
    assert variant.status == before


@pytest.mark.parametrize("step", STEPS)
def test_a_viewer_may_not_a_stranger_gets_404_another_method_405(cast: Cast, step: str) -> None:
    variant = factories.make_variant(cast, status=STEPS[step][0])
    assert cast.client(cast.viewer).post(url(variant, step)).status_code == 403
    assert cast.client(cast.stranger).post(url(variant, step)).status_code == 404
    assert cast.client(cast.copywriter).get(url(variant, step)).status_code == 405
    before = variant.status
    variant.refresh_from_db()
    assert variant.status == before


def test_only_an_approver_takes_away_what_is_served(cast: Cast) -> None:
    variant = factories.make_variant(cast, status="approved")
    version = cast.workspace.delivery_version
    assert cast.client(cast.copywriter).post(url(variant, "retire")).status_code == 403
    assert cast.client(cast.approver).post(url(variant, "retire")).status_code == 303
    variant.refresh_from_db()
    cast.workspace.refresh_from_db()
    assert variant.approved_revision is None and cast.workspace.delivery_version > version

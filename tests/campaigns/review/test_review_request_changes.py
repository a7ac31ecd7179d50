"""Asking for changes, with a reason that reaches the author."""

from __future__ import annotations

from typing import Any

import pytest

from campaigns.models import ReviewEvent, Variant
from campaigns.services.review import variant_request_changes, variant_submit
from campaigns.services.variant import revision_of, variant_edit
from copystudio.errors import NotPermittedError
from copystudio.models import Event
from tests import factories
from tests.people import Cast


def url(variant: Variant) -> str:
    return f"/w/{variant.workspace.slug}/variants/{variant.pk}/request-changes/"


def filled(variant: Variant, **values: Any) -> dict[str, Any]:
    read = {"sha256": revision_of(variant).sha256, "review_cycle": variant.review_cycle}
    return {**read, "reason": "Say which rain.", **values}


@pytest.fixture
def variant(cast: Cast) -> Variant:
    return factories.make_variant(cast, status="in_review")


def test_it_works_and_the_author_reads_the_reason(cast: Cast, variant: Variant) -> None:
    assert cast.client(cast.approver).post(url(variant), filled(variant)).status_code == 303
    variant.refresh_from_db()
    assert variant.status == "changes_requested"
    page = cast.client(cast.copywriter).get(f"/w/{cast.workspace.slug}/variants/{variant.pk}/edit/")
    assert "Say which rain." in page.content.decode()


def test_it_writes_its_events(cast: Cast, variant: Variant) -> None:
    cast.client(cast.approver).post(url(variant), filled(variant))
    event = ReviewEvent.objects.get(variant=variant, verb="request_changes")
    assert (event.actor, event.reason) == (cast.approver, "Say which rain.")
    assert Event.objects.filter(verb="variant.request_changes", actor=cast.approver).count() == 1


def test_what_was_approved_before_stays_served(cast: Cast) -> None:
    variant = factories.make_variant(cast, status="approved")
    served = variant.approved_revision
    variant_edit(actor=cast.copywriter, variant=variant, text="Other", base_revision=1)
    variant = variant_submit(actor=cast.copywriter, variant=variant)
    cast.client(cast.approver).post(url(variant), filled(variant))
    variant.refresh_from_db()
    assert variant.status == "changes_requested" and variant.approved_revision == served


@pytest.mark.parametrize("reason", ["", "   ", "x" * 2001])
def test_without_a_reason_nothing_happens(cast: Cast, variant: Variant, reason: str) -> None:
    response = cast.client(cast.approver).post(url(variant), filled(variant, reason=reason))
    assert response.status_code == 422 and "reason" in response.context["changes"].errors
    variant.refresh_from_db()
    assert variant.status == "in_review"


def test_a_verdict_about_another_text_is_a_409(cast: Cast, variant: Variant) -> None:
    values = filled(variant, sha256="0" * 64)
    assert cast.client(cast.approver).post(url(variant), values).status_code == 409


def test_the_wrong_state_is_a_409(cast: Cast) -> None:
    draft = factories.make_variant(cast)
    assert cast.client(cast.approver).post(url(draft), filled(draft)).status_code == 409


def test_a_copywriter_may_not(cast: Cast, variant: Variant) -> None:
    assert cast.client(cast.copywriter).post(url(variant), filled(variant)).status_code == 403
    with pytest.raises(NotPermittedError):
        variant_request_changes(actor=cast.copywriter, variant=variant, **filled(variant))


def test_a_stranger_gets_404_and_another_method_405(cast: Cast, variant: Variant) -> None:
    assert cast.client(cast.stranger).post(url(variant), filled(variant)).status_code == 404
    assert cast.client(cast.approver).get(url(variant)).status_code == 405

"""Editing copy: what is served stays, and two people writing at once lose nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from campaigns.models import Variant
from campaigns.services.variant import revision_of, variant_edit
from copystudio.errors import ConflictError, NotPermittedError
from copystudio.models import Event
from tests import factories
from tests.people import Cast


def url(variant: Variant) -> str:
    return f"/w/{variant.workspace.slug}/variants/{variant.pk}/edit/"


def post(client: Client, variant: Variant, text: str, base: int = 1) -> Any:
    return client.post(url(variant), {"text": text, "base_revision": base})


def test_it_works_and_adds_a_revision(cast: Cast) -> None:
    variant = factories.make_variant(cast)
    assert post(cast.client(cast.approver), variant, "Other words").status_code == 303
    variant.refresh_from_db()
    assert (revision_of(variant).number, revision_of(variant).text) == (2, "Other words")
    assert revision_of(variant).author == cast.approver
    assert [revision.text for revision in variant.revisions.order_by("number")] == ["Stay dry at 320 g", "Other words"]


def test_it_writes_its_events(cast: Cast) -> None:
    variant = factories.make_variant(cast)
    post(cast.client(cast.copywriter), variant, "Other words")
    assert [event.verb for event in variant.review_events.all()] == ["edit", "write"]
    assert Event.objects.get(verb="variant.edit").data["revision"] == 2


def test_an_edit_of_approved_copy_reopens_review_and_leaves_the_approved_text_served(cast: Cast) -> None:
    variant = factories.make_variant(cast, status="approved")
    served, cycle = variant.approved_revision, variant.review_cycle
    post(cast.client(cast.copywriter), variant, "Other words")
    variant.refresh_from_db()
    assert variant.status == "draft" and variant.approved_revision == served and variant.review_cycle == cycle + 1
    page = cast.client(cast.viewer).get(f"/w/{cast.workspace.slug}/variants/{variant.pk}/").content.decode()
    assert "Revision 1 is approved and stays the one that is served" in page


def test_an_edit_that_changes_nothing_changes_nothing(cast: Cast) -> None:
    variant = factories.make_variant(cast, status="in_review")
    post(cast.client(cast.copywriter), variant, "Stay dry at 320 g")
    variant.refresh_from_db()
    assert variant.status == "in_review" and variant.revisions.count() == 1


def test_a_newer_text_of_somebody_else_is_shown_beside_mine_and_nothing_is_lost(cast: Cast) -> None:
    variant = factories.make_variant(cast)
    variant_edit(actor=cast.approver, variant=variant, text="Theirs <b>", base_revision=1)
    response = post(cast.client(cast.copywriter), variant, "Mine & only mine")
    shown = response.content.decode()
    assert response.status_code == 409
    assert "Theirs &lt;b&gt;" in shown and "Mine &amp; only mine" in shown
    assert "<del>" in shown and "<ins>" in shown
    form = response.context["form"]
    assert form["text"].value() == "Mine & only mine" and form["base_revision"].value() == 2
    variant.refresh_from_db()
    assert revision_of(variant).text == "Theirs <b>"
    assert post(cast.client(cast.copywriter), variant, "Mine & only mine", base=2).status_code == 303


def test_the_service_refuses_a_stale_base(cast: Cast) -> None:
    variant = factories.make_variant(cast)
    variant_edit(actor=cast.copywriter, variant=variant, text="Second", base_revision=1)
    with pytest.raises(ConflictError):
        variant_edit(actor=cast.copywriter, variant=variant, text="Third", base_revision=1)


@pytest.mark.parametrize("text", ["", "  ", "a" * 151])
def test_a_text_that_cannot_be_copy_is_a_422_with_what_was_typed(cast: Cast, text: str) -> None:
    variant = factories.make_variant(cast)
    response = post(cast.client(cast.copywriter), variant, text)
    assert response.status_code == 422 and "text" in response.context["form"].errors
    assert response.context["form"]["text"].value() == text


def test_retired_copy_cannot_be_edited(cast: Cast) -> None:
    variant = factories.make_variant(cast, status="retired")
    assert post(cast.client(cast.copywriter), variant, "Other words").status_code == 409


def test_a_viewer_may_not(cast: Cast) -> None:
    variant = factories.make_variant(cast)
    assert post(cast.client(cast.viewer), variant, "Other words").status_code == 403
    with pytest.raises(NotPermittedError):
        variant_edit(actor=cast.viewer, variant=variant, text="Other words", base_revision=1)


def test_a_stranger_gets_404_and_another_method_405(cast: Cast) -> None:
    variant = factories.make_variant(cast)
    assert post(cast.client(cast.stranger), variant, "Other words").status_code == 404
    assert cast.client(cast.copywriter).put(url(variant)).status_code == 405

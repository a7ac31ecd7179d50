"""Approving: another person, the very bytes, this review cycle."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from campaigns.models import ReviewEvent, Revision, Variant
from campaigns.services.product import ProductData, product_save
from campaigns.services.review import variant_approve, variant_submit
from campaigns.services.variant import variant_edit
from copystudio.errors import ConflictError, NotPermittedError
from copystudio.models import Event, User
from tests import factories
from tests.people import Cast


def url(variant: Variant) -> str:
    return f"/w/{variant.workspace.slug}/variants/{variant.pk}/approve/"


def read(variant: Variant) -> dict[str, Any]:
    """What stands on the screen of somebody who reads it now, worked out apart from the code."""
    variant.refresh_from_db()
    text = Revision.objects.filter(variant=variant).order_by("-number").values_list("text", flat=True)[0]
    return {"sha256": hashlib.sha256(text.encode()).hexdigest(), "review_cycle": variant.review_cycle}


def approve(client: Client, variant: Variant, **values: Any) -> Any:
    return client.post(url(variant), {**read(variant), **values})


def wrote_since_approval(variant: Variant, user: User) -> bool:
    """The rule, read from the history of events and not from the predicate that the service uses."""
    wrote = False
    for event in ReviewEvent.objects.filter(variant=variant).order_by("id"):
        if event.verb == "approve":
            wrote = False
        elif event.verb in ("write", "adopt", "edit") and event.actor_id == user.pk:
            wrote = True
    return wrote


@pytest.fixture
def variant(cast: Cast) -> Variant:
    return factories.make_variant(cast, status="in_review")


def test_it_works_and_goes_on_to_the_next_text(cast: Cast, variant: Variant) -> None:
    following = factories.make_variant(cast, status="in_review", text="The next one")
    version = cast.workspace.delivery_version
    response = approve(cast.client(cast.approver), variant)
    assert response.status_code == 303
    assert response["Location"] == f"/w/{cast.workspace.slug}/review/{following.pk}/"
    variant.refresh_from_db()
    cast.workspace.refresh_from_db()
    assert variant.status == "approved" and variant.approved_revision == variant.current_revision
    assert cast.workspace.delivery_version > version


def test_it_writes_its_events(cast: Cast, variant: Variant) -> None:
    approve(cast.client(cast.approver), variant)
    event = ReviewEvent.objects.get(variant=variant, verb="approve")
    assert (event.actor, event.revision, event.from_status) == (cast.approver, variant.current_revision, "in_review")
    audit = Event.objects.get(verb="variant.approve")
    assert variant.current_revision is not None and audit.data["sha256"] == variant.current_revision.sha256


def test_nobody_approves_what_they_wrote(cast: Cast) -> None:
    for writer in (cast.approver, cast.admin):
        variant = factories.make_variant(cast)
        variant_edit(actor=writer, variant=variant, text=f"By {writer}", base_revision=1)
        variant_submit(actor=cast.copywriter, variant=variant)
        for person in (cast.approver, cast.second_approver, cast.admin):
            allowed = not wrote_since_approval(variant, person)
            assert allowed is (person != writer)
            if not allowed:
                response = approve(cast.client(person), variant)
                assert response.status_code == 403
                assert "You wrote this text. Somebody else has to approve it." in response.content.decode()
                variant.refresh_from_db()
                assert variant.status == "in_review"
        assert approve(cast.client(cast.second_approver), variant).status_code == 303


def test_an_edit_on_top_of_somebody_elses_text_makes_both_authors(cast: Cast) -> None:
    variant = factories.make_variant(cast)
    variant_edit(actor=cast.approver, variant=variant, text="A", base_revision=1)
    variant_edit(actor=cast.second_approver, variant=variant, text="B", base_revision=2)
    variant_submit(actor=cast.copywriter, variant=variant)
    assert approve(cast.client(cast.approver), variant).status_code == 403
    assert approve(cast.client(cast.second_approver), variant).status_code == 403
    assert approve(cast.client(cast.admin), variant).status_code == 303


def test_authorship_ends_with_an_approval(cast: Cast) -> None:
    variant = factories.make_variant(cast)
    variant_edit(actor=cast.approver, variant=variant, text="A", base_revision=1)
    variant_submit(actor=cast.copywriter, variant=variant)
    approve(cast.client(cast.second_approver), variant)
    variant_edit(actor=cast.copywriter, variant=variant, text="B", base_revision=2)
    variant_submit(actor=cast.copywriter, variant=variant)
    assert not wrote_since_approval(variant, cast.approver)
    assert approve(cast.client(cast.approver), variant).status_code == 303


def test_a_text_of_unknown_authorship_is_refused_to_everybody(cast: Cast, variant: Variant) -> None:
    unknown = Revision.objects.create(
        workspace=cast.workspace,
        variant=variant,
        number=2,
        text="From nowhere",
        sha256=hashlib.sha256(b"From nowhere").hexdigest(),
        author=None,
    )
    Variant.objects.filter(pk=variant.pk).update(current_revision=unknown)
    response = approve(cast.client(cast.admin), variant)
    assert response.status_code == 403 and "Nobody knows who wrote this text" in response.content.decode()


def test_the_page_says_why_the_button_is_disabled(cast: Cast) -> None:
    variant = factories.make_variant(cast)
    variant_edit(actor=cast.approver, variant=variant, text="Mine", base_revision=1)
    variant_submit(actor=cast.copywriter, variant=variant)
    page = f"/w/{cast.workspace.slug}/review/{variant.pk}/"
    mine = cast.client(cast.approver).get(page)
    assert "You wrote this text." in mine.content.decode() and mine.context["actions"].refusal
    other = cast.client(cast.second_approver).get(page)
    assert other.context["actions"].approve and other.context["actions"].refusal is None


@pytest.mark.parametrize("change", [{"sha256": "0" * 64}, {"review_cycle": 99}])
def test_a_verdict_about_other_bytes_or_another_cycle_is_a_409(
    cast: Cast, variant: Variant, change: dict[str, Any]
) -> None:
    response = approve(cast.client(cast.approver), variant, **change)
    assert response.status_code == 409
    assert "The text changed after you opened it" in response.content.decode()
    variant.refresh_from_db()
    assert variant.status == "in_review"


def test_what_was_read_before_an_edit_and_a_new_submission_is_not_approved(cast: Cast, variant: Variant) -> None:
    seen = read(variant)
    variant_edit(actor=cast.copywriter, variant=variant, text="Something else", base_revision=1)
    variant_edit(actor=cast.copywriter, variant=variant, text="Stay dry at 320 g", base_revision=2)
    variant_submit(actor=cast.copywriter, variant=variant)
    with pytest.raises(ConflictError):  # the same bytes again, in another cycle
        variant_approve(actor=cast.approver, variant=variant, **seen)


@pytest.mark.parametrize("values", [{}, {"sha256": "x", "review_cycle": 1}, {"sha256": "0" * 64, "review_cycle": "x"}])
def test_a_request_that_names_no_text_is_a_422(cast: Cast, variant: Variant, values: dict[str, Any]) -> None:
    assert cast.client(cast.approver).post(url(variant), values).status_code == 422
    variant.refresh_from_db()
    assert variant.status == "in_review"


def test_the_wrong_state_is_a_409(cast: Cast) -> None:
    draft = factories.make_variant(cast)
    assert approve(cast.client(cast.approver), draft).status_code == 409


def test_a_copywriter_may_not(cast: Cast, variant: Variant) -> None:
    assert approve(cast.client(cast.copywriter), variant).status_code == 403
    with pytest.raises(NotPermittedError):
        variant_approve(actor=cast.copywriter, variant=variant, **read(variant))


def test_a_stranger_gets_404_and_another_method_405(cast: Cast, variant: Variant) -> None:
    assert approve(cast.client(cast.stranger), variant).status_code == 404
    assert cast.client(cast.approver).get(url(variant)).status_code == 405


@pytest.fixture
def blocked(cast: Cast) -> Variant:
    """Copy with a price that no product fact supports."""
    product = factories.make_product(cast, price=None, was_price=None)
    return factories.make_variant(cast, status="in_review", text="Stay dry for only $5", product=product)


def test_what_the_rules_block_is_approved_only_with_a_reason(cast: Cast, blocked: Variant) -> None:
    for reason in ("", "   "):
        response = approve(cast.client(cast.approver), blocked, reason=reason)
        assert response.status_code == 422
        assert "Say why this text may be published" in response.content.decode()
        blocked.refresh_from_db()
        assert blocked.status == "in_review" and blocked.approved_revision is None
    assert approve(cast.client(cast.approver), blocked, reason=" The flash sale is agreed. ").status_code == 303
    blocked.refresh_from_db()
    assert blocked.status == "approved"
    event = ReviewEvent.objects.get(variant=blocked, verb="approve")
    assert event.reason == "The flash sale is agreed."
    audit = Event.objects.get(verb="variant.approve")
    assert audit.data["overridden"] == [{"finding": "grounding.price", "excerpt": "$5"}]
    page = cast.client(cast.copywriter).get(f"/w/{cast.workspace.slug}/variants/{blocked.pk}/")
    assert "The flash sale is agreed." in page.content.decode()


def test_the_page_asks_for_a_reason_only_where_one_is_needed(cast: Cast, variant: Variant, blocked: Variant) -> None:
    client = cast.client(cast.approver)
    needed = client.get(f"/w/{cast.workspace.slug}/review/{blocked.pk}/").content.decode()
    assert "Why may it be published?" in needed
    clean = client.get(f"/w/{cast.workspace.slug}/review/{variant.pk}/").content.decode()
    assert "Why may it be published?" not in clean


def test_a_reason_that_was_not_needed_is_not_kept(cast: Cast, variant: Variant) -> None:
    assert approve(cast.client(cast.approver), variant, reason="Because.").status_code == 303
    assert ReviewEvent.objects.get(variant=variant, verb="approve").reason == ""


def test_a_reason_that_is_too_long_is_a_422_and_stays_on_screen(cast: Cast, blocked: Variant) -> None:
    response = approve(cast.client(cast.approver), blocked, reason="x" * 2001)
    assert response.status_code == 422 and "x" * 2001 in response.content.decode()
    blocked.refresh_from_db()
    assert blocked.status == "in_review"


def test_a_fact_that_came_since_lifts_the_block(cast: Cast, blocked: Variant) -> None:
    assert blocked.product is not None
    data = ProductData(sku=blocked.product.sku, title="Rain jacket", currency="USD", price=Decimal("5.00"))
    product_save(actor=cast.copywriter, workspace=cast.workspace, data=data, product=blocked.product)
    assert approve(cast.client(cast.approver), blocked).status_code == 303

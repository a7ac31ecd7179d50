"""Two people at one text at the same moment: nothing that nobody approved is ever served (200 pairs in CI)."""

from __future__ import annotations

import os

import pytest

from campaigns.models import ReviewEvent, Revision, Variant, VariantStatus
from campaigns.services.review import variant_approve, variant_request_changes
from campaigns.services.variant import revision_of, variant_edit
from copystudio.errors import ConflictError, TransitionError
from tests import factories
from tests.people import Cast, make_cast
from tests.races.together import side_by_side

PAIRS = int(os.environ.get("RACE_PAIRS", "200"))
pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return make_cast()


def in_review(cast: Cast, many: int) -> list[Variant]:
    campaign = factories.make_campaign(cast, running=True)
    return [
        factories.make_variant(cast, status=VariantStatus.IN_REVIEW, campaign=campaign, text=f"Dry at 320 g, no. {n}")
        for n in range(many)
    ]


def test_an_edit_and_an_approval_at_once(cast: Cast) -> None:
    variants = in_review(cast, PAIRS)
    read = [(revision_of(variant).sha256, variant.review_cycle) for variant in variants]

    def approve(n: int) -> str:
        try:
            variant_approve(actor=cast.approver, variant=variants[n], sha256=read[n][0], review_cycle=read[n][1])
        except (ConflictError, TransitionError):
            return "refused"
        return "approved"

    def edit(n: int) -> str:
        variant_edit(actor=cast.copywriter, variant=variants[n], text=f"Changed text {n}", base_revision=1)
        return "edited"

    outcomes = side_by_side(approve, edit, times=PAIRS)
    for n, (approval, _) in enumerate(outcomes):
        now = Variant.objects.select_related("current_revision", "approved_revision").get(pk=variants[n].pk)
        assert revision_of(now).text == f"Changed text {n}", "the edit was lost"
        assert now.status == VariantStatus.DRAFT, "the edit did not open the review again"
        if approval == "approved":
            assert now.approved_revision is not None
            assert now.approved_revision.sha256 == read[n][0], "something else than what was read is served"
        else:
            assert now.approved_revision is None, "served without an approval"
    assert {approval for approval, _ in outcomes} == {"approved", "refused"}, "both orders must have happened"


def test_an_approval_and_a_request_for_changes_at_once(cast: Cast) -> None:
    variants = in_review(cast, PAIRS)
    read = [(revision_of(variant).sha256, variant.review_cycle) for variant in variants]

    def decide(verb: str, n: int) -> str:
        facts = {"variant": variants[n], "sha256": read[n][0], "review_cycle": read[n][1]}
        try:
            if verb == "approve":
                variant_approve(actor=cast.approver, **facts)
            else:
                variant_request_changes(actor=cast.second_approver, reason="Too vague.", **facts)
        except TransitionError:
            return "refused"
        return verb

    outcomes = side_by_side(lambda n: decide("approve", n), lambda n: decide("changes", n), times=PAIRS)
    for n, pair in enumerate(outcomes):
        assert sorted(pair)[-1] == "refused" and pair != ("refused", "refused"), "exactly one of them decides"
        verdicts = ReviewEvent.objects.filter(variant=variants[n], verb__in=["approve", "request_changes"])
        assert verdicts.count() == 1


def test_two_edits_at_once_lose_no_text(cast: Cast) -> None:
    variants = in_review(cast, PAIRS)

    def edit(who: str, n: int) -> str:
        actor = cast.copywriter if who == "first" else cast.approver
        try:
            variant_edit(actor=actor, variant=variants[n], text=f"{who} text {n}", base_revision=1)
        except ConflictError:
            return "refused"
        return who

    outcomes = side_by_side(lambda n: edit("first", n), lambda n: edit("second", n), times=PAIRS)
    for n, pair in enumerate(outcomes):
        assert "refused" in pair and set(pair) != {"refused"}
        winner = next(who for who in pair if who != "refused")
        assert Revision.objects.get(variant=variants[n], number=2).text == f"{winner} text {n}"

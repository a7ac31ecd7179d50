"""The review queue."""

from __future__ import annotations

from campaigns.services.review import variant_approve, variant_submit
from campaigns.services.variant import revision_of, variant_adopt, variant_edit
from tests import factories
from tests.campaigns.copy_makers import make_candidate
from tests.people import Cast, make_cast


def test_it_holds_what_waits_and_the_longest_waiting_first(cast: Cast) -> None:
    late = factories.make_variant(cast, text="Written first, submitted last")
    factories.make_variant(cast, status="in_review", text="Submitted first")
    factories.make_variant(cast, status="approved", text="Already approved")
    factories.make_variant(make_cast("other"), status="in_review", text="Of other people")
    variant_submit(actor=cast.copywriter, variant=late)
    page = cast.client(cast.viewer).get(f"/w/{cast.workspace.slug}/review/")
    texts = [variant.current_revision.text for variant in page.context["page"]]
    assert texts == ["Submitted first", "Written first, submitted last"]


def test_it_can_be_narrowed_to_what_i_may_decide(cast: Cast) -> None:
    factories.make_variant(cast, status="in_review", text="Not mine")
    mine = factories.make_variant(cast)
    variant_edit(actor=cast.approver, variant=mine, text="Mine", base_revision=1)
    variant_submit(actor=cast.copywriter, variant=mine)
    url = f"/w/{cast.workspace.slug}/review/"
    for person, expected in ((cast.approver, {"Not mine"}), (cast.second_approver, {"Not mine", "Mine"})):
        page = cast.client(person).get(url, {"mine": "decidable"})
        assert {variant.current_revision.text for variant in page.context["page"]} == expected


def test_a_text_shows_its_difference_to_the_draft_and_to_what_is_served(cast: Cast) -> None:
    candidate = make_candidate(cast, "Stay dry in the rain at 320 g")
    variant = variant_adopt(actor=cast.copywriter, candidate=candidate)
    variant = variant_submit(actor=cast.copywriter, variant=variant)

    read = {"sha256": revision_of(variant).sha256, "review_cycle": variant.review_cycle}
    variant_approve(actor=cast.approver, variant=variant, **read)
    variant_edit(actor=cast.copywriter, variant=variant, text="Stay warm in the rain at 320 g", base_revision=1)
    variant_submit(actor=cast.copywriter, variant=variant)
    shown = cast.client(cast.approver).get(f"/w/{cast.workspace.slug}/review/{variant.pk}/").content.decode()
    assert shown.count("<del>dry</del><ins>warm</ins>") == 2


def test_one_goes_from_text_to_text_and_keeps_the_filter(cast: Cast) -> None:
    variants = [factories.make_variant(cast, status="in_review", text=f"Number {n}") for n in range(3)]
    factories.make_variant(cast, status="in_review", language="zh-hans", text="另一种语言")
    middle = f"/w/{cast.workspace.slug}/review/{variants[1].pk}/"
    page = cast.client(cast.approver).get(middle, {"language": "en"})
    assert (page.context["previous"], page.context["next"]) == (variants[0].pk, variants[2].pk)
    assert (page.context["position"], page.context["count"]) == (2, 3)
    assert f"/review/{variants[2].pk}/?language=en" in page.content.decode()


def test_a_reader_sees_no_verdict_forms(cast: Cast) -> None:
    variant = factories.make_variant(cast, status="in_review")
    page = f"/w/{cast.workspace.slug}/review/{variant.pk}/"
    assert "/approve/" in cast.client(cast.approver).get(page).content.decode()
    for person in (cast.viewer, cast.copywriter):
        shown = cast.client(person).get(page).content.decode()
        assert "/approve/" not in shown and "/request-changes/" not in shown


def test_a_text_that_left_the_queue_says_so(cast: Cast) -> None:
    variant = factories.make_variant(cast, status="approved")
    page = cast.client(cast.approver).get(f"/w/{cast.workspace.slug}/review/{variant.pk}/")
    assert page.status_code == 200 and "not in review now" in page.content.decode()


def test_a_stranger_gets_404(cast: Cast) -> None:
    variant = factories.make_variant(cast, status="in_review")
    assert cast.client(cast.stranger).get(f"/w/{cast.workspace.slug}/review/").status_code == 404
    assert cast.client(cast.stranger).get(f"/w/{cast.workspace.slug}/review/{variant.pk}/").status_code == 404

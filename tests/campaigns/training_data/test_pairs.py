"""Preference pairs: edit over draft, approved over rejected, clean over rule-breaking."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone

from campaigns.models import Variant
from campaigns.services.variant import revision_of
from generation.engine.training.dataset import PreferencePair, Source
from tests import factories
from tests.campaigns.copy_makers import make_candidate, make_run, write_candidates
from tests.campaigns.training_data.makers import DRAFT, EDITED, adopt, approve, bring_back, collected, edit, send_back
from tests.people import Cast


def texts(pairs: Sequence[PreferencePair]) -> list[tuple[str, str, Source]]:
    return [(pair.chosen, pair.rejected, pair.source) for pair in pairs]


def test_an_edit_is_preferred_to_its_draft(cast: Cast) -> None:
    candidate = make_candidate(cast, DRAFT)
    variant = approve(cast, edit(cast, adopt(cast, candidate), EDITED))
    found = collected(cast)
    assert texts(found.pairs) == [(EDITED, DRAFT, Source.EDIT_OVER_DRAFT)]
    assert found.pairs[0].id == f"pair/edit/{revision_of(variant).pk}"
    assert found.pairs[0].brief == found.examples[0].brief
    assert found.pairs[0].product == f"product/{variant.product_id}"


def test_an_edit_of_punctuation_and_spaces_is_no_preference(cast: Cast) -> None:
    approve(cast, edit(cast, adopt(cast, make_candidate(cast, DRAFT)), "Stay dry, at  320 g!"))
    found = collected(cast)
    assert (found.pairs, found.excluded) == ([], {"trivial_edit": 1})


def test_a_draft_that_was_approved_before_its_edit_is_still_the_worse_one(cast: Cast) -> None:
    variant = approve(cast, adopt(cast, make_candidate(cast, DRAFT)))
    approve(cast, edit(cast, variant, EDITED))
    assert texts(collected(cast).pairs) == [(EDITED, DRAFT, Source.EDIT_OVER_DRAFT)]


def test_a_draft_that_people_approved_for_the_same_product_is_not_called_worse(cast: Cast) -> None:
    first, second = write_candidates(make_run(cast), [DRAFT, "Dry and light at 320 g"])
    approve(cast, edit(cast, adopt(cast, first), EDITED))
    approve(cast, edit(cast, adopt(cast, second), DRAFT))
    found = collected(cast)
    assert texts(found.pairs) == [(DRAFT, second.text, Source.EDIT_OVER_DRAFT)]
    assert found.excluded == {"approved_elsewhere": 1}


def two_of_a_brief(cast: Cast) -> tuple[Variant, Variant]:
    first, second = write_candidates(make_run(cast), [DRAFT, "A jacket for rain at 320 g"])
    return adopt(cast, first), adopt(cast, second)


def test_an_approved_text_is_preferred_to_one_that_was_sent_back(cast: Cast) -> None:
    good, bad = two_of_a_brief(cast)
    approve(cast, good)
    bad = send_back(cast, bad)
    found = collected(cast)
    assert texts(found.pairs) == [(DRAFT, "A jacket for rain at 320 g", Source.APPROVED_OVER_REJECTED)]
    assert found.pairs[0].id == f"pair/review/{revision_of(bad).pk}"


def test_a_text_that_was_approved_after_it_was_sent_back_is_not_worse(cast: Cast) -> None:
    good, bad = two_of_a_brief(cast)
    approve(cast, good)
    approve(cast, send_back(cast, bad))
    assert collected(cast).pairs == []


def test_a_text_that_was_approved_before_it_was_sent_back_is_worse_again(cast: Cast) -> None:
    good, bad = two_of_a_brief(cast)
    approve(cast, good)
    bad = send_back(cast, bring_back(cast, approve(cast, bad)))
    assert texts(collected(cast).pairs) == [(DRAFT, "A jacket for rain at 320 g", Source.APPROVED_OVER_REJECTED)]
    approve(cast, bad)
    assert collected(cast).pairs == []


def test_what_was_approved_only_after_the_window_is_still_worse_in_it(cast: Cast) -> None:
    good, bad = two_of_a_brief(cast)
    approve(cast, good)
    bad = send_back(cast, bad)
    until = timezone.now()
    approve(cast, bad)
    assert len(collected(cast, until=until).pairs) == 1


def test_the_text_that_answered_the_request_is_preferred_to_the_one_sent_back(cast: Cast) -> None:
    good, mended = two_of_a_brief(cast)
    approve(cast, good)
    mended = edit(cast, send_back(cast, edit(cast, mended, "A jacket at 320 g")), EDITED)
    approve(cast, mended)
    assert (EDITED, "A jacket at 320 g", Source.APPROVED_OVER_REJECTED) in texts(collected(cast).pairs)


def test_a_draft_sent_back_and_mended_makes_one_pair_and_not_two(cast: Cast) -> None:
    approve(cast, edit(cast, send_back(cast, adopt(cast, make_candidate(cast, DRAFT))), EDITED))
    assert texts(collected(cast).pairs) == [(EDITED, DRAFT, Source.EDIT_OVER_DRAFT)]


def test_texts_that_differ_in_what_they_answer_are_not_compared(cast: Cast) -> None:
    product, campaign = factories.make_product(cast), factories.make_campaign(cast)
    segment = factories.make_segment(cast)
    about = {"product": product, "segment": segment, "campaign": campaign}
    factories.make_variant(cast, status="approved", **about)
    others = [
        {**about, "product": factories.make_product(cast)},
        {**about, "segment": None},
        {**about, "channel_key": "push_ios_title"},
        {**about, "language": "zh-hans"},
    ]
    for n, other in enumerate(others):
        factories.make_variant(cast, status="changes_requested", text=f"Rejected {n} at 320 g", **other)
    assert collected(cast).pairs == []
    factories.make_variant(cast, status="changes_requested", text="Rejected at 320 g", **about)
    assert len(collected(cast).pairs) == 1


def test_pairs_stand_in_the_order_of_their_ids(cast: Cast) -> None:
    good, bad = two_of_a_brief(cast)
    approve(cast, edit(cast, edit(cast, good, "Stay dry at 99 g"), EDITED))
    send_back(cast, bad)
    assert [pair.source for pair in collected(cast).pairs] == [
        Source.CLEAN_OVER_BROKEN,
        Source.EDIT_OVER_DRAFT,
        Source.APPROVED_OVER_REJECTED,
    ]

"""Preference pairs: edit over draft, approved over rejected, clean over rule-breaking."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.utils import timezone

from campaigns.models import Product, Variant
from campaigns.models.product import ProductStatus
from campaigns.services.variant import revision_of
from generation.engine.training.dataset import PreferencePair, Source
from tests import factories
from tests.campaigns.copy_makers import make_candidate, make_run, write_candidates
from tests.campaigns.training_data.makers import DRAFT, EDITED, adopt, approve, collected, edit, send_back
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


CLEAN = "Stay dry at 320 g"
BROKEN = "Stay dry at 99 g with 70% off"


def test_a_clean_text_is_preferred_to_one_with_an_unsupported_claim(cast: Cast) -> None:
    clean, broken = write_candidates(make_run(cast), [CLEAN, BROKEN], marked_only=True)
    assert clean.findings == [] and broken.findings
    found = collected(cast)
    assert texts(found.pairs) == [(CLEAN, BROKEN, Source.CLEAN_OVER_BROKEN)]
    assert (found.pairs[0].id, found.pairs[0].weight) == (f"pair/clean/{broken.pk}", 1.0)


def test_an_item_gives_two_such_pairs_at_most_and_each_text_once(cast: Cast) -> None:
    write_candidates(
        make_run(cast, count=10),
        [f"{text} {n}".replace(" 0", "") for n in ("", "now", "here", "there") for text in (CLEAN, BROKEN)],
        marked_only=True,
    )
    pairs = collected(cast).pairs
    assert len(pairs) == 2
    assert len({text for pair in pairs for text in (pair.chosen, pair.rejected)}) == 4


def test_candidates_of_different_prompts_are_not_compared(cast: Cast) -> None:
    factories.make_product(cast)
    factories.make_product(cast)
    run = make_run(cast)
    first, second = run.items.order_by("position")
    write_candidates(run, [CLEAN], item=first)
    write_candidates(run, [BROKEN], item=second, marked_only=True)
    assert collected(cast).pairs == []


def test_a_missing_must_word_makes_no_text_broken_nor_clean(cast: Cast) -> None:
    write_candidates(make_run(cast, must_words=["jacket"]), [CLEAN, BROKEN, "Jacket with 70% off"], marked_only=True)
    assert collected(cast).pairs == []


def test_items_of_archived_products_are_counted(cast: Cast) -> None:
    write_candidates(make_run(cast), [CLEAN, BROKEN], marked_only=True)
    Product.objects.update(status=ProductStatus.ARCHIVED)
    found = collected(cast)
    assert (found.pairs, found.excluded) == ([], {"archived_product": 1})


def test_candidates_from_before_the_window_make_no_pair(cast: Cast) -> None:
    write_candidates(make_run(cast), [CLEAN, BROKEN], marked_only=True)
    now = timezone.now()
    assert collected(cast, since=now, until=now + dt.timedelta(seconds=1)).pairs == []


def test_pairs_stand_in_the_order_of_their_ids(cast: Cast) -> None:
    good, bad = two_of_a_brief(cast)
    approve(cast, edit(cast, good, EDITED))
    send_back(cast, bad)
    write_candidates(make_run(cast, name="Winter"), [CLEAN, BROKEN], marked_only=True)
    pairs = collected(cast).pairs
    assert [pair.source for pair in pairs] == [
        Source.CLEAN_OVER_BROKEN,
        Source.EDIT_OVER_DRAFT,
        Source.APPROVED_OVER_REJECTED,
    ]

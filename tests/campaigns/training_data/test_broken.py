"""Preference pairs from the rules: an approved text over one of the same brief that breaks them, of what is really stored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.models import Brand, Campaign, Product, Variant
from campaigns.models.product import ProductStatus
from campaigns.selectors import training_broken
from campaigns.services.brand import brand_save
from campaigns.services.product import PLAIN, ProductData, product_save
from copystudio.models import Membership, Role, User, Workspace
from generation.engine.training.dataset import PreferencePair, Source
from generation.models import GenerationItem
from tests import factories
from tests.campaigns.copy_makers import make_brief, make_run, write_candidates
from tests.campaigns.training_data.makers import DRAFT, EDITED, adopt, approve, collected, edit, send_back
from tests.people import Cast

CLAIM = "Stay dry at 99 g with 70% off"


def pairs(cast: Cast, **window: Any) -> Sequence[PreferencePair]:
    return [pair for pair in collected(cast, **window).pairs if pair.source is Source.CLEAN_OVER_BROKEN]


def texts(cast: Cast) -> list[tuple[str, str]]:
    return [(pair.chosen, pair.rejected) for pair in pairs(cast)]


def wrote(cast: Cast, *written: str, **values: Any) -> Variant:
    """A variant by a person, its last text approved."""
    first, *others = written
    variant = factories.make_variant(cast, text=first, **{"product": factories.make_product(cast), **values})
    for text in others:
        variant = edit(cast, variant, text)
    return approve(cast, variant)


def change(cast: Cast, product: Product, **values: Any) -> Product:
    facts = [(fact.attribute, fact.value, fact.unit) for fact in product.facts.all()]
    data = {**{name: getattr(product, name) for name in PLAIN}, "facts": facts, **values}
    return product_save(actor=cast.copywriter, workspace=cast.workspace, product=product, data=ProductData(**data))


def branded(cast: Cast) -> tuple[Brand, Campaign]:
    brand = factories.make_brand(cast)
    return brand, factories.make_campaign(cast, brand=brand)


def forbid(cast: Cast, brand: Brand, *words: str) -> None:
    brand_save(actor=cast.copywriter, workspace=cast.workspace, brand=brand, name=brand.name, never_words=list(words))


def test_what_a_person_took_a_claim_out_of_is_worse(cast: Cast) -> None:
    variant = wrote(cast, CLAIM, DRAFT)
    (pair,) = pairs(cast)
    assert (pair.chosen, pair.rejected, pair.weight) == (DRAFT, CLAIM, 1.0)
    assert pair.id == f"pair/clean/revision/{variant.revisions.get(number=1).pk}"
    assert (pair.product, pair.brief.product_title) == (f"product/{variant.product_id}", variant.product.title)


def test_a_claim_that_came_and_went_between_draft_and_approval_is_worse(cast: Cast) -> None:
    (candidate,) = write_candidates(make_run(cast), [DRAFT])
    approve(cast, edit(cast, edit(cast, adopt(cast, candidate), CLAIM), EDITED))
    assert texts(cast) == [(EDITED, CLAIM)]


def test_candidates_are_judged_by_the_words_of_now(cast: Cast) -> None:
    brand, campaign = branded(cast)
    run = make_run(cast, brief=make_brief(cast, campaign=campaign))
    good, bad, _fine = write_candidates(run, [DRAFT, "A cosy jacket at 320 g", "Light at 320 g"])
    approve(cast, adopt(cast, good))
    assert texts(cast) == []
    forbid(cast, brand, "cosy")
    (pair,) = pairs(cast)
    assert (pair.chosen, pair.rejected, pair.id) == (DRAFT, bad.text, f"pair/clean/candidate/{bad.pk}")
    assert pair.brief.never_words == ("cosy",), "the brief asks for what the pair teaches"


def test_candidates_are_judged_by_the_price_of_now(cast: Cast) -> None:
    product = factories.make_product(cast)
    good, bad = write_candidates(make_run(cast), [DRAFT, "Stay dry for $79.00"])
    approve(cast, adopt(cast, good))
    change(cast, product, price=Decimal("89.00"))
    (pair,) = pairs(cast)
    assert (pair.chosen, pair.rejected) == (DRAFT, bad.text)


def test_an_approved_text_that_breaks_a_rule_by_now_is_not_the_better_one(cast: Cast) -> None:
    brand, campaign = branded(cast)
    run = make_run(cast, brief=make_brief(cast, campaign=campaign))
    for candidate in write_candidates(run, ["A cosy jacket at 320 g", "So cosy at 320 g"])[:1]:
        approve(cast, adopt(cast, candidate))
    forbid(cast, brand, "cosy")
    assert texts(cast) == []


def test_a_candidate_with_a_warning_is_worse(cast: Cast) -> None:
    long = "Stay dry on every walk in the hills, whatever the weather brings, at 320 g"
    good, bad = write_candidates(make_run(cast), [DRAFT, long])
    assert (good.findings, [one["rule"] for one in bad.findings]) == ([], ["length"])
    approve(cast, adopt(cast, good))
    assert texts(cast) == [(DRAFT, long)]


def test_newer_texts_without_a_finding_do_not_hide_one_with_a_warning(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_broken, "MOST_WORSE", 1)
    long = "Stay dry on every walk in the hills, whatever the weather brings, at 320 g"
    brand, campaign = branded(cast)
    good, _bad, _fine = write_candidates(
        make_run(cast, brief=make_brief(cast, campaign=campaign)), [DRAFT, long, "Light at 320 g"]
    )
    approve(cast, adopt(cast, good))
    brand_save(actor=cast.copywriter, workspace=cast.workspace, brand=brand, name="Another name")
    assert texts(cast) == [(DRAFT, long)]


def test_without_an_approved_text_there_is_nothing_better(cast: Cast) -> None:
    edit(cast, factories.make_variant(cast, text=CLAIM, product=factories.make_product(cast)), DRAFT)
    assert texts(cast) == []


def test_what_a_person_approved_against_the_rules_is_not_worse(cast: Cast) -> None:
    about = {"product": factories.make_product(cast), "campaign": factories.make_campaign(cast)}
    wrote(cast, DRAFT, **about)
    approve(cast, factories.make_variant(cast, text=CLAIM, **about), reason="It is on sale.")
    found = collected(cast)
    assert (found.pairs, found.excluded) == ([], {"overridden": 1})


def test_a_text_that_was_sent_back_makes_one_pair_and_not_two(cast: Cast) -> None:
    about = {"product": factories.make_product(cast), "campaign": factories.make_campaign(cast)}
    wrote(cast, DRAFT, **about)
    send_back(cast, factories.make_variant(cast, text=CLAIM, **about))
    assert [pair.source for pair in collected(cast).pairs] == [Source.APPROVED_OVER_REJECTED]


@pytest.mark.parametrize("other", ["product", "segment", "channel_key", "language", "campaign", "brief"])
def test_texts_that_answer_something_else_are_not_compared(cast: Cast, other: str) -> None:
    about: dict[str, Any] = {"product": factories.make_product(cast), "segment": factories.make_segment(cast)}
    about["campaign"] = factories.make_campaign(cast)
    wrote(cast, DRAFT, **about)
    bad = factories.make_variant(cast, text=CLAIM, **about)
    values = {
        "product": factories.make_product(cast),
        "segment": None,
        "channel_key": factories.channel(cast, "push_ios_title"),
        "language": "zh-hans",
        "campaign": factories.make_campaign(cast),
        "brief": make_brief(cast),
    }
    assert texts(cast) == [(DRAFT, CLAIM)]
    Variant.objects.filter(pk=bad.pk).update(**{other.removesuffix("_key"): values[other]})
    assert texts(cast) == []


def test_candidates_in_the_other_language_are_not_compared(cast: Cast) -> None:
    brand, campaign = branded(cast)
    run = make_run(cast, brief=make_brief(cast, campaign=campaign))
    approve(cast, adopt(cast, write_candidates(run, [DRAFT, "A cosy jacket at 320 g"])[0]))
    forbid(cast, brand, "cosy")
    assert len(texts(cast)) == 1
    item = run.items.get()
    GenerationItem.objects.filter(pk=item.pk).update(payload={**item.payload, "language": "zh-hans"})
    assert texts(cast) == []


def test_two_pairs_of_a_brief_at_most_and_those_nearest_to_the_approved_text(cast: Cast) -> None:
    wrote(cast, "Nothing beats 55% off", "Stay dry at 11 g", "Keep dry at 12 g", "Stay dry at 11 g", DRAFT)
    assert sorted(texts(cast)) == [(DRAFT, "Keep dry at 12 g"), (DRAFT, "Stay dry at 11 g")]


def test_texts_from_before_the_window_make_no_pair(cast: Cast) -> None:
    wrote(cast, CLAIM, DRAFT)
    now = timezone.now()
    assert pairs(cast, since=now, until=now + dt.timedelta(seconds=1)) == []


def test_copy_for_archived_products_makes_no_pair(cast: Cast) -> None:
    wrote(cast, CLAIM, DRAFT)
    Product.objects.update(status=ProductStatus.ARCHIVED)
    assert texts(cast) == []


def test_what_the_demonstrations_people_wrote_and_what_has_lines_is_counted(cast: Cast) -> None:
    invented = User.objects.create_user(email="invented@example.com", password=None, name="Invented")
    Membership.objects.create(workspace=cast.workspace, user=invented, role=Role.COPYWRITER)
    shown = factories.make_variant(replace(cast, copywriter=invented), text=CLAIM, product=factories.make_product(cast))
    approve(cast, edit(cast, edit(cast, shown, "Dry\nat 99 g"), DRAFT))
    assert (texts(cast), collected(cast).excluded) == ([(DRAFT, CLAIM)], {"line_breaks": 1})
    Workspace.objects.filter(pk=cast.workspace.pk).update(is_demo=True)
    cast.workspace.refresh_from_db()
    assert (texts(cast), collected(cast).excluded) == ([], {"demonstration": 1, "line_breaks": 1})


def test_the_newest_copy_is_checked_first_where_there_is_too_much(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_broken, "MOST_CHECKED", 4)
    variants = [wrote(cast, CLAIM, DRAFT) for _ in range(3)]
    assert {pair.product for pair in pairs(cast)} == {f"product/{one.product_id}" for one in variants[1:]}


def test_of_a_brief_only_the_newest_texts_are_checked(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_broken, "MOST_WORSE", 1)
    variant = wrote(cast, CLAIM, "Dry at 98 g", DRAFT)
    assert texts(cast) == [(DRAFT, "Dry at 98 g")]
    edit(cast, variant, "Dry at 97 g")
    assert texts(cast) == [(DRAFT, "Dry at 97 g")]


def test_the_number_of_queries_does_not_grow_with_the_copy(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert pairs(cast)
        return len(queries)

    wrote(cast, CLAIM, DRAFT)
    before = asked()
    for _ in range(4):
        wrote(cast, CLAIM, "Dry at 98 g", DRAFT)
    assert asked() == before
    monkeypatch.setattr(training_broken, "_CHUNK", 2)
    assert len(pairs(cast)) == 9

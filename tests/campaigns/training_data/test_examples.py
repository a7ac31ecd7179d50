"""Approved copy and service answers as training examples: the very text, its brief, its source, its weight."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.models import Campaign, DailyCount, Product, ReviewEvent, Variant
from campaigns.models.product import ProductStatus
from campaigns.selectors import training_rows
from campaigns.selectors.training_data import collect
from campaigns.services.demo import demo_load
from campaigns.services.dialogue import dialogue_import
from campaigns.services.variant import revision_of
from copystudio.models import Membership
from copystudio.services.workspace import workspace_remove_demo
from generation.engine.config import CopyBrief
from generation.engine.training.dataset import Source, data_hash
from generation.models import Candidate, GenerationItem
from tests import factories
from tests.campaigns.copy_makers import make_brief, make_candidate, make_run, write_candidates
from tests.campaigns.training_data.makers import DRAFT, EDITED, adopt, approve, bring_back, collected, edit, send_back
from tests.people import Cast, make_cast


def test_what_the_model_wrote_and_a_person_approved_is_an_example_with_the_models_own_brief(cast: Cast) -> None:
    candidate = make_candidate(cast, DRAFT, tone="calm", must_words=["320 g"])
    variant = approve(cast, adopt(cast, candidate))
    Product.objects.update(title="Renamed since")
    (example,) = collected(cast).examples
    payload = {name: value for name, value in candidate.item.payload.items() if name != "check"}
    assert example.brief == CopyBrief.from_dict(payload)
    assert (example.brief.tone, example.brief.must_words) == ("calm", ("320 g",))
    assert (example.text, example.source, example.weight) == (DRAFT, Source.APPROVED, 1.0)
    assert example.id == f"revision/{revision_of(variant).pk}"
    assert example.product == f"product/{variant.product_id}"
    assert example.uses == (0,)


def test_copy_of_the_model_whose_candidate_is_gone_is_nobodys_own_words(cast: Cast) -> None:
    variant = approve(cast, adopt(cast, make_candidate(cast, DRAFT)))
    Variant.objects.filter(pk=variant.pk).update(candidate=None)
    (example,) = collected(cast).examples
    assert (example.source, example.weight) == (Source.APPROVED, 1.0)


def test_a_changed_candidate_is_edited_and_weighs_more(cast: Cast) -> None:
    approve(cast, edit(cast, adopt(cast, make_candidate(cast, DRAFT)), EDITED))
    (example,) = collected(cast).examples
    assert (example.text, example.source, example.weight) == (EDITED, Source.EDITED, 1.5)


def test_one_changed_byte_makes_an_edit(cast: Cast) -> None:
    approve(cast, edit(cast, adopt(cast, make_candidate(cast, DRAFT)), DRAFT + "!"))
    assert collected(cast).examples[0].source is Source.EDITED


def test_copy_from_nothing_gets_the_brief_of_its_product_segment_and_channel(cast: Cast) -> None:
    brand = factories.make_brand(cast, voice="Plain and dry.", never_words=["cheap"])
    product, segment = factories.make_product(cast), factories.make_segment(cast, avoid_words=["extreme"])
    campaign = factories.make_campaign(cast, brand=brand)
    factories.make_variant(cast, status="approved", campaign=campaign, product=product, segment=segment)
    (example,) = collected(cast).examples
    brief = example.brief
    assert example.source is Source.WRITTEN
    assert (brief.product_title, brief.brand_voice, brief.channel.key) == (product.title, brand.voice, "email_subject")
    assert [fact.value for fact in brief.facts] == ["320", "10000"]
    assert brief.segment is not None and brief.segment.name == segment.name
    assert brief.never_words == ("cheap", "extreme")


def test_only_the_latest_approved_text_of_a_variant_counts(cast: Cast) -> None:
    variant = approve(cast, adopt(cast, make_candidate(cast, DRAFT)))
    approve(cast, edit(cast, variant, EDITED))
    assert [example.text for example in collected(cast).examples] == [EDITED]


def test_drafts_texts_in_review_and_rejected_ones_are_no_examples(cast: Cast) -> None:
    product = factories.make_product(cast)
    for status in ("draft", "in_review", "changes_requested"):
        factories.make_variant(cast, status=status, product=product)
    assert collected(cast).examples == []


def test_an_approved_text_that_was_sent_back_later_is_no_example_until_it_is_approved_again(cast: Cast) -> None:
    variant = bring_back(cast, approve(cast, adopt(cast, make_candidate(cast, DRAFT))))
    assert len(collected(cast).examples) == 1, "without a reason it was not bad"
    before = timezone.now()
    variant = send_back(cast, variant)
    found = collected(cast)
    assert (found.examples, found.pairs) == ([], [])
    assert len(collected(cast, until=before).examples) == 1
    approve(cast, variant)
    assert [example.text for example in collected(cast).examples] == [DRAFT]


def test_a_text_that_was_taken_out_of_use_for_a_reason_is_no_example_until_it_is_approved_again(cast: Cast) -> None:
    variant = approve(cast, adopt(cast, make_candidate(cast, DRAFT)))
    variant = bring_back(cast, edit(cast, variant, EDITED), reason="It promises too much.")
    assert collected(cast).examples == []
    approve(cast, variant)
    assert [example.text for example in collected(cast).examples] == [EDITED]


def test_an_approved_text_stays_an_example_while_a_newer_one_is_sent_back(cast: Cast) -> None:
    variant = approve(cast, adopt(cast, make_candidate(cast, DRAFT)))
    send_back(cast, edit(cast, variant, EDITED))
    assert [example.text for example in collected(cast).examples] == [DRAFT]


def test_the_window_takes_its_beginning_and_leaves_its_end(cast: Cast) -> None:
    factories.make_variant(cast, status="approved", product=factories.make_product(cast))
    when = ReviewEvent.objects.get(verb="approve").created_at
    second = dt.timedelta(seconds=1)
    assert len(collected(cast, since=when, until=when + second).examples) == 1
    assert collected(cast, since=when - second, until=when).examples == []
    assert collected(cast, since=when + second, until=when + 2 * second).examples == []


def test_within_a_window_the_text_that_was_approved_then_counts(cast: Cast) -> None:
    variant = approve(cast, adopt(cast, make_candidate(cast, DRAFT)))
    between = timezone.now()
    approve(cast, edit(cast, variant, EDITED))
    assert [example.text for example in collected(cast, until=between).examples] == [DRAFT]
    assert [example.text for example in collected(cast, since=between).examples] == [EDITED]


@pytest.mark.parametrize("since", [dt.timedelta(0), dt.timedelta(seconds=1)])
def test_a_window_that_holds_nothing_is_refused(cast: Cast, since: dt.timedelta) -> None:
    now = timezone.now()
    with pytest.raises(ValueError, match="ends"):
        collect(workspace=cast.workspace, since=now + since, until=now)


def test_a_window_without_time_zone_is_refused(cast: Cast) -> None:
    with pytest.raises(ValueError, match="time zone"):
        collect(workspace=cast.workspace, since=None, until=dt.datetime(2026, 1, 1))


def test_another_workspace_is_not_read(cast: Cast) -> None:
    other = make_cast("other")
    approve(other, adopt(other, make_candidate(other, DRAFT)))
    assert collected(cast).examples == []
    assert len(collected(other).examples) == 1


def test_archived_products_are_left_out_and_counted(cast: Cast) -> None:
    product = factories.make_product(cast)
    factories.make_variant(cast, status="approved", product=product)
    Product.objects.filter(pk=product.pk).update(status=ProductStatus.ARCHIVED)
    found = collected(cast)
    assert (found.examples, found.excluded) == ([], {"archived_product": 1})


def test_copy_about_no_product_is_left_out_and_counted(cast: Cast) -> None:
    factories.make_variant(cast, status="approved")
    assert collected(cast).excluded == {"no_product": 1}


@pytest.mark.parametrize("text", ["Dry at 320 g\nall day", "Dry at 320 g\u2028all day", "Dry at 320 g\rall day"])
def test_texts_of_several_lines_are_left_out_and_counted(cast: Cast, text: str) -> None:
    product = factories.make_product(cast)
    factories.make_variant(cast, status="approved", product=product, text=text)
    assert collected(cast).excluded == {"line_breaks": 1}


def test_a_text_that_was_approved_against_the_rules_is_left_out_and_counted(cast: Cast) -> None:
    brand = factories.make_brand(cast, never_words=["cheap"])
    campaign = factories.make_campaign(cast, brand=brand)
    variant = factories.make_variant(
        cast, campaign=campaign, product=factories.make_product(cast), text="A cheap jacket at 320 g"
    )
    approve(cast, variant, reason="The brand asked for it.")
    assert collected(cast).excluded == {"overridden": 1}


@pytest.mark.parametrize("payload", [{}, [], {"product_title": "Jacket"}, None])
def test_a_brief_that_cannot_be_read_is_left_out_and_counted(cast: Cast, payload: object) -> None:
    candidate = make_candidate(cast, DRAFT)
    approve(cast, adopt(cast, candidate))
    GenerationItem.objects.filter(pk=candidate.item_id).update(payload=payload if payload is not None else "none")
    assert collected(cast).excluded == {"empty_brief": 1}


def test_a_brief_that_says_nothing_of_the_product_is_left_out_and_counted(cast: Cast) -> None:
    product = factories.make_product(cast, facts=[], description="")
    factories.make_variant(cast, status="approved", product=product)
    assert collected(cast).excluded == {"empty_brief": 1}


@pytest.fixture
def demo(cast: Cast) -> Cast:
    """The demonstration, with real people in two of its roles."""
    workspace = demo_load(admin=cast.admin)
    for person in (cast.copywriter, cast.approver):
        Membership.objects.create(
            workspace=workspace, user=person, role=cast.workspace.memberships.get(user=person).role
        )
    return replace(cast, workspace=workspace)


def test_the_demonstrations_own_texts_teach_nothing(demo: Cast) -> None:
    found = collected(demo)
    assert (found.examples, found.pairs) == ([], [])
    assert set(found.excluded) == {"demonstration"} and found.excluded["demonstration"] > 10


def test_a_persons_own_words_in_the_demonstration_are_learned_and_its_drafts_are_not(demo: Cast) -> None:
    before = collected(demo).excluded["demonstration"]
    Campaign.objects.filter(workspace=demo.workspace).update(status="running")  # those with drafts left are finished
    left = Candidate.objects.filter(workspace=demo.workspace, variants=None, item__payload__language="en")
    first, second = left.order_by("pk")[:2]
    approve(demo, edit(demo, adopt(demo, first), "Our own words"))
    approve(demo, adopt(demo, second), reason="It is the demonstration.")
    found = collected(demo)
    assert [(example.text, example.source) for example in found.examples] == [("Our own words", Source.EDITED)]
    assert found.pairs == []
    assert found.excluded["demonstration"] == before + 2  # the pair with the draft, and the draft taken as it was


def test_a_removed_demonstration_teaches_nothing(demo: Cast) -> None:
    sku = factories.make_product(demo).sku
    approve(demo, edit(demo, adopt(demo, make_candidate(demo, DRAFT, product_filter={"skus": [sku]})), EDITED))
    assert len(collected(demo).examples) == 1
    workspace_remove_demo(actor=demo.admin, workspace=demo.workspace)
    found = collected(demo)
    assert (found.examples, found.pairs, found.excluded) == ([], [], {})


def shown(variant: object, impressions: int, clicks: int, *, days_ago: int = 1) -> None:
    placement = factories.make_placement(variant.cast)  # type: ignore[attr-defined]
    DailyCount.objects.create(
        workspace=placement.workspace,
        variant=variant.row,  # type: ignore[attr-defined]
        revision=variant.row.approved_revision,  # type: ignore[attr-defined]
        placement=placement,
        day=timezone.now().astimezone(dt.UTC).date() - dt.timedelta(days=days_ago),
        impressions=impressions,
        clicks=clicks,
    )


class Served:
    def __init__(self, cast: Cast, text: str, **values: object) -> None:
        self.cast = cast
        self.row = factories.make_variant(cast, status="approved", text=text, **values)


def test_clicks_raise_a_weight_by_half_at_most_and_lower_none(cast: Cast) -> None:
    about = {"campaign": factories.make_campaign(cast), "product": factories.make_product(cast)}
    for text, clicks in {"Loved at 320 g": 300, "Plain at 320 g": 50, "Hardly at 320 g": 2}.items():
        shown(Served(cast, text, **about), 1000, clicks)
    weights = {example.text: example.weight for example in collected(cast).examples}
    assert weights == {"Loved at 320 g": 2.25, "Plain at 320 g": 1.5, "Hardly at 320 g": 1.5}


def test_too_few_impressions_and_those_of_today_raise_nothing(cast: Cast) -> None:
    about = {"campaign": factories.make_campaign(cast), "product": factories.make_product(cast)}
    shown(Served(cast, "Few at 320 g", **about), 199, 150)
    shown(Served(cast, "Today at 320 g", **about), 1000, 600, days_ago=0)
    shown(Served(cast, "Plain at 320 g", **about), 5000, 100)
    assert {example.weight for example in collected(cast, until=timezone.now()).examples} == {1.5}


def test_a_text_is_measured_against_its_own_channel(cast: Cast) -> None:
    about = {"campaign": factories.make_campaign(cast), "product": factories.make_product(cast)}
    shown(Served(cast, "Push at 320 g", channel_key="push_ios_title", **about), 1000, 300)
    shown(Served(cast, "Mail at 320 g", **about), 100_000, 100)
    assert {example.weight for example in collected(cast).examples} == {1.5}


def service(cast: Cast, *rows: str) -> None:
    file = SimpleUploadedFile("service.csv", "\n".join(["question,answer,sku", *rows]).encode())
    dialogue_import(actor=cast.admin, workspace=cast.workspace, upload=file)


def test_a_service_answer_is_an_example_whose_question_is_the_instruction(cast: Cast) -> None:
    product = factories.make_product(cast, sku="J-1")
    service(cast, "Is it light?,Yes. It weighs 320 g.,J-1")
    (example,) = collected(cast).examples
    brief = example.brief
    assert example.id.startswith("dialogue/") and example.source is Source.DIALOGUE
    assert (example.text, example.product) == ("Yes. It weighs 320 g.", f"product/{product.pk}")
    assert (brief.instructions, brief.channel.key, brief.segment) == ("Is it light?", "service_answer", None)
    assert [fact.attribute for fact in brief.facts] == ["weight", "water column"]


def test_answers_about_products_that_are_gone_or_archived_or_too_long_are_counted(cast: Cast) -> None:
    for sku in ("GONE", "OLD", "J-1"):
        factories.make_product(cast, sku=sku)
    service(cast, "Is it light?,Yes it is.,GONE", "Is it light?,Yes it is.,OLD", f"And?,{'So it is. ' * 120},J-1")
    Product.objects.get(sku="GONE").delete()
    Product.objects.filter(sku="OLD").update(status=ProductStatus.ARCHIVED)
    found = collected(cast)
    assert (found.examples, found.excluded) == ([], {"no_product": 1, "archived_product": 1, "over_limit": 1})


def test_the_same_rows_give_the_same_data_in_the_order_of_their_ids(cast: Cast) -> None:
    product = factories.make_product(cast)
    for n in range(12):
        factories.make_variant(cast, status="approved", product=product, text=f"Dry number {n} at 320 g")
    until = timezone.now()
    first, second = collected(cast, until=until), collected(cast, until=until)
    assert first == second and data_hash(first.examples) == data_hash(second.examples)
    ids = [example.id for example in first.examples]
    assert len(ids) == 12 and ids == sorted(ids)


def queries(cast: Cast) -> int:
    with CaptureQueriesContext(connection) as captured:
        collected(cast)
    return len(captured)


def test_the_number_of_queries_does_not_grow_with_the_rows(cast: Cast) -> None:
    candidates = write_candidates(
        make_run(cast, brief=make_brief(cast, count=50)), [f"Dry day {n} at 320 g" for n in "abcdefgh"]
    )
    service(cast, *[f"Is it light {n}?,Yes it is.,{Product.objects.get().sku}" for n in range(8)])
    approve(cast, edit(cast, adopt(cast, candidates[0]), EDITED))
    few = queries(cast)
    for candidate in candidates[1:]:
        approve(cast, edit(cast, adopt(cast, candidate), f"{candidate.text}, whatever the weather"))
    assert len(collected(cast).examples) == 16
    assert queries(cast) == few <= 16


def test_more_rows_than_one_chunk_are_all_read(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_rows, "CHUNK", 2)
    product = factories.make_product(cast)
    for n in range(5):
        factories.make_variant(cast, status="approved", product=product, text=f"Dry number {n} at 320 g")
    assert len(collected(cast).examples) == 5

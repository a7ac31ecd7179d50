"""Adopting many candidates of a run at once."""

from __future__ import annotations

import pytest

from campaigns.models import ReviewEvent, Variant
from campaigns.services import adopt
from campaigns.services.adopt import candidates_adopt
from campaigns.services.campaign import campaign_move
from campaigns.services.tweak import candidate_tweak
from campaigns.services.variant import variant_adopt
from copystudio.errors import InvalidInputError, NotPermittedError, TransitionError
from copystudio.models import Event
from generation.models import GenerationRun
from tests import factories
from tests.campaigns.copy_makers import make_brief, make_run, write_candidates
from tests.people import Cast, make_cast


def url(run: GenerationRun) -> str:
    return f"/w/{run.workspace.slug}/runs/{run.pk}/adopt/"


@pytest.fixture
def run(cast: Cast) -> GenerationRun:
    """Two products; two texts of the first, one of the second."""
    factories.make_product(cast, title="Almond hat")
    factories.make_product(cast, title="Beige hat")
    run = make_run(cast)
    first, second = run.items.order_by("position")
    write_candidates(run, ["Stay dry", "Keep dry"], item=first)
    write_candidates(run, ["Be dry"], item=second)
    return run


def texts() -> list[str]:
    found = Variant.objects.select_related("current_revision").order_by("pk")
    return [one.current_revision.text for one in found if one.current_revision]


def test_the_best_of_each_item_becomes_a_draft_after_a_question_with_the_number(cast: Cast, run: GenerationRun) -> None:
    client = cast.client(cast.copywriter)
    asked = client.get(url(run)).content.decode()
    assert "2 items that the filter finds have no adopted text yet" in asked and "Adopt 2 texts" in asked
    assert not Variant.objects.exists()
    response = client.post(url(run), {"most": 2}, follow=True)
    assert "2 texts are drafts now." in response.content.decode()
    assert texts() == ["Stay dry", "Be dry"]


def test_it_is_what_adopting_one_by_one_gives(cast: Cast, run: GenerationRun) -> None:
    one, other = [item.candidates.order_by("slot")[0] for item in run.items.order_by("position")]
    single = variant_adopt(actor=cast.copywriter, candidate=one)
    candidates_adopt(actor=cast.copywriter, run=run, candidates=[other.pk])
    many = Variant.objects.get(candidate=other)
    for name in ("campaign", "brief", "channel", "segment", "language", "is_ai_made", "status", "review_cycle"):
        assert getattr(many, name) == getattr(single, name), name
    assert many.product == other.item.brief_item.product
    assert many.current_revision is not None
    assert (many.current_revision.author, many.current_revision.number) == (cast.copywriter, 1)
    events = [Event.objects.get(verb="variant.adopt", object_id=variant.pk) for variant in (single, many)]
    assert set(events[0].data) == set(events[1].data) and events[1].object_label == "Be dry"
    assert events[1].data["sha256"] == other.sha256
    steps = [ReviewEvent.objects.get(variant=variant) for variant in (single, many)]
    assert (steps[0].verb, steps[0].to_status) == (steps[1].verb, steps[1].to_status)


def test_a_text_that_was_asked_for_in_the_other_language_is_adopted_in_it(cast: Cast, run: GenerationRun) -> None:
    first = run.items.order_by("position")[0].candidates.order_by("slot")[0]
    tweaked, _is_new = candidate_tweak(actor=cast.copywriter, candidate=first, tweak="in_chinese")
    one, other = write_candidates(tweaked, ["雨天也干爽", "风雨无阻"])
    single = variant_adopt(actor=cast.copywriter, candidate=one)
    candidates_adopt(actor=cast.copywriter, run=tweaked, candidates=[other.pk])
    many = Variant.objects.get(candidate=other)
    assert many.language == single.language == "zh-hans" and many.brief is not None and many.brief.language == "en"


def test_an_item_that_says_no_language_is_adopted_in_the_briefs(cast: Cast, run: GenerationRun) -> None:
    item = run.items.order_by("position")[0]
    del item.payload["language"]
    item.save()
    candidates_adopt(actor=cast.copywriter, run=run, candidates=[item.candidates.order_by("slot")[0].pk])
    assert Variant.objects.get().language == "en"


def test_only_what_the_filter_finds(cast: Cast, run: GenerationRun) -> None:
    cast.client(cast.copywriter).post(url(run), {"most": 5, "q": "almond"})
    assert texts() == ["Stay dry"]


def test_only_the_ticked_ones(cast: Cast, run: GenerationRun) -> None:
    client = cast.client(cast.copywriter)
    second = run.items.order_by("position")[0].candidates.order_by("slot")[1]
    asked = client.get(url(run), {"ticked": 1, "candidate": second.pk}).content.decode()
    assert "The 1 text that you ticked becomes a draft." in asked
    client.post(url(run), {"most": 1, "candidate": second.pk})
    assert texts() == ["Keep dry"]


def test_nothing_ticked_is_not_everything(cast: Cast, run: GenerationRun) -> None:
    response = cast.client(cast.copywriter).get(url(run), {"ticked": 1}, follow=True)
    assert "Tick the texts first" in response.content.decode()


def test_adopting_twice_makes_no_second_variant(cast: Cast, run: GenerationRun) -> None:
    client = cast.client(cast.copywriter)
    for _time in range(2):
        client.post(url(run), {"most": 5})
    numbers = list(Variant.objects.values_list("candidate", flat=True))
    assert len(numbers) == 2
    done = candidates_adopt(actor=cast.copywriter, run=run, candidates=[*numbers, *numbers])
    assert (done.made, done.there) == (0, 2) and Variant.objects.count() == 2
    assert "The filter finds no item without an adopted text." in client.get(url(run)).content.decode()


def test_not_more_than_the_question_named(cast: Cast, run: GenerationRun) -> None:
    cast.client(cast.copywriter).post(url(run), {"most": 1})
    assert Variant.objects.count() == 1
    assert cast.client(cast.copywriter).post(url(run), {"most": "x"}).status_code == 422
    assert Variant.objects.count() == 1


def test_each_transaction_writes_one_event_of_its_own(
    cast: Cast, run: GenerationRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adopt, "AT_ONCE", 2)
    numbers = [one.pk for item in run.items.order_by("position") for one in item.candidates.order_by("slot")]
    assert candidates_adopt(actor=cast.copywriter, run=run, candidates=numbers).made == 3
    events = Event.objects.filter(verb="generationrun.adopt").order_by("pk")
    assert [event.data["variants"] for event in events] == [2, 1]
    assert {event.actor for event in events} == {cast.copywriter}
    assert Event.objects.filter(verb="variant.adopt").count() == 3


def test_texts_of_another_run_are_refused_and_nothing_is_made(cast: Cast, run: GenerationRun) -> None:
    other = make_run(make_cast("other"))
    foreign = write_candidates(other, ["Foreign"])[0]
    own = run.items.order_by("position")[0].candidates.order_by("slot")[0]
    with pytest.raises(InvalidInputError):
        candidates_adopt(actor=cast.copywriter, run=run, candidates=[own.pk, foreign.pk])
    assert not Variant.objects.exists()
    answer = cast.client(cast.copywriter).post(url(run), {"most": 2, "candidate": [own.pk, foreign.pk]})
    assert answer.status_code == 422


def test_a_finished_campaign_takes_no_more_copy(cast: Cast) -> None:
    campaign = factories.make_campaign(cast, running=True)
    run = make_run(cast, brief=make_brief(cast, campaign=campaign))
    candidate = write_candidates(run, ["Stay dry"])[0]
    campaign_move(actor=cast.approver, campaign=campaign, verb="finish")
    with pytest.raises(TransitionError):
        candidates_adopt(actor=cast.copywriter, run=run, candidates=[candidate.pk])
    assert cast.client(cast.copywriter).post(url(run), {"most": 1}).status_code == 409


def test_a_viewer_may_not(cast: Cast, run: GenerationRun) -> None:
    candidate = run.items.order_by("position")[0].candidates.order_by("slot")[0]
    with pytest.raises(NotPermittedError):
        candidates_adopt(actor=cast.viewer, run=run, candidates=[candidate.pk])
    assert cast.client(cast.viewer).post(url(run), {"most": 1}).status_code == 403
    assert not Variant.objects.exists()


def test_a_stranger_gets_404_and_another_method_405(cast: Cast, run: GenerationRun) -> None:
    assert cast.client(cast.stranger).post(url(run), {"most": 1}).status_code == 404
    assert cast.client(cast.copywriter).put(url(run)).status_code == 405

"""Blind votes: samples that do not tell whose they are, and votes that stay once the person knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from copystudio.db import JobStatus
from copystudio.errors import InvalidInputError, NotPermittedError, TransitionError
from copystudio.models import Event
from generation.models import BlindVote, Evaluation, ModelVersion
from generation.services import evaluation as worker
from generation.services.evaluation import vote_cast
from generation.services.measuring import ACTIVE, NEW
from tests.generation.engine.training.conftest import example_for
from tests.generation.learning import Learned, active_of, evaluate
from tests.people import Cast


@pytest.fixture
def version(adapted: Callable[..., ModelVersion]) -> ModelVersion:
    return adapted()


@pytest.fixture
def finished(shop: Cast) -> Evaluation:
    """An evaluation with two samples, as if it had been worked on."""
    texts = [{"of": NEW, "text": "a soft lamp"}, {"of": "other", "text": "a bright lamp"}]
    return Evaluation.objects.create(
        workspace=shop.workspace,
        version=active_of(shop),
        status=JobStatus.SUCCEEDED,
        samples=[{"brief": {}, "texts": texts}, {"brief": {}, "texts": texts[::-1]}],
    )


def test_samples_are_blind_and_a_vote_finds_its_version(
    shop: Cast, learned: Learned, version: ModelVersion, settings: Any
) -> None:
    learned.corpus = [example_for(n) for n in range(96)]
    settings.EVALUATION_ITEMS = 16
    evaluation = evaluate(shop, version)
    orders = {tuple(text["of"] for text in sample["texts"]) for sample in evaluation.samples}
    assert orders == {(NEW, "other"), ("other", NEW)}, "where a text stands does not tell whose it is"
    assert len(evaluation.samples) > 4
    limits = {sample["brief"]["channel"]["limit"] for sample in evaluation.samples}
    assert limits == {learned.corpus[0].brief.channel.limit}, "the channel's own, not the room that was told"
    for place, sample in enumerate(evaluation.samples):
        assert {text["text"] for text in sample["texts"]}.issubset(
            {text for name in (NEW, ACTIVE) for some in evaluation.results[name]["texts"] for text in some}
        )
        for actor, choice, spot in ((shop.copywriter, "first", 0), (shop.approver, "second", 1)):
            vote = vote_cast(actor=actor, evaluation=evaluation, position=place, choice=choice)
            assert vote.choice == sample["texts"][spot]["of"]


def test_a_vote_may_change_and_counts_once(shop: Cast, finished: Evaluation) -> None:
    assert vote_cast(actor=shop.copywriter, evaluation=finished, position=1, choice="first").choice == "other"
    assert vote_cast(actor=shop.copywriter, evaluation=finished, position=1, choice="second").choice == NEW
    assert vote_cast(actor=shop.copywriter, evaluation=finished, position=1, choice="same").choice == "same"
    vote_cast(actor=shop.approver, evaluation=finished, position=1, choice="second")
    found = BlindVote.objects.filter(evaluation=finished)
    assert found.count() == 2 and found.get(voter=shop.copywriter).choice == "same"
    events = Event.objects.filter(verb="evaluation.vote")
    assert events.count() == 4
    assert [event.data for event in events] == [{"sample": 1}] * 4, "the log does not tell what a vote was"


def test_after_the_last_vote_none_changes(shop: Cast, finished: Evaluation) -> None:
    vote_cast(actor=shop.copywriter, evaluation=finished, position=0, choice="same")
    vote_cast(actor=shop.copywriter, evaluation=finished, position=1, choice="first")
    for position, choice in ((0, "first"), (1, "second")):
        with pytest.raises(TransitionError, match="voted on every pair"):
            vote_cast(actor=shop.copywriter, evaluation=finished, position=position, choice=choice)
    assert vote_cast(actor=shop.copywriter, evaluation=finished, position=1, choice="first").choice == "other", (
        "pressed twice"
    )
    assert vote_cast(actor=shop.approver, evaluation=finished, position=0, choice="first").choice == NEW
    votes = BlindVote.objects.filter(voter=shop.copywriter).order_by("position").values_list("choice", flat=True)
    assert list(votes) == ["same", "other"]


def test_the_sides_of_one_evaluation_do_not_tell_those_of_the_next(
    shop: Cast, version: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner, seeds = worker.side_by_side, list[int]()

    def drawn(*args: Any, seed: int) -> Any:
        seeds.append(seed)
        return inner(*args, seed=seed)

    monkeypatch.setattr(worker, "side_by_side", drawn)
    first, second = evaluate(shop, version), evaluate(shop, version)
    assert first.results[NEW]["texts"] == second.results[NEW]["texts"], "both were asked the same"
    assert len(set(seeds)) == 2


@pytest.mark.parametrize(("position", "choice"), [(-1, "first"), (2, "first"), (0, "third"), (0, NEW)])
def test_a_vote_for_nothing_is_refused(shop: Cast, finished: Evaluation, position: int, choice: str) -> None:
    with pytest.raises(InvalidInputError):
        vote_cast(actor=shop.copywriter, evaluation=finished, position=position, choice=choice)
    assert not BlindVote.objects.exists()


def test_votes_are_for_copywriters_and_up_and_for_what_is_finished(shop: Cast, finished: Evaluation) -> None:
    for person in (shop.viewer, shop.stranger):
        with pytest.raises(NotPermittedError):
            vote_cast(actor=person, evaluation=finished, position=0, choice="first")
    Evaluation.objects.update(status=JobStatus.FAILED)
    with pytest.raises(TransitionError):
        vote_cast(actor=shop.copywriter, evaluation=finished, position=0, choice="first")

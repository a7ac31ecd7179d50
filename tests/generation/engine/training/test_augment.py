"""Other prompts for the same text never take away what the text says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from generation.engine.config import ChannelView, Fact, Interest, SegmentView
from generation.engine.training.augment import augmented, planned, planned_pair
from generation.engine.training.config import TrainConfig
from generation.engine.training.dataset import PreferencePair, Source, TrainingExample
from tests.generation.engine.training.conftest import brief_for, example_for

FACTS = tuple(Fact(name, f"value {name}") for name in ("Weight", "Fit", "Lid", "Seam", "Price", "Care"))
EXAMPLE = replace(example_for(0), brief=replace(brief_for("mug"), facts=FACTS), uses=(4, 1))


def test_the_facts_that_the_text_uses_come_first_and_always_stay() -> None:
    config = TrainConfig(keep_fact=0.3, synonyms=0.0)
    for epoch in range(50):
        facts = augmented(EXAMPLE, config, epoch).facts
        assert facts[:2] == (FACTS[4], FACTS[1])
        assert set(facts) <= set(FACTS)


def test_every_epoch_shows_another_prompt_and_the_same_epoch_the_same() -> None:
    config = TrainConfig()
    shown = [augmented(EXAMPLE, config, epoch) for epoch in range(20)]
    assert shown == [augmented(EXAMPLE, config, epoch) for epoch in range(20)]
    assert len({brief.facts for brief in shown}) > 8
    assert (
        augmented(EXAMPLE, replace(config, seed=1), 0) != shown[0]
        or augmented(EXAMPLE, replace(config, seed=1), 1) != (shown[1])
    )


def test_other_facts_may_become_the_description() -> None:
    config = TrainConfig(describe=1.0, keep_fact=1.0, synonyms=0.0)
    brief = augmented(EXAMPLE, config, 0)
    assert len(brief.facts) == 4
    assert brief.product_description.count("value") == 2
    assert all(fact.value not in brief.product_description for fact in brief.facts)


def test_an_attribute_may_go_by_another_name_but_never_another_value() -> None:
    config = TrainConfig(synonyms=1.0, keep_fact=1.0, describe=0.0)
    facts = augmented(EXAMPLE, config, 0).facts
    assert {fact.value for fact in facts} == {fact.value for fact in FACTS}
    names = {fact.value: fact.attribute for fact in facts}
    assert names["value Weight"] in {"Net weight", "Weighs"}
    assert names["value Lid"] == "Lid"


@pytest.mark.parametrize("config", [TrainConfig(keep_fact=0.0), TrainConfig(describe=1.0)])
def test_where_the_used_facts_are_not_known_all_stay(config: TrainConfig) -> None:
    unknown = replace(EXAMPLE, uses=(), source=Source.APPROVED)
    assert augmented(unknown, config, 3) == unknown.brief


def test_of_a_starter_text_that_tells_the_description_any_fact_may_go() -> None:
    untold = replace(EXAMPLE, uses=(), source=Source.STARTER)
    assert augmented(untold, TrainConfig(keep_fact=0.0), 3).facts == ()


def test_for_measuring_nothing_is_left_to_chance() -> None:
    example: TrainingExample = EXAMPLE
    assert planned(example).facts == (FACTS[4], FACTS[1], FACTS[0], FACTS[2], FACTS[3], FACTS[5])
    assert planned(example).channel.limit == 50 > len(example.text) > 30, "of a limit of 60"


def test_a_segment_may_be_told_in_fewer_words() -> None:
    segment = SegmentView("Runners", "Out before six.", (Interest("air"),), ("pace",))
    example = replace(EXAMPLE, brief=replace(EXAMPLE.brief, segment=segment))
    shown = {augmented(example, TrainConfig(keep_audience=0.5), epoch).segment for epoch in range(40)}
    assert len(shown) == 4
    assert all(one is not None and one.name == "Runners" and one.interests for one in shown)
    assert augmented(example, TrainConfig(keep_audience=1.0), 0).segment == segment


def test_a_channel_may_be_told_to_have_hardly_more_room_than_the_text_needs() -> None:
    roomy = replace(
        EXAMPLE, text="x" * 42, brief=replace(EXAMPLE.brief, channel=ChannelView("blurb", "Blurb", "characters", 300))
    )
    shown = {augmented(roomy, TrainConfig(fit_room=1.0), epoch).channel.limit for epoch in range(40)}
    assert shown == {50, 60}
    assert augmented(roomy, TrainConfig(fit_room=0.0), 0).channel == roomy.brief.channel
    narrow = replace(roomy, brief=replace(roomy.brief, channel=ChannelView("subject", "Subject", "characters", 45)))
    assert augmented(narrow, TrainConfig(fit_room=1.0), 0).channel == narrow.brief.channel


def test_no_example_is_longer_than_what_it_is_told() -> None:
    short = replace(
        EXAMPLE, text="x" * 42, brief=replace(EXAMPLE.brief, channel=ChannelView("sms", "SMS", "characters", 30))
    )
    for fit_room in (0.0, 1.0):
        assert augmented(short, TrainConfig(fit_room=fit_room), 0).channel.limit == 50
    assert planned(short).channel.limit == 50


def test_a_pair_is_told_as_the_text_that_is_preferred_would_be() -> None:
    """A shop's eleventh fact leads where a text tells it: a prompt shows eight, and none is to be learned that it does not show."""
    facts = tuple(Fact(f"Part {number}", f"{number}00 g") for number in range(1, 12))
    brief = replace(brief_for("mug"), facts=facts, channel=ChannelView("blurb", "Blurb", "characters", 300))
    pair = PreferencePair("a", brief, "It holds 1100 g of tea.", "A mug for you.", Source.EDIT_OVER_DRAFT, "mug")
    told = planned_pair(pair)
    assert told.facts[0] == facts[10] and sorted(told.facts, key=facts.index) == list(facts)
    assert told.channel.limit == 30
    silent = planned_pair(replace(pair, chosen="A mug to love."))
    assert set(silent.facts) == set(facts)

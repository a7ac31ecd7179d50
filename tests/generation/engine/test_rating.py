"""Which of the texts that passed are better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from generation.engine.config import ChannelView, Check, CopyBrief, Fact, Interest, Language, SegmentView
from generation.engine.evaluation.coverage import stray
from generation.engine.filling import Kept
from generation.engine.plan import Plan, _led, comparable, kept_after, make_angles, make_plan, next_turn
from generation.engine.rating import Wish, qualities

FACTS = (Fact("Membrane", "three layers"), Fact("Weight", "320", "g"), Fact("Colour", "moss"))
BRIEF = CopyBrief(
    product_title="Rain jacket",
    facts=FACTS,
    segment=SegmentView("Hikers", interests=(Interest("light packs", 0.9),)),
    channel=ChannelView("email_subject", "E-mail subject", "characters", 50),
    language=Language.EN,
)
LONGER = replace(
    BRIEF,
    facts=tuple(Fact(name, "light") for name in ("Membrane", "Weight", "Colour", "Pockets", "Hood", "Cuffs")),
    segment=SegmentView("Hikers", interests=(Interest("membrane", 0.9),)),
    channel=ChannelView("push_ios_body", "Push", "characters", 150),
)


def kept(text: str, logprob: float = -1.0, findings: Sequence[dict[str, str]] = ()) -> Kept:
    return Kept(text, logprob, 15, Check(length=len(text), findings=list(findings)), 0, 0)


def better(one: Kept, other: Kept, plan: Plan | None = None, wish: Wish | None = None, **values: object) -> bool:
    left, right = qualities([one, other], [plan or Plan()] * 2, Language.EN, wish or Wish(), **values)  # type: ignore[arg-type]
    return left > right


def test_the_more_fluent_and_the_one_without_findings() -> None:
    assert better(kept("Warm", -0.9), kept("Cosy", -1.0))
    assert better(kept("Warm"), kept("Cosy", findings=[{"message_key": "x"}]))


def test_of_two_equally_fluent_ones_the_shorter() -> None:
    """Of a longer one more words can fail; what makes up for that is less of it on each."""
    short, long = kept("Warm", -0.5), replace(kept("Warm and light, and made for you", -0.5), token_count=27)
    assert better(short, long)
    assert better(replace(long, mean_logprob=-0.3), short)


def test_the_one_that_tells_the_plan_though_it_is_less_fluent() -> None:
    plan = make_plan(BRIEF)
    assert better(kept(f"The jacket with {plan.leading[0].value}", -1.6), kept("The jacket for you", -0.8), plan)


def test_the_one_that_strays_less_from_the_brief() -> None:
    plan = make_plan(BRIEF)
    near, far = "Three layers in the rain jacket", "Three layers in the wet toilet"
    assert stray(near, plan.known) == 0 and stray(far, plan.known) == pytest.approx(0.5)
    assert better(kept(near), kept(far, -0.8), plan)


def test_the_one_that_says_no_measure_twice() -> None:
    assert better(kept("320 g in three layers"), kept("320 g, and it weighs 320 g", -0.5))
    assert better(kept("重 112 克，待机 10 天"), kept("112 克，重 112 g", -0.5))
    assert better(kept("Folds to 40 × 40 cm", -0.9), kept("Folds to 40 × 30 cm"))  # two sides are no repetition


def test_in_chinese_too() -> None:
    brief = replace(
        BRIEF, product_title="雨衣", facts=(Fact("重量", "320 克"),), segment=None, language=Language.ZH_HANS
    )
    known = make_plan(brief).known
    assert stray("雨衣320克", known) < stray("雨雨的鞋子320克", known)
    assert stray("320", known) == 0.0


def test_each_text_is_held_to_the_plan_of_its_own_angle() -> None:
    first, second, *_ = make_angles(BRIEF)
    assert [plan.leading[0].attribute for plan in (first, second)] == ["Membrane", "Weight"]
    told = kept("Only 320 g", -1.2)
    assert qualities([told, kept("For you", -1.0)], [second, second], Language.EN, Wish())[0] > -1.2 + 1
    assert qualities([told], [second], Language.EN, Wish())[0] > qualities([told], [first], Language.EN, Wish())[0]


def test_there_is_a_second_angle_only_where_the_segment_cares_about_it() -> None:
    hikers = replace(BRIEF, segment=SegmentView("Hikers", interests=(Interest("membrane", 0.9),)))
    assert len(make_angles(hikers)) == 1
    assert len(make_angles(replace(BRIEF, facts=FACTS[:1]))) == 1
    assert len(make_angles(replace(BRIEF, facts=()))) == 1


def test_there_are_as_many_angles_as_the_segment_cares_about_and_are_asked_for() -> None:
    facts = tuple(Fact(name, "light") for name in ("Frame", "Lid", "Sole", "Strap", "Peg"))
    brief = replace(BRIEF, facts=facts)
    assert [plan.leading[0].attribute for plan in make_angles(brief)] == ["Frame", "Lid", "Sole", "Strap"]
    assert len(make_angles(brief, most=2)) == 2


def leading(brief: CopyBrief, **values: Any) -> list[str]:
    """The first letters of what leads in each plan."""
    return ["".join(fact.attribute[0] for fact in plan.leading) for plan in make_angles(brief, **values)]


def test_where_it_cares_about_few_facts_others_stand_beside_those() -> None:
    """Four texts that all lead with the same two facts are four times the same text."""
    plans = make_angles(LONGER)
    assert leading(LONGER) == ["MW", "MC", "MP", "MH"]
    assert [make_plan(LONGER, turn=plan.turn, skip=plan.skip) for plan in plans] == list(plans)
    assert all({*plan.facts} == {*LONGER.facts} for plan in plans)
    assert "skip" not in plans[0].to_dict() and plans[2].to_dict()["skip"] == 2
    assert [len(make_angles(replace(LONGER, facts=LONGER.facts[:count]))) for count in (1, 2, 3, 4)] == [1, 1, 2, 3]
    assert len(make_angles(LONGER, most=2)) == 2


@pytest.mark.parametrize(
    ("limit", "count", "found"),
    [
        (150, 6, ["MW", "CP", "HL", "MC"]),
        (150, 5, ["MW", "CP", "HM", "MC"]),
        (150, 3, ["MW", "CM", "CW"]),
        (400, 5, ["MWC", "PHM", "MCP", "PWC"]),
        (400, 7, ["MWC", "PHL", "TMW", "MCP"]),
    ],
)
def test_every_first_fact_that_it_cares_about_gets_others_beside_it(limit: int, count: int, found: list[str]) -> None:
    names = ("Membrane", "Weight", "Colour", "Pockets", "Hood", "Lining", "Tape")
    facts = tuple(Fact(name, "light") for name in names[:count])
    channel = ChannelView("push_ios_body", "Push", "characters", limit)
    assert leading(replace(BRIEF, facts=facts, channel=channel, segment=None)) == found


def test_only_facts_that_can_stand_in_the_language_are_asked_for() -> None:
    plan = Plan((Fact("材质", "羊毛"), Fact("Weight", "320", "g")), leads=2)
    assert comparable(plan, Language.EN) == (Fact("Weight", "320", "g"),)
    assert comparable(plan, Language.ZH_HANS) == plan.facts


@pytest.mark.parametrize("values", [{"turn": -1}, {"after": -1}, {"skip": -1}, {"sentiment": "sad"}])
def test_wishes_that_make_no_sense_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        Wish(**values)  # type: ignore[arg-type]


def test_facts_in_another_script_make_no_angle_worse() -> None:
    hidden, open_ = Plan((Fact("材质", "羊毛"),), leads=1), Plan((Fact("Weight", "320", "g"),), leads=1)
    one, other = qualities([kept("Wool", -1.0), kept("Only 320 g", -1.1)], [hidden, open_], Language.EN, Wish())
    assert one - other == pytest.approx(0.1)


def test_the_next_turn_is_the_first_that_was_not_written() -> None:
    brief = replace(BRIEF, facts=(*FACTS, Fact("Fit", "slim")))
    turns = [next_turn(brief, [(turn, 0) for turn in written], 0) for written in ((0,), (0, 1), (0, 2), (0, 1, 2, 3))]
    assert turns == [1, 2, 1, 1]
    two = replace(BRIEF, facts=FACTS[:2])
    both = [(0, 0), (1, 0)]
    assert next_turn(two, both, 0) == 1 and next_turn(two, both, 1) == 2, "it differs from its own at least"
    assert next_turn(replace(BRIEF, facts=()), [(0, 0)], 0) == 1


def test_the_next_turn_leads_with_none_of_those_that_stood_beside_others() -> None:
    plans = make_angles(LONGER)
    assert [(plan.turn, plan.skip) for plan in plans] == [(0, 0), (0, 1), (0, 2), (0, 3)]
    assert next_turn(LONGER, [(plan.turn, plan.skip) for plan in plans], 0) == 2, "Hood and Cuffs: one of two is new"
    for plan in plans:
        led = _led(plan.turn, plan.skip, plan.leads, len(plan.facts))
        assert tuple(LONGER.facts[place] for place in led) == plan.leading
    assert next_turn(LONGER, [(0, 0), (0, 1)], 0) == 2, (
        "Hood and Cuffs: Colour, of the turn before, stood beside the first"
    )


@pytest.mark.parametrize(("limit", "other"), [(400, 50), (200, 50), (50, 200), (50, 400)])
@pytest.mark.parametrize(("turn", "after"), [(0, 0), (0, 1), (1, 0), (2, 1), (3, 0), (1, 6)])
def test_in_other_room_the_same_fact_leads(limit: int, other: int, turn: int, after: int) -> None:
    facts = tuple(Fact(name, "light") for name in ("Frame", "Lid", "Sole", "Strap", "Peg"))
    asked = replace(BRIEF, facts=facts, channel=replace(BRIEF.channel, limit=limit))
    brief = replace(asked, channel=replace(asked.channel, limit=other))
    kept = kept_after(asked, brief, turn, after)
    assert make_plan(brief, None, turn, kept).facts == make_plan(asked, None, turn, after).facts
    assert kept_after(asked, asked, turn, after) == after


def test_without_facts_there_is_nothing_to_lead_with() -> None:
    assert kept_after(replace(BRIEF, facts=()), BRIEF, 1, 2) == kept_after(BRIEF, replace(BRIEF, facts=()), 1, 2) == 2


def test_where_a_text_should_fill_its_room_a_short_one_is_worse() -> None:
    short, long = kept("Only 320 g", -1.0), kept("Only 320 g, with a membrane that keeps the rain out", -1.2)
    assert qualities([short], [Plan()], Language.EN, Wish(room=60)) < qualities(
        [long], [Plan()], Language.EN, Wish(room=60)
    )
    assert qualities([short], [Plan()], Language.EN, Wish()) > qualities([long], [Plan()], Language.EN, Wish())

"""Outputs take turns among the angles of an item, and go on with those that are not refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from generation.engine.angles import Refused, angle_of
from generation.engine.config import Check, Language, Prompt
from generation.engine.item import Angle, Item
from generation.engine.plan import Plan


@pytest.mark.parametrize(
    ("refused", "places"),
    [
        ({}, [0, 1, 2, 0, 1, 2, 0, 1, 2]),
        ({1: [(0, None)]}, [0, 2, 2, 0, 2, 2, 0, 2, 2]),
        ({2: [(4, None)]}, [0, 1, 2, 0, 1, 0, 0, 1, 0]),
        ({0: [(0, None)], 1: [(5, None)]}, [1, 1, 2, 1, 1, 2, 2, 2, 2]),
        ({1: [(0, 3), (6, None)]}, [0, 2, 2, 0, 1, 2, 0, 2, 2]),
    ],
)
def test_the_turn_of_a_refused_angle_goes_to_the_next(refused: Refused, places: list[int]) -> None:
    assert [angle_of(number, 3, refused) for number in range(9)] == places


def test_an_item_leaves_out_angles_from_an_output_on() -> None:
    angles = [Angle(Plan(), Prompt(f"{name}:", "\n")) for name in ("a", "b", "c")]
    item = Item(1, angles[0].prompt, Language.EN, lambda text: Check(), 3, 1, others=tuple(angles[1:]), first=7)
    once = item.without(["a:"], 7)
    assert once.refused == {0: [(7, None)]} and [once.angle(number) for number in (6, 9)] == angles[:2]
    twice = once.without(["a:", "b:", "d:"], 9)
    assert twice.refused == {0: [(7, None)], 1: [(9, None)]}
    assert [twice.angle(number) for number in (6, 7, 9)] == angles


def test_an_angle_that_was_refused_before_and_is_again_never_had_a_turn() -> None:
    item = Item(
        1,
        Prompt("a:", "\n"),
        Language.EN,
        lambda text: Check(),
        3,
        1,
        others=(Angle(Plan(), Prompt("b:", "\n")),),
        first=7,
    )
    for before, after in (([(0, 7)], [(0, None)]), ([(0, 4)], [(0, 4), (7, None)])):
        assert replace(item, refused={1: before}).without(["b:"], 7).refused == {1: after}

"""Outputs take turns among the angles of an item, and go on with those that are not refused."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from generation.engine.angles import angle_of
from generation.engine.config import Check, Language, Prompt
from generation.engine.item import Angle, Item
from generation.engine.plan import Plan


@pytest.mark.parametrize(
    ("refused", "places"),
    [
        ({}, [0, 1, 2, 0, 1, 2, 0, 1, 2]),
        ({1: 0}, [0, 2, 2, 0, 2, 2, 0, 2, 2]),
        ({2: 4}, [0, 1, 2, 0, 1, 0, 0, 1, 0]),
        ({0: 0, 1: 5}, [1, 1, 2, 1, 1, 2, 2, 2, 2]),
    ],
)
def test_the_turn_of_a_refused_angle_goes_to_the_next(refused: Mapping[int, int], places: list[int]) -> None:
    assert [angle_of(number, 3, refused) for number in range(9)] == places


def test_an_item_leaves_out_angles_from_its_first_output_on() -> None:
    angles = [Angle(Plan(), Prompt(f"{name}:", "\n")) for name in ("a", "b", "c")]
    item = Item(1, angles[0].prompt, Language.EN, lambda text: Check(), 3, 1, others=tuple(angles[1:]), first=7)
    once = item.without(["a:"])
    assert once.refused == {0: 7} and [once.angle(number) for number in (6, 9)] == angles[:2]
    twice = once.without(["a:", "b:", "d:"])
    assert twice.refused == {0: 7, 1: 7} and not twice.is_refused and twice.angle(9) == angles[2]
    assert twice.without(["c:"]).is_refused

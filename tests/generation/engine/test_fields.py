"""Texts that are read together: which go with each other, and that they come out slot by slot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from generation.engine.choosing import choose, likeness
from generation.engine.config import Check
from generation.engine.dedupe import repeated
from generation.engine.fields import suits
from generation.engine.filling import Kept
from generation.engine.item import Item
from tests.generation.engine.test_filling import Scripted, fill, item, texts


@pytest.mark.parametrize(
    ("one", "other", "least", "most"),
    [
        ("Stay dry on every trail", "Stay dry on every trail: taped seams and a hood.", 0.95, 1),
        ("Stay dry on every trail", "Taped seams, and it folds into its own pocket.", 0, 0.1),
        ("全天干爽", "全天干爽，压胶接缝，可收进口袋", 0.95, 1),
        ("", "Something", 0, 0),
    ],
)
def test_how_much_of_the_shorter_text_stands_in_the_other(one: str, other: str, least: float, most: float) -> None:
    assert least <= repeated(one, other) <= most
    assert repeated(one, other) == repeated(other, one)


def test_what_repeats_the_headline_suits_it_less() -> None:
    [row] = suits(["Stay dry on every trail"], ["Stay dry on every trail, 320 g", "Taped seams keep the rain out"])
    assert row[0] < row[1] == 0


def test_the_reader_is_addressed_alike() -> None:
    [row] = suits(["为您备好雨天"], ["让你走得更远", "让您走得更远", "走得更远"])
    assert row[0] < row[1] == row[2] == 0


def test_a_slot_without_a_text_says_nothing() -> None:
    found = suits(["", "Dry"], ["Dry", "Light"], lambda given: np.eye(len(given), dtype=np.float32))
    assert not found[0].any() and found[1].any()


def test_what_means_the_same_suits_more() -> None:
    meanings = {"Rain stays outside": (1.0, 0.0), "Keeps you dry": (0.9, 0.436), "Folds flat": (0.0, 1.0)}
    [row] = suits(
        ["Rain stays outside"],
        ["Keeps you dry", "Folds flat"],
        lambda given: np.array([meanings[one] for one in given], dtype=np.float32),
    )
    assert row[0] > row[1]


def test_for_one_text_none_are_compared() -> None:
    assert choose(1, [0.1, 0.9, 0.5], lambda: pytest.fail("compared")) == [1]


def test_each_slot_gets_what_goes_with_it() -> None:
    said = ["first", "second", "third"]
    wanted = np.array([[0, 3, 0], [0, 0, 3]], dtype=np.float32)
    assert choose(2, [1.0, 0.9, 0.8], lambda: likeness(said), wanted) == [1, 2]
    assert choose(2, [1.0, 0.9, 0.8], lambda: likeness(said)) == [0, 1]


def in_order(_item: Item, kept: Sequence[Kept]) -> list[float]:
    """The first text is the best."""
    return [float(-number) for number, _ in enumerate(kept)]


HEADLINES = ["Stay dry on every trail", "Folds into its own pocket", "Made for long days", "Light on your back"]
BODIES = ["Stay dry on every trail and folds into its own pocket, at 320 g", "Taped seams hold the rain out for hours"]


def test_fields_come_out_one_after_the_other_when_all_are_done() -> None:
    backend = Scripted([*HEADLINES[:2], *BODIES, "Alone in the world"])
    first, second = item(1, key=1), item(1, key=2)
    done = list(fill(backend, [first, second], item(1, key=3)))
    assert [(one.item.key, one.more) for one in done] == [(1, True), (2, False), (3, False)]
    assert len(done[0].kept) == len(done[1].kept) == 1


def test_the_second_field_goes_with_the_first_slot_by_slot() -> None:
    backend = Scripted([*HEADLINES[:2], *BODIES])
    [first, second] = fill(backend, [item(1, key=1), item(1, key=2)], rate=in_order)
    assert texts(first) == HEADLINES[:1]
    assert texts(second) == [BODIES[1]]  # though the other one is rated higher


def test_a_text_that_stands_already_counts_as_the_first() -> None:
    [alone] = fill(Scripted(list(BODIES)), item(1, beside=(HEADLINES[0],)), rate=in_order)
    assert texts(alone) == [BODIES[1]]


def test_slots_that_are_filled_later_go_with_the_same_slot() -> None:
    """The first field has its slot 0 already and gets slot 1; the second one has none yet."""
    backend = Scripted(
        ["Stay dry on every trail", "Rain", "Stay dry on every trail, all day long", "Folds flat into its pocket today",
         "Taped seams hold the rain out"],
    )  # fmt: skip
    first = item(1, key=1, slot=1, taken=("Folds flat into its pocket",))
    second = item(2, key=2, beside=("Folds flat into its pocket", ""))
    [one, two] = fill(backend, [first, second], rate=in_order)
    assert texts(one) == ["Stay dry on every trail"]
    assert texts(two) == ["Stay dry on every trail, all day long", "Folds flat into its pocket today"]


def test_a_field_that_fails_leaves_the_other_its_texts() -> None:
    def broken(_text: str) -> Check:
        raise LookupError("no such channel")

    [one, two] = fill(Scripted([*HEADLINES]), [item(1, key=1, check=broken), item(1, key=2)])
    assert one.error == "LookupError: no such channel" and not one.kept and one.more
    assert len(two.kept) == 1 and not two.error

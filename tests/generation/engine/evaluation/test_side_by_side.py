"""Texts side by side: drawn by the seed, and blind."""

from __future__ import annotations

import pytest

from generation.engine.evaluation.side_by_side import side_by_side
from tests.generation.engine.evaluation.evaluation_maker import item

ITEMS = [item(f"i{number}") for number in range(60)]
TEXTS = {name: [[f"{name} {number}", "second"] for number in range(60)] for name in ("new", "active", "base")}


def test_it_draws_as_many_as_asked_with_the_first_text_of_every_version() -> None:
    shown = side_by_side(ITEMS, TEXTS, seed=1)
    assert len({one.id for one, _ in shown}) == 20
    for one, texts in shown:
        assert texts == {name: f"{name} {one.id[1:]}" for name in TEXTS}
    assert len(side_by_side(ITEMS, TEXTS, 100, seed=1)) == 60


def test_the_order_is_another_from_item_to_item_and_the_same_for_the_same_seed() -> None:
    shown = side_by_side(ITEMS, TEXTS, 60, seed=1)
    firsts = [next(iter(texts)) for _, texts in shown]
    assert all(firsts.count(name) > 10 for name in TEXTS)
    again = side_by_side(ITEMS, dict(reversed(TEXTS.items())), 60, seed=1)
    assert [list(texts.items()) for _, texts in again] == [list(texts.items()) for _, texts in shown]
    other = side_by_side(ITEMS, TEXTS, 60, seed=2)
    assert [one.id for one, _ in other] != [one.id for one, _ in shown]
    by_item = {one.id: list(texts) for one, texts in shown}
    assert any(by_item[one.id] != list(texts) for one, texts in other)


def test_what_all_wrote_alike_is_left_out_and_an_empty_text_is_shown() -> None:
    texts = {"new": [["Same"], [""], []], "active": [["Same"], ["Warm"], ["Dry"]]}
    shown = {one.id: found for one, found in side_by_side(ITEMS[:3], texts, seed=1)}
    assert shown == {"i1": {"new": "", "active": "Warm"}, "i2": {"new": "", "active": "Dry"}}


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError):
        side_by_side(ITEMS, {"new": TEXTS["new"]}, seed=1)
    with pytest.raises(ValueError):
        side_by_side(ITEMS, TEXTS, 0, seed=1)
    with pytest.raises(ValueError):
        side_by_side(ITEMS[:5], TEXTS, seed=1)

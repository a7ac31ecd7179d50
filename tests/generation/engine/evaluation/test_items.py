"""What a writer is measured on refuses nonsense, and its fingerprint sees every change."""

from __future__ import annotations

from typing import Any

import pytest

from generation.engine.evaluation.items import EvalItem, Judgement, PreferenceItem, fingerprint
from tests.generation.engine.evaluation.evaluation_maker import brief, item


@pytest.mark.parametrize("change", [{"id": ""}, {"reference": "  "}, {"planned": (2,)}, {"planned": (-1,)}])
def test_an_item_has_an_id_a_reference_and_a_plan_of_its_own_facts(change: dict[str, Any]) -> None:
    fine = {"id": "a", "brief": brief(), "reference": "Warm", "planned": (1, 0)}
    EvalItem(**fine)
    with pytest.raises(ValueError):
        EvalItem(**{**fine, **change})


@pytest.mark.parametrize(("chosen", "rejected"), [("", "a"), ("a", " "), ("a", "a")])
def test_a_preference_is_between_two_texts(chosen: str, rejected: str) -> None:
    with pytest.raises(ValueError):
        PreferenceItem(brief(), chosen, rejected)


@pytest.mark.parametrize(("unsupported", "flags"), [(-1, ()), (0, ("",))])
def test_a_judgement_counts_from_zero_and_names_its_flags(unsupported: int, flags: tuple[str, ...]) -> None:
    with pytest.raises(ValueError):
        Judgement(True, True, True, True, unsupported, flags)


def test_the_fingerprint_is_the_same_for_the_same_and_sees_every_change() -> None:
    items, pairs = [item("a"), item("b")], [PreferenceItem(brief(), "good", "bad")]
    first = fingerprint(items, pairs, [], 1, 1)
    assert first == fingerprint([item("a"), item("b")], list(pairs), [], 1, 1)
    others = [
        fingerprint(items[::-1], pairs, [], 1, 1),
        fingerprint([item("a"), item("b", segment="hikers")], pairs, [], 1, 1),
        fingerprint([item("a"), item("b", limit=41)], pairs, [], 1, 1),
        fingerprint([item("a"), item("b", "Dry")], pairs, [], 1, 1),
        fingerprint(items, [], [], 1, 1),
        fingerprint(items, pairs, [item("c")], 1, 1),
        fingerprint(items, pairs, [], 2, 1),
        fingerprint(items, pairs, [], 1, 2),
    ]
    assert len({first, *others}) == 1 + len(others)

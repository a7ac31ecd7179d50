"""Texts of several versions next to each other, for people who are not to know whose is whose."""

import random
from collections.abc import Mapping, Sequence

from generation.engine.evaluation.items import EvalItem
from generation.engine.seeds import derive_seed


def side_by_side(
    items: Sequence[EvalItem], texts_by_version: Mapping[str, Sequence[Sequence[str]]], count: int = 20, *, seed: int
) -> list[tuple[EvalItem, dict[str, str]]]:
    """Up to `count` items, drawn by the seed, each with the first text of every version in an order of its own: show the
    texts in the dictionary's order and keep the names back until the vote is in.

    Items where all versions wrote the same have no better text and are left out; a version that wrote nothing stands there
    with its empty text. Draw and order depend on the seed and the names of items and versions alone, not on how the
    arguments are sorted.

    Raises `ValueError` for fewer than two versions, a count below 1, and texts that are not those of the items.
    """
    if len(texts_by_version) < 2 or count < 1:
        raise ValueError("two versions or more are compared, on at least one item")
    if any(len(texts) != len(items) for texts in texts_by_version.values()):
        raise ValueError(f"every version has texts for {len(items)} items")
    found = []
    for place, item in enumerate(items):
        firsts = {name: texts[place][0] if texts[place] else "" for name, texts in texts_by_version.items()}
        if len(set(firsts.values())) > 1:
            found.append((derive_seed(seed, "item", item.id), item, firsts))
    found.sort(key=lambda one: one[0])
    return [(item, _blind(firsts, derive_seed(seed, "order", item.id))) for _, item, firsts in found[:count]]


def _blind(firsts: Mapping[str, str], seed: int) -> dict[str, str]:
    names = sorted(firsts)
    random.Random(seed).shuffle(names)  # noqa: S311 (no secret)
    return {name: firsts[name] for name in names}

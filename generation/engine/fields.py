"""Fields that are read together, a headline above its description: which texts go with each other. No torch here.

The fields of a platform are written from one order of the facts, each leading with what the one before leaves to it. A text
goes with the one beside it where both speak of one thing without repeating each other, and address the reader alike.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from generation.engine.dedupe import repeated

Matrix = NDArray[np.float32]
Encode = Callable[[Sequence[str]], Matrix]
# what each is worth, in standard deviations of the texts' quality
_REPEATS, _MEANS, _ADDRESS, _LIVELY = 6.0, 1.0, 3.0, 1.0
_FREE = 0.15  # share of a text's character runs that may stand in the other: the product's name, a number
_POLITE, _FAMILIAR = "您", "你"


def suits(beside: Sequence[str], texts: Sequence[str], encode: Encode | None = None) -> Matrix:
    """[slots, n] how well each of the n texts goes with the text of each slot, in standard deviations of quality; a row of
    zeros where a slot has no text.

    encode  unit sentence vectors [n, d]; None: what both speak of is not compared
    """
    found = np.zeros((len(beside), len(texts)), dtype=np.float32)
    for slot, one in enumerate(beside):
        if one:
            found[slot] = [_cost(one, other) for other in texts]
    if encode is not None and len(texts) > 1 and any(beside):
        vectors = encode([*beside, *texts])
        near = vectors[: len(beside)] @ vectors[len(beside) :].T
        spread = near.std(axis=1, keepdims=True) + 1e-6
        there = np.array([[bool(one)] for one in beside])
        found += np.where(there, _MEANS * np.clip((near - near.mean(axis=1, keepdims=True)) / spread, -1, 1), 0)
    return found


def _cost(one: str, other: str) -> float:
    cost = _REPEATS * max(0.0, repeated(one, other) - _FREE)
    if (_POLITE in one and _FAMILIAR in other) or (_FAMILIAR in one and _POLITE in other):
        cost += _ADDRESS
    if _is_loud(one) != _is_loud(other):
        cost += _LIVELY / 2
    return -cost


def _is_loud(text: str) -> bool:
    return "!" in text or "！" in text

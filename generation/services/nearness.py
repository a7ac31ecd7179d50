"""How near new texts come to those that already ran."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generation.engine.dedupe import similarity

NEAR_WORDS, NEAR_MEANING = 0.5, 0.94  # shared character runs; cosine of sentence vectors


def nearest_of(
    texts: Sequence[str], ran: Sequence[str], encode: Callable[[Sequence[str]], NDArray[np.float32]]
) -> list[dict[str, Any]]:
    """For each text, the nearest of those that ran and how near, where that is near enough for a warning; else nothing."""
    if not texts or not ran:
        return [{} for _text in texts]
    vectors = encode([*texts, *ran])
    cosines = vectors[: len(texts)] @ vectors[len(texts) :].T
    found: list[dict[str, Any]] = []
    for text, row in zip(texts, cosines, strict=True):
        words = [similarity(text, other) for other in ran]
        place = int(np.argmax(np.maximum(row, np.array(words) + NEAR_MEANING - NEAR_WORDS)))
        near = words[place] >= NEAR_WORDS or row[place] >= NEAR_MEANING
        found.append({"text": ran[place], "likeness": round(float(max(row[place], words[place])), 3)} if near else {})
    return found

"""How near new texts come to those that already ran, and to those of the same run for other segments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generation.engine.dedupe import ngrams, normal_key, shared
from generation.models import Candidate, GenerationRun
from generation.services.preparing import Prepared

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
Limits = tuple[float, float]  # shared character runs; cosine of sentence vectors
NEAR: Limits = (0.5, 0.94)
SAME: Limits = (0.6, 0.97)  # two texts about one product are near anyway: only those in which a word or two differ


def nearest_of(
    texts: Sequence[str], others: Sequence[str], encode: Encode, limits: Limits = NEAR
) -> list[dict[str, Any]]:
    """For each text, the nearest of the others and how near, where that is near enough for a warning; else nothing."""
    if not texts or not others:
        return [{} for _text in texts]
    near_words, near_meaning = limits
    vectors = encode([*texts, *others])
    cosines = vectors[: len(texts)] @ vectors[len(texts) :].T
    grams = [ngrams(normal_key(text)) for text in (*texts, *others)]
    found: list[dict[str, Any]] = []
    for mine, row in zip(grams, cosines, strict=False):
        words = [shared(mine, other) for other in grams[len(texts) :]]
        place = int(np.argmax(np.maximum(row, np.array(words) + near_meaning - near_words)))
        near = words[place] >= near_words or row[place] >= near_meaning
        found.append(
            {"text": others[place], "likeness": round(float(max(row[place], words[place])), 3)} if near else {}
        )
    return found


class Siblings:
    """Texts of a run by the position of their item: of those of one product and channel with the items that are to be written,
    as they stand by now, whoever wrote them. One query."""

    def __init__(self, run: GenerationRun, prepared: Iterable[Prepared]) -> None:
        self.texts: dict[int, list[str]] = defaultdict(list)
        positions = {position for one in prepared for position in one.siblings}
        if positions:
            rows = Candidate.objects.filter(run=run, position__in=positions).order_by("position", "slot")
            for position, text in rows.values_list("position", "text"):
                self.texts[position].append(text)

    def nearest_of(self, one: Prepared, texts: Sequence[str], encode: Encode) -> list[dict[str, Any]]:
        """For each new text of the item, the nearest that ran, or else the nearest for another segment, with "segment"."""
        others = [text for position in one.siblings for text in self.texts.get(position, ())]
        found = zip(nearest_of(texts, one.ran, encode), nearest_of(texts, others, encode, SAME), strict=True)
        self.texts[one.row.position].extend(texts)
        return [ran or (other and {**other, "segment": True}) for ran, other in found]

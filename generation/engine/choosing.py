"""Choose N of the texts that passed: good ones that differ. No torch here."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from generation.engine.dedupe import repeated

Matrix = NDArray[np.float32]
SAME_THEME = 0.82  # cosine of sentence vectors between copy for one brief that says different things
LIKENESS_COSTS = 5.0  # standard deviations of quality that a text gives up for saying what another one says


def likeness(texts: Sequence[str], vectors: Matrix | None = None) -> Matrix:
    """[n, n] how alike the texts are, 0 to 1: the larger of the share of one that stands in the other and nearness of
    meaning.

    vectors  [n, d] unit sentence vectors; None: only characters are compared
    """
    count = len(texts)
    found = np.eye(count, dtype=np.float32)
    for one in range(count):
        for other in range(one):
            found[one, other] = found[other, one] = repeated(texts[one], texts[other])
    if vectors is None:
        return found
    near = (vectors @ vectors.T - SAME_THEME) / (1 - SAME_THEME)
    return np.maximum(found, np.clip(near, 0, 1)).astype(np.float32)


def choose(
    wanted: int, qualities: Sequence[float], alike: Callable[[], Matrix], suits: Matrix | None = None
) -> list[int]:
    """The places of `wanted` texts, the best first: maximal marginal relevance (Carbonell and Goldstein 1998).

    qualities  of each text, in any unit; more is better
    alike      [n, n] from `likeness`; only asked where several are chosen of more
    suits      [slots, n] from `fields.suits`, in standard deviations of quality: what is chosen for a slot goes with what
               stands beside it. None: texts stand alone
    """
    count = len(qualities)
    order = sorted(range(count), key=lambda place: -qualities[place])
    if suits is None and (count <= wanted or wanted == 1):
        return order[:wanted]
    spread = float(np.std(qualities)) or 1.0
    matrix, left = alike(), order
    chosen: list[int] = []
    while left and len(chosen) < wanted:
        beside = suits[len(chosen)] if suits is not None and len(chosen) < len(suits) else np.zeros(count)
        repeated = matrix[:, chosen].max(axis=1) if chosen else np.zeros(count)
        worth = [qualities[one] + spread * float(beside[one] - LIKENESS_COSTS * repeated[one]) for one in left]
        chosen.append(left.pop(int(np.argmax(worth))))
    return chosen

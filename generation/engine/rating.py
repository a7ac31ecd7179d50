"""How good a text is for its brief, so that the best of those that passed are shown. No torch here."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from generation.engine.config import Language
from generation.engine.evaluation.coverage import is_expressed, stray
from generation.engine.evaluation.quantities import Quantity, folded, quantities
from generation.engine.filling import Kept
from generation.engine.plan import Plan, comparable

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
Feel = Callable[[Sequence[str]], Sequence[tuple[float, float, float] | None]]
# what each is worth, in nats of fluency a token: a text that tells the planned facts may be that much less fluent. Nearness to
# what the segment cares about has no part in it: among drafts of one brief it is a sign of a scene that is forced on the
# product (of 3,921 drafts with a verdict, tests/bench/RESULTS.md).
_PLAN, _FINDING, _LIKE, _FEELING, _STRAY, _TWICE, _SHORT = 1.5, 0.4, 6.0, 1.5, 1.5, 1.0, 2.0
_USUAL = 15  # tokens of a text of which the fluency is its mean
_FULL = 0.8  # of the room that a text should fill; one that fills so much is long enough
_SIDES = re.compile(r"\s*[×x*–-]\s*")  # between the equal sides of "40 × 40 cm"
_TARGETS = {"positive": 2, "neutral": 1, "negative": 0}


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of a text beyond its brief.

    turn       which facts lead: 0 the best, another number another angle
    like       a text that it should resemble in meaning; empty: none
    sentiment  positive, neutral or negative; empty: any
    after      how many facts the fields lead with that are read before this one
    skip       how many facts are passed over behind the first one: others lead beside it
    room       characters that a text should fill; 0: as long as it is
    """

    turn: int = 0
    like: str = ""
    sentiment: str = ""
    after: int = 0
    skip: int = 0
    room: int = 0

    def __post_init__(self) -> None:
        if min(self.turn, self.after, self.skip, self.room) < 0 or self.sentiment not in ("", *_TARGETS):
            raise ValueError(
                "turn, after, skip and room are at least 0, and a sentiment positive, neutral, negative or empty"
            )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        return cls(**data)


def qualities(
    texts: Sequence[Kept],
    plans: Sequence[Plan],
    language: Language,
    wish: Wish,
    *,
    encode: Encode | None = None,
    feel: Feel | None = None,
) -> list[float]:
    """Of each text: its fluency for its length, the share of the planned facts that it tells, what the checks found, how much
    of it comes from nowhere in its brief, the measures that it says again, and how near it comes to the wish. Only comparable
    among texts of one brief.

    plans   of each text that of the angle from which it was written
    encode  unit sentence vectors [n, d]
    feel    probabilities of negative, neutral and positive of each text
    """
    found = np.array([_fluency(text) - _FINDING * len(text.check.findings) for text in texts], dtype=np.float64)
    found += _PLAN * np.array([_told(text.text, plan, language) for text, plan in zip(texts, plans, strict=True)])
    found -= _TWICE * np.array([_said_again(text.text) for text in texts])
    if wish.room:
        found -= _SHORT * np.array([max(0.0, 1 - len(text.text) / (_FULL * wish.room)) for text in texts])
    if plans[0].known:
        found -= _STRAY * np.array([stray(text.text, plans[0].known) for text in texts])
    if wish.like and encode is not None:
        vectors = encode([wish.like, *(text.text for text in texts)])
        found += _LIKE * (vectors[1:] @ vectors[0])
    if wish.sentiment and feel is not None:
        felt = feel([text.text for text in texts])
        found += _FEELING * np.array([one[_TARGETS[wish.sentiment]] if one else 0.0 for one in felt])
    return [float(one) for one in found]


def _fluency(text: Kept) -> float:
    """Its log-probability over the root of its length: between the sum, for which a long text is a bad one, and the mean, for which
    every further easy word makes up for one that fails (a length penalty as Wu et al. 2016, arXiv 1609.08144, have one)."""
    return text.mean_logprob * math.sqrt(text.token_count / _USUAL)


def _told(text: str, plan: Plan, language: Language) -> float:
    """The share of the leading facts that the text tells, of those that can be compared; all of none."""
    told = [is_expressed(fact, text) for fact in comparable(plan, language)]
    return sum(told) / len(told) if told else 1.0


def _said_again(text: str) -> int:
    """How many amounts with a unit are said that were said before: "112 克，重 112 g"."""
    plain = folded(text)
    said: dict[tuple[Decimal, str], Quantity] = {}
    again = 0
    for one in quantities(plain, spelled=False):
        before = said.setdefault((one.number, one.unit), one)
        again += bool(one.unit) and before is not one and not _SIDES.fullmatch(plain[before.end : one.start])
    return again

"""Which facts lead: the plan of one text, from what its segment cares about. No torch here.

Interests and facts meet in words (`prompt_data.fact_weight`) and, with an encoder, in meaning: "commuting" and "folds to the
size of a book" share no word.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generation.engine.about import MOST_ABOUT, informative, quoted, sentences, standing_out
from generation.engine.config import ChannelView, CopyBrief, Fact, Language
from generation.engine.evaluation.coverage import content_words, is_expressed
from generation.engine.language import script_of
from generation.engine.prompt_data import fact_weight, room_of

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
_SHORT, _LONG = 70, 220  # characters of English up to which one fact, two facts lead
_CHINESE = 0.4  # characters of Chinese that say as much as one of English


@dataclass(frozen=True, slots=True)
class Plan:
    """Facts in the order in which they should be told, and how many of them lead.

    cares  what the segment is about: of texts that tell the same facts, one that is nearer to it is better
    known  content words of the brief: a text that strays from them is worse
    about  what is quoted of the product's description
    """

    facts: tuple[Fact, ...] = ()
    leads: int = 0
    turn: int = 0
    cares: str = ""
    known: frozenset[str] = frozenset()
    about: str = ""

    @property
    def leading(self) -> tuple[Fact, ...]:
        return self.facts[: self.leads]

    def to_dict(self) -> dict[str, Any]:
        """What is kept with the texts: the leading attributes, and which turn it was."""
        return {"leads": [[fact.attribute, fact.value, fact.unit] for fact in self.leading], "turn": self.turn}


def make_plan(brief: CopyBrief, encode: Encode | None = None, turn: int = 0, after: int = 0) -> Plan:
    """Order the brief's facts by how much the segment cares about them, then as given.

    encode  unit sentence vectors [n, d]; None: interests and facts meet in words only
    turn    0 for the best order; each further turn lets other facts lead, for another angle on the same product
    after   how many facts the fields lead with that are read before this one: it goes on with the next
    """
    weights = _weights(brief, encode)
    order = sorted(range(len(brief.facts)), key=lambda place: -weights[place])
    leads = min(most_leads(brief.channel, brief.language), len(order))
    if start := (turn * leads + after) % len(order) if order else 0:
        order = [*order[start:], *order[:start]]
    about = _about(brief, encode, turn + after)
    return Plan(tuple(brief.facts[place] for place in order), leads, turn, _cares(brief), _known(brief), about)


def make_angles(brief: CopyBrief, encode: Encode | None = None, turn: int = 0, after: int = 0) -> tuple[Plan, ...]:
    """The plan, and a second one where the product has other facts, or sentences, that the segment cares about as well:
    four texts that all lead with one fact are four times the same text. See `make_plan`."""
    first = make_plan(brief, encode, turn, after)
    second = make_plan(brief, encode, turn + 1, after)
    if first.leads and len(brief.facts) > first.leads:
        weights = dict(zip(brief.facts, _weights(brief, encode), strict=True))
        differs = weights[second.facts[0]] >= sum(weights.values()) / len(weights)
    else:
        differs = first.about != second.about
    return (first, second) if differs else (first,)


def tells_plan(plan: Plan, text: str, language: Language) -> bool:
    """Whether the text tells at least half of the leading facts, of those whose words can stand in the language."""
    told = [is_expressed(fact, text) for fact in comparable(plan, language)]
    return 2 * sum(told) >= len(told)


def comparable(plan: Plan, language: Language) -> tuple[Fact, ...]:
    """The leading facts whose words can stand in the language."""
    return tuple(fact for fact in plan.leading if can_stand_in(fact, language))


def can_stand_in(fact: Fact, language: Language) -> bool:
    """A value in another script is told by translation, which no comparison of words sees."""
    scripts = {script_of(character) for character in fact.value} - {""}
    return not scripts or ("han" if language is Language.ZH_HANS else "latin") in scripts


def with_plan(brief: CopyBrief, plan: Plan) -> CopyBrief:
    """The brief as it is told: a trained model leads with the facts and the sentence of the description that stand first."""
    return replace(brief, facts=plan.facts, product_description=plan.about)


def most_leads(channel: ChannelView, language: Language) -> int:
    """How many facts a text of that length can lead with."""
    room = room_of(channel, language)
    if room is None:
        return 3
    scale = _CHINESE if language is Language.ZH_HANS else 1.0
    return 1 if room <= _SHORT * scale else 2 if room <= _LONG * scale else 3


def _weights(brief: CopyBrief, encode: Encode | None) -> list[float]:
    shared = [fact_weight(fact, brief.segment) for fact in brief.facts]
    interests = brief.segment.interests if brief.segment else ()
    if encode is None or not interests or not brief.facts:
        return shared
    told = [f"{fact.attribute}: {fact.value} {fact.unit}".strip() for fact in brief.facts]
    names = [interest.name for interest in interests]
    vectors = encode([*told, *names, _cares(brief)])
    facts, wishes, segment = vectors[: len(told)], vectors[len(told) : -1], vectors[-1]
    weights = np.array([interest.weight for interest in interests], dtype=np.float32)
    meant = np.clip(standing_out(facts @ wishes.T), 0, 2) @ weights / 2
    meant += np.clip(standing_out(facts @ segment), -2, 2) * weights.mean() / 2
    return [word + float(meaning) for word, meaning in zip(shared, meant, strict=True)]


def _about(brief: CopyBrief, encode: Encode | None, turn: int) -> str:
    """The description, or where it is too long, its sentences that tell most and that the segment cares about."""
    found = sentences(brief.product_description)
    if not found or len(quoted(found, 10 * MOST_ABOUT)) <= MOST_ABOUT:
        return quoted(found)
    worth = informative(found)
    if encode is not None and (cares := _cares(brief)):
        vectors = encode([*found, cares])
        worth += standing_out(vectors[:-1] @ vectors[-1]) / 2
    order = [place for place in np.argsort(-worth, kind="stable") if worth[place] > 0] or [int(np.argmax(worth))]
    start = turn % len(order)
    return quoted([found[place] for place in [*order[start:], *order[:start]]])


def _cares(brief: CopyBrief) -> str:
    segment = brief.segment
    if segment is None or not segment.interests:
        return ""
    return f"{segment.name}. {', '.join(one.name for one in segment.interests)}. {' '.join(segment.words)}"


def _known(brief: CopyBrief) -> frozenset[str]:
    facts = [f"{fact.attribute} {fact.value} {fact.unit}" for fact in brief.facts]
    about = [brief.product_title, brief.product_description, brief.brand_name, brief.instructions, *brief.must_words]
    return content_words(" ".join([*facts, *about, _cares(brief), brief.segment.description if brief.segment else ""]))

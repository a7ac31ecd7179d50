"""Which facts lead: the plan of one text, from what its segment cares about. No torch here.

Interests and facts meet in words (`prompt_data.fact_weight`) and, with an encoder, in meaning: "commuting" and "folds to the
size of a book" share no word.
"""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from generation.engine.about import MOST_ABOUT, informative, quoted, sentences, standing_out, whole
from generation.engine.abroad import in_own_language
from generation.engine.config import ChannelView, CopyBrief, Fact, Language
from generation.engine.evaluation.coverage import content_words, is_expressed
from generation.engine.language import script_of
from generation.engine.prompt_data import fact_weight, room_of

T = TypeVar("T")
MOST_ANGLES = 4
_ALIKE = 1e-6  # weights that differ by less are the same
Encode = Callable[[Sequence[str]], NDArray[np.float32]]
_SHORT, _LONG = 70, 320  # characters of English up to which one fact, two facts lead
_TOO_LONG = 3.0  # deviations that a sentence loses which could only be quoted in part
_FIRST, _EACH = 40, 45  # characters of English that a title and each leading fact can fill
_TOLD = 2  # facts from which on a product of a catalogue in another language is known
_CHINESE = 0.4  # characters of Chinese that say as much as one of English


@dataclass(frozen=True, slots=True)
class Plan:
    """Facts in the order in which they should be told, and how many of them lead.

    known  content words of the brief: a text that strays from them is worse; none where the product is described in another
           language and hardly anything of it is known in this one
    skip   how many facts are passed over between the first that leads and those that lead beside it
    about  what is quoted of the product's description
    title  what the product is called in the language of the copy; empty: as in the brief
    """

    facts: tuple[Fact, ...] = ()
    leads: int = 0
    turn: int = 0
    skip: int = 0
    known: frozenset[str] = frozenset()
    about: str = ""
    title: str = ""

    @property
    def leading(self) -> tuple[Fact, ...]:
        return self.facts[: self.leads]

    def to_dict(self) -> dict[str, Any]:
        """What is kept with the texts: the facts that lead or, without any, the sentence that is quoted first; which turn it was, and
        what it skipped."""
        kept = {"leads": [[fact.attribute, fact.value, fact.unit] for fact in self.leading], "turn": self.turn}
        if not self.leading and (quoted_first := sentences(self.about)):
            kept["about"] = quoted_first[0]
        return {**kept, "skip": self.skip} if self.skip else kept


@dataclass(frozen=True, slots=True)
class _Reading:
    """What every plan for a brief follows from."""

    brief: CopyBrief
    weights: list[float]
    order: list[int]
    sentences: tuple[str, ...]  # of the description, those worth quoting, the best first
    whole: str  # a description that is quoted as it is: it is short, and beside it facts can take turns
    known: frozenset[str]

    def plan(self, turn: int, after: int = 0, skip: int = 0) -> Plan:
        facts, leads = self.brief.facts, _leads(self.brief)
        order = _from(self.order, turn * leads + after)
        order = [*order[:1], *_from(order[1:], skip)]
        about = self.whole or quoted(_from(self.sentences, turn + after))
        told = tuple(facts[place] for place in order)
        return Plan(told, leads, turn, skip, self.known, about, self.brief.product_title)

    def cares_about(self, turn: int) -> bool:
        """Whether facts are left for that turn, and the segment cares about the one that would lead as about others."""
        start = turn * _leads(self.brief)
        if start >= len(self.order):
            return False
        return self.weights[self.order[start]] >= sum(self.weights) / len(self.weights) - _ALIKE


def make_plan(brief: CopyBrief, encode: Encode | None = None, turn: int = 0, after: int = 0, skip: int = 0) -> Plan:
    """Order the brief's facts by how much the segment cares about them, then as given; of a description that is too long
    quote the sentences that tell most and that the segment cares about.

    encode  unit sentence vectors [n, d]; None: interests and facts meet in words only
    turn    0 for the best order; each further turn lets other facts lead, for another angle on the same product
    after   how many facts the fields lead with that are read before this one: it goes on with the next
    skip    how many facts are passed over behind the first: others lead beside it
    """
    return _read(brief, encode).plan(turn, after, skip)


def make_angles(brief: CopyBrief, encode: Encode | None = None, most: int = MOST_ANGLES) -> tuple[Plan, ...]:
    """The plan, and up to `most` in all: four texts that all lead with the same are four times the same text.

    Those of the next turns come first, where the segment cares about the fact that would lead then. Where they are too few, the
    same first facts lead with others beside them. Where no fact is left to lead, another sentence of the description is quoted.
    """
    read = _read(brief, encode)
    plans = [read.plan(0)]
    for turn in range(1, most):
        plan = read.plan(turn)
        if (
            read.cares_about(turn)
            if len(plan.facts) > plan.leads > 0
            else plan.about not in {one.about for one in plans}
        ):
            plans.append(plan)
    return tuple(_with_others_beside(read, plans, most))


def _with_others_beside(read: _Reading, plans: Sequence[Plan], most: int) -> Sequence[Plan]:
    """The plans, and further ones up to `most`: of their first facts that which led least often, beside it the facts that led
    least often."""
    found, leads = list(plans), plans[0].leads
    if leads < 2 or len(found) == most:
        return found
    skips = range(1, min(most * leads, len(read.order) - 1))
    further = [read.plan(plan.turn, skip=skip) for skip in skips for plan in plans]
    while len(found) < most:
        new = [plan for plan in further if {*plan.leading} not in [{*one.leading} for one in found]]
        if not new:
            break
        led = Counter(fact for plan in found for fact in plan.leading)
        first = Counter(plan.leading[0] for plan in found)
        found.append(min(new, key=lambda plan: (first[plan.leading[0]], sum(led[fact] for fact in plan.leading[1:]))))
    return found


def next_turn(brief: CopyBrief, written: Collection[tuple[int, int]], now: int) -> int:
    """The first turn after `now` that leads with facts with which none led that was written, by turn and skip; where every turn
    would repeat some, the one that repeats fewest."""
    brief = in_own_language(brief)
    count, leads = len(brief.facts), _leads(brief)
    used = {place for turn, skip in written for place in _led(turn, skip, leads, count)}
    further = range(now + 1, now + 2 + count)
    return min(further, key=lambda turn: sum(place in used for place in _led(turn, 0, leads, count)))


def _led(turn: int, skip: int, leads: int, count: int) -> list[int]:
    """The places of the leading facts in their order, of `count`."""
    first = turn * leads
    return [(first + (beside and 1 + (skip + beside - 1) % (count - 1))) % count for beside in range(leads)]


def kept_after(asked: CopyBrief, brief: CopyBrief, turn: int, after: int) -> int:
    """`after` with which a text for `brief` leads where that for `asked` led at that turn: in less room fewer facts lead, so
    that the turn alone would begin with others. `after` as it is where that begins with the same, or there are no facts."""
    asked, brief = in_own_language(asked), in_own_language(brief)
    if not asked.facts or not brief.facts:
        return after
    start, turned = (turn * _leads(asked) + after) % len(asked.facts), turn * _leads(brief)
    count = len(brief.facts)
    return after if (turned + after - start) % count == 0 else (start - turned) % count


def _read(brief: CopyBrief, encode: Encode | None) -> _Reading:
    asked, brief = brief, in_own_language(brief)
    weights, cares = _weights(brief, encode), _cares(brief)
    short = whole(brief.product_description)
    return _Reading(
        brief=brief,
        weights=weights,
        order=sorted(range(len(brief.facts)), key=lambda place: -weights[place]),
        sentences=_worth_quoting(brief.product_description, cares, encode, every=bool(short)),
        whole=short if len(brief.facts) >= _TOLD else "",
        known=_known(asked if len(brief.facts) < _TOLD else brief),
    )


def _from(ordered: Sequence[T], start: int) -> Sequence[T]:
    """The same in a circle, beginning further on."""
    start = start % len(ordered) if ordered else 0
    return [*ordered[start:], *ordered[:start]]


def _leads(brief: CopyBrief) -> int:
    return min(most_leads(brief.channel, brief.language), len(brief.facts))


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


def with_plan(brief: CopyBrief, plan: Plan, *, full: bool = False) -> CopyBrief:
    """The brief as it is told: a trained model leads with the facts and the sentence of the description that stand first.

    full  whether a text may be as long as its channel allows; else it gets the room that its leading facts can fill
    """
    title = plan.title or brief.product_title
    told = replace(brief, product_title=title, facts=plan.facts, product_description=plan.about)
    return told if full else replace(told, channel=_room_for(told, plan.leads))


def _room_for(brief: CopyBrief, leads: int) -> ChannelView:
    """Every further sentence of a small model is another chance to make something up: of 72 texts for channels of prose 18
    could be used, of as many that were told to be brief 32 (tests/bench/RESULTS.md)."""
    channel, room = brief.channel, room_of(brief.channel, brief.language)
    most = _FIRST + _EACH * max(1, leads)
    if brief.language is Language.ZH_HANS:
        most = int(most * _CHINESE)
    return channel if room is None or room <= most else replace(channel, unit="characters", limit=most)


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


def _worth_quoting(description: str, cares: str, encode: Encode | None, *, every: bool) -> tuple[str, ...]:
    """The sentences that tell more than the others do and that the segment cares about, the best first; at least one. Of a short
    description `every` one."""
    found = sentences(description)
    if not found:
        return ()
    worth = informative(found) - _TOO_LONG * np.array([len(one) > MOST_ABOUT for one in found], dtype=np.float32)
    if encode is not None and cares:
        vectors = encode([*found, cares])
        worth += standing_out(vectors[:-1] @ vectors[-1]) / 2
    order = np.argsort(-worth, kind="stable")
    return tuple(found[place] for number, place in enumerate(order) if number == 0 or every or worth[place] > 0)


def _cares(brief: CopyBrief) -> str:
    segment = brief.segment
    if segment is None or not segment.interests:
        return ""
    return f"{segment.name}. {', '.join(one.name for one in segment.interests)}. {' '.join(segment.words)}"


def _known(brief: CopyBrief) -> frozenset[str]:
    """Content words of the brief; none where the product is described in another language than that of the copy: then
    nothing tells by comparing words what comes from it."""
    facts = [f"{fact.attribute} {fact.value} {fact.unit}" for fact in brief.facts]
    product = content_words(" ".join([*facts, brief.product_title, brief.product_description]))
    if 2 * sum(_is_han(word) == (brief.language is Language.ZH_HANS) for word in product) < len(product):
        return frozenset()
    asked = [brief.brand_name, brief.instructions, *brief.must_words, brief.tone]
    if (segment := brief.segment) is not None:
        asked += [segment.name, segment.description, *(one.name for one in segment.interests), *segment.words]
    return product | content_words(" ".join(asked))


def _is_han(word: str) -> bool:
    return any(script_of(character) == "han" for character in word)

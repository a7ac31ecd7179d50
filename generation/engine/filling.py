"""Fill many items at once: write outputs side by side, clean, filter and check them, and choose the best that differ.

The backend always has outputs of several items in hand; an item that needs more gets them before the next item begins. An
item comes out whole, when it has its texts or its budget is used up. Everything about it follows from its seed: the same
item comes out the same whatever is written beside it, as far as the backend's arithmetic does not depend on what else is in
the batch (in float32, run alone, it does not).

Where a model server refuses an angle of an item, the outputs that came stay, and those that are missing are asked for again
from the angles that are left, under their numbers and with their seeds.
"""

import math
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from generation.engine.backends.base import Backend, OnStep, Request
from generation.engine.broken import is_broken, pastes
from generation.engine.choosing import Matrix, choose, likeness
from generation.engine.config import Check, DropReason, FinishReason, Output, SamplingConfig
from generation.engine.dedupe import SeenTexts, repeats_itself, says_again
from generation.engine.errors import EngineError, GenerationCancelledError, RemoteRefusedError, RemoteRequestError
from generation.engine.fields import suits
from generation.engine.item import Item
from generation.engine.language import matches_language
from generation.engine.outputs import clean_output
from generation.engine.plan import tells_plan
from generation.engine.seeds import seed_of_output

OUTPUTS_PER_TEXT = 6  # budget: how many outputs may be written for one text that is wanted
LEAST_OUTPUTS = 24  # a few bad outputs in a row are chance, not a reason to give up
SURPLUS = 1.7  # outputs written at first for one text that is wanted: some are dropped, and of the others we choose
PATIENT_ROUNDS = 2  # rounds after which a text that does not tell the plan is better than none
LOST_OF_A_REASON, MOST_LOST_CHARACTERS = 2, 500  # dropped texts that are kept to be looked at, and how much of one
AGAIN = 1.5  # outputs written for one text that is still missing


@dataclass(frozen=True, slots=True)
class Kept:
    """A text that passed. `draw` is the number of its output: the prompt of its angle and `seed` make it again, or where it was
    `asked` of a server with others, that."""

    text: str
    mean_logprob: float
    token_count: int
    check: Check
    draw: int
    seed: int
    asked: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lost:
    """A text that was dropped, and what was found in it by the check that dropped it."""

    reason: str
    text: str
    findings: Sequence[Mapping[str, Any]] = ()

    def to_dict(self) -> dict[str, Any]:
        return {"reason": self.reason, "text": self.text[:MOST_LOST_CHARACTERS], "findings": [*self.findings]}


@dataclass(frozen=True, slots=True)
class Filled:
    """What became of an item: the texts chosen, how many passed, outputs dropped for which reason, some of them (`lost`), and
    what it took.
    ``more``: a field that is read with it comes next. ``refusals``: what a model server said to the prompts of its angles
    that it refused."""

    item: Item
    kept: tuple[Kept, ...]
    passed: int
    dropped: dict[str, int]
    outputs: int
    tokens: int
    error: str = ""
    more: bool = False
    refusals: Mapping[str, RemoteRequestError] = field(default_factory=dict)
    lost: tuple[Lost, ...] = ()

    @property
    def is_refused(self) -> bool:
        """Whether the server refused every angle: what came before stays."""
        return _are_refused(self.item, self.refusals)


class _Work:
    """An item while it is filled."""

    def __init__(self, item: Item) -> None:
        self.item = item
        self.seen = SeenTexts([*item.prompt.examples, *item.taken])
        self.budget = max(OUTPUTS_PER_TEXT * item.wanted, LEAST_OUTPUTS)
        self.pool: list[Kept] = []
        self.reserve: list[tuple[Kept, DropReason]] = []  # texts that passed, and why others are better
        self.rounds = 0
        self.dropped: Counter[str] = Counter()
        self.lost: list[Lost] = []
        self.outputs: dict[int, Output] = {}
        self.asked = self.judged = item.first
        self.tokens = 0
        self.together: list[_Work] = [self]  # the fields that are read with each other, the one that leads first
        self.is_done = False
        self.error = ""
        self.refusals: dict[str, RemoteRequestError] = {}

    @property
    def written(self) -> int:
        return self.judged - self.item.first

    def more(self) -> range:
        """The numbers of the outputs to ask for next; none when there are enough texts or the budget is used up."""
        missing = self.item.wanted - len(self.pool) - (len(self.reserve) if self.rounds >= PATIENT_ROUNDS else 0)
        factor = AGAIN if self.written else SURPLUS
        count = min(math.ceil(missing * factor), self.budget - self.written) if missing > 0 else 0
        self.asked += max(0, count)
        return range(self.asked - max(0, count), self.asked)

    def judge(self) -> None:
        """Judge what was asked for, in its order: what is kept must not depend on which output was ready first."""
        for number in range(self.judged, self.asked):
            output = self.outputs.pop(number)
            self.tokens += output.token_count
            found = self._judged(output, number)
            if isinstance(found, Kept):
                self.seen.add(found.text)
                self._keep(found)
            else:
                self._drop(found)
        self.judged = self.asked
        self.rounds += 1

    def _drop(self, text: Lost) -> None:
        """Count it, and keep a few of every reason to look at."""
        self.dropped[text.reason] += 1
        if text.text and self.dropped[text.reason] <= LOST_OF_A_REASON:
            self.lost.append(text)

    def _keep(self, text: Kept) -> None:
        if not tells_plan(self.item.angle(text.draw).plan, text.text, self.item.language):
            self.reserve.append((text, DropReason.OFF_PLAN))
        elif says_again(text.text):
            self.reserve.append((text, DropReason.DUPLICATE))
        else:
            self.pool.append(text)

    def refuse(self, numbers: Sequence[int], error: RemoteRefusedError) -> list[int]:
        """Go on without the angles from which outputs of these numbers were refused. Returns the outputs to ask for again; none
        where no angle is left."""
        for prompt in (self.item.angle(number).prompt.text for number in numbers):
            self.refusals[prompt] = error.refused.get(prompt, error)
        if _are_refused(self.item, self.refusals):
            return []
        lost = [number for number in self.outputs if self.item.angle(number).prompt.text in self.refusals]
        for number in lost:  # of a prompt with so many outputs that it was asked for them in parts
            del self.outputs[number]
        self.item = self.item.without(self.refusals, self.judged)
        return sorted([*numbers, *lost])

    def choices(self) -> list[Kept]:
        """What is chosen from: with the reserve only where there are too few without it."""
        if len(self.pool) < self.item.wanted:
            return [*self.pool, *(text for text, _ in self.reserve)]
        for text, reason in self.reserve:
            self._drop(Lost(reason.value, text.text))
        return self.pool

    def filled(self, kept: tuple[Kept, ...], *, more: bool) -> Filled:
        """What became of the item; of one that failed, that it has no text and why."""
        item, dropped, error, written = self.item, dict(self.dropped), self.error, self.written
        if error:
            kept, passed, written = (), 0, self.asked - item.first
        else:
            passed = written - sum(dropped.values())
            if _are_refused(item, self.refusals):
                error = _words(next(reversed(self.refusals.values())))
        return Filled(item, kept, passed, dropped, written, self.tokens, error, more, self.refusals, tuple(self.lost))

    def _judged(self, output: Output, number: int) -> Kept | Lost:
        """The text as it will be kept, or why not. Cheap questions first."""
        prompt = self.item.prompt
        complete = output.finish_reason is not FinishReason.LENGTH
        text = clean_output(output, prompt, self.item.language, self.item.plan.known)
        if not text and not complete:
            return Lost(DropReason.TOO_LONG.value, text)
        if len(text) < prompt.least:
            return Lost(DropReason.EMPTY.value, text)
        if not matches_language(text, self.item.language):
            return Lost(DropReason.WRONG_LANGUAGE.value, text)
        if self.seen.is_duplicate(text) or repeats_itself(text):
            return Lost(DropReason.DUPLICATE.value, text)
        if is_broken(text, prompt.names) or pastes(text, self.item.plan.facts):
            return Lost(DropReason.BROKEN.value, text)
        check = self.item.check(text)
        text = check.text or text
        if check.drop_reason:
            return Lost(check.drop_reason, text, check.findings)
        if check.text and self.seen.is_duplicate(text):
            return Lost(DropReason.DUPLICATE.value, text)
        return Kept(
            text, output.mean_logprob, output.token_count, check, number, _seed(self.item, number), output.asked
        )


def _seed(item: Item, number: int) -> int:
    return seed_of_output(item.seed, number)


def _are_refused(item: Item, prompts: Mapping[str, RemoteRequestError]) -> bool:
    return all(angle.prompt.text in prompts for angle in item.angles)


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


Encode = Callable[[Sequence[str]], Matrix]
Rate = Callable[[Item, Sequence[Kept]], list[float]]


def by_fluency(item: Item, texts: Sequence[Kept]) -> list[float]:
    return [text.mean_logprob for text in texts]


@dataclass(slots=True)
class Filler:
    """Fills items with one backend and one way of drawing.

    backend   writes
    sampling  how tokens are drawn; its batch size says how many outputs are written at once
    encode    unit sentence vectors [n, d] of texts, so that what is chosen differs in meaning; None: in characters only
    rate      how good texts of an item are, in any unit; the default is how fluent the model finds them
    stop      asked between steps; True ends with `GenerationCancelledError`
    """

    backend: Backend
    sampling: SamplingConfig
    encode: Encode | None = None
    rate: Rate = by_fluency
    stop: OnStep | None = None
    _queue: deque[tuple[_Work, int]] = field(init=False, default_factory=deque)
    _asked: list[tuple[_Work, int]] = field(init=False, default_factory=list)

    def fill(self, items: Iterable[Item | Sequence[Item]]) -> Iterator[Filled]:
        """Each item as soon as it is done. An item that fails by itself comes out with its error and no text.

        Several items in one are fields that are read together: they come out one after the other, when all are done, the
        texts of the later ones chosen slot by slot to go with those of the first.
        """
        source = iter(items)
        while True:
            self._asked.clear()
            requests = _Requests(self, source)
            try:
                for number, output in self.backend.stream(requests, self.sampling, self.stop):
                    work, draw = self._asked[number]
                    work.outputs[draw] = output
                    if len(work.outputs) < work.asked - work.judged:
                        continue
                    yield from self._next(work)
            except RemoteRefusedError as error:
                yield from self._refused(error)
            else:
                if not self._queue and requests.is_over:
                    return

    def _next(self, work: _Work) -> Iterator[Filled]:
        """Judge a round; ask for another at the head of the queue, or say what became of the item and those beside it."""
        with _failing(work):
            work.judge()
            numbers = work.more()
            if numbers:
                self._queue.extendleft((work, number) for number in reversed(numbers))
                return
        yield from self._done(work)

    def _refused(self, error: RemoteRefusedError) -> Iterator[Filled]:
        """Ask at the head of the queue for what did not come, from other angles; an item that has no other ends with the texts
        that it has. Raises the error where everything came."""
        missing: dict[_Work, list[int]] = {}
        for work, number in self._asked:
            if not work.is_done and number >= work.judged and number not in work.outputs:
                missing.setdefault(work, []).append(number)
        if not missing:
            raise error
        for work, numbers in reversed(missing.items()):
            if again := work.refuse(numbers, error):
                self._queue.extendleft((work, number) for number in reversed(again))
            else:
                yield from self._done(work)

    def _done(self, work: _Work) -> Iterator[Filled]:
        work.is_done = True
        if all(one.is_done for one in work.together):
            yield from self._finished(work.together)

    def _finished(self, together: Sequence[_Work]) -> Iterator[Filled]:
        first: dict[int, str] = {}  # by slot, the texts of the field that leads
        for place, work in enumerate(together):
            item, kept = work.item, tuple[Kept, ...]()
            with _failing(work):
                kept = () if work.error else self._chosen(work, first)
            first = first or {item.slot + number: one.text for number, one in enumerate(kept)}
            yield work.filled(kept, more=place + 1 < len(together))

    def _chosen(self, work: _Work, first: Mapping[int, str]) -> tuple[Kept, ...]:
        pool, item = work.choices(), work.item
        if not pool:
            return ()
        there = zip_longest(item.beside, range(item.slot, item.slot + item.wanted))
        beside = [text or first.get(slot, "") for text, slot in there]
        texts = [kept.text for kept in pool]
        places = choose(
            item.wanted,
            self.rate(item, pool),
            lambda: likeness(texts, self.encode(texts) if self.encode else None),
            suits(beside, texts, self.encode) if any(beside) else None,
        )
        return tuple(pool[place] for place in places)


@contextmanager
def _failing(work: _Work) -> Iterator[None]:
    """An item that fails by itself keeps its error; others go on."""
    try:
        yield
    except (GenerationCancelledError, MemoryError):
        raise
    except (EngineError, ValueError, ArithmeticError, LookupError, TypeError) as error:
        work.error = _words(error)


class _Requests:
    """What the backend takes its work from. It may be out of work and have some again when an output has been judged."""

    def __init__(self, filler: Filler, source: Iterator[Item | Sequence[Item]]) -> None:
        self._filler, self._source = filler, source
        self.is_over = False

    def __iter__(self) -> "_Requests":
        return self

    def __next__(self) -> Request:
        queue = self._filler._queue
        while not queue and not self.is_over:
            one = next(self._source, None)
            if one is None:
                self.is_over = True
            else:
                together = [_Work(item) for item in ((one,) if isinstance(one, Item) else one)]
                for work in together:
                    work.together = together
                    queue.extend((work, number) for number in work.more())
        if not queue:
            raise StopIteration
        work, number = queue.popleft()
        self._filler._asked.append((work, number))
        more = bool(queue) and queue[0][0] is work
        return Request(work.item.angle(number).prompt, _seed(work.item, number), work.item.key, more)

"""Fill the slots of one item: generate batches, clean, filter, check, until there are enough texts or the budget ends.

Everything follows from the seed and the batch number, so a batch that was lost with a killed worker comes out again
when the same texts are there already.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from generation.engine.backends.base import Backend, OnStep
from generation.engine.clean import clean
from generation.engine.config import Check, CopyBrief, DropReason, FinishReason, Output, Prompt, SamplingConfig
from generation.engine.dedupe import SeenTexts, repeats_itself
from generation.engine.language import matches_language
from generation.engine.seeds import derive_seed

OUTPUTS_PER_TEXT = 6  # budget: how many outputs may be written for one text that is wanted
LEAST_OUTPUTS = 24  # a few bad outputs in a row are chance, not a reason to give up
_SURPLUS = 1.5  # outputs written for one text still missing


@dataclass(frozen=True, slots=True)
class Kept:
    """A text that passed. `attempt` is its place in the batch: (seed, batch, attempt) makes it again."""

    text: str
    mean_logprob: float
    token_count: int
    check: Check
    attempt: int


@dataclass(frozen=True, slots=True)
class Batch:
    """What one call of the model brought: texts in order, and how many outputs were dropped for which reason."""

    number: int
    kept: tuple[Kept, ...]
    dropped: dict[str, int]
    outputs: int


@dataclass(slots=True)
class Filler:
    """Iterate over it for batches; it ends when `wanted` texts are there, counting `already`, or the budget is used.

    backend      writes
    prompt       what is read, from `prompts.render`
    brief        its language is the one that texts must have
    check        the caller's rules, asked about every text that got so far
    sampling     how tokens are drawn; its seed makes everything, its max_new_tokens caps the prompt's own
    wanted       texts to have at the end
    already      texts that the item has; they count, and nothing near them is kept
    first_batch  number of the first batch to make; earlier ones were made
    spent        outputs that the earlier batches used up of the budget
    stop         asked between steps; True ends with `GenerationCancelledError`
    """

    backend: Backend
    prompt: Prompt
    brief: CopyBrief
    check: Callable[[str], Check]
    sampling: SamplingConfig
    wanted: int
    already: Sequence[str] = ()
    first_batch: int = 0
    spent: int = 0
    stop: OnStep | None = None
    _seen: SeenTexts = field(init=False)
    _have: int = field(init=False)

    def __post_init__(self) -> None:
        if self.wanted < 1 or self.first_batch < 0 or self.spent < 0:
            raise ValueError("at least one text must be wanted, and batches are numbered from 0")
        self._have = len(self.already)
        self._seen = SeenTexts([*self.prompt.examples, *self.already])

    def __iter__(self) -> Iterator[Batch]:
        size = self.sampling.batch_size
        budget = max(OUTPUTS_PER_TEXT * self.wanted, LEAST_OUTPUTS)
        number, spent = self.first_batch, self.spent
        while (missing := self.wanted - self._have) > 0 and spent < budget:
            batch = self._batch(number, min(size, int(missing * _SURPLUS) + 1))
            self._have += len(batch.kept)
            spent += batch.outputs
            number += 1
            yield batch

    def _batch(self, number: int, size: int) -> Batch:
        limit = self.sampling.max_new_tokens
        config = replace(self.sampling, max_new_tokens=min(limit, self.prompt.max_tokens or limit))
        seeds = [derive_seed(self.sampling.seed, number, attempt) for attempt in range(size)]
        outputs = self.backend.generate([self.prompt] * size, config, seeds, self.stop)
        kept: list[Kept] = []
        dropped: Counter[str] = Counter()
        for attempt, output in enumerate(outputs):
            if self._have + len(kept) >= self.wanted:
                break  # a good text too many is neither kept nor a failure
            found = self._judge(output, attempt)
            if isinstance(found, Kept):
                self._seen.add(found.text)
                kept.append(found)
            else:
                dropped[found] += 1
        return Batch(number=number, kept=tuple(kept), dropped=dict(dropped), outputs=size)

    def _judge(self, output: Output, attempt: int) -> Kept | str:
        """The text as it will be kept, or the reason why not. Cheap questions first."""
        complete = output.finish_reason is not FinishReason.LENGTH
        text = clean(output.text, labels=self.prompt.labels, complete=complete)
        if not text:
            return DropReason.EMPTY.value if complete else DropReason.TOO_LONG.value
        if len(text) < self.prompt.least:
            return DropReason.EMPTY.value
        if not matches_language(text, self.brief.language):
            return DropReason.WRONG_LANGUAGE.value
        if self._seen.is_duplicate(text) or repeats_itself(text):
            return DropReason.DUPLICATE.value
        check = self.check(text)
        if check.drop_reason:
            return check.drop_reason
        return Kept(text, output.mean_logprob, output.token_count, check, attempt)

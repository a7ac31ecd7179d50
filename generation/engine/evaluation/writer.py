"""Who is measured: the protocol that an evaluation asks of a model, and that protocol over any backend. No torch here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from generation.engine.backends.base import Backend
from generation.engine.clean import clean
from generation.engine.config import CopyBrief, FinishReason, Output, Prompt, SamplingConfig
from generation.engine.errors import GenerationCancelledError
from generation.engine.evaluation.items import EvalItem
from generation.engine.prompts import render
from generation.engine.seeds import derive_seed


class Phase(StrEnum):
    """What an evaluation is doing."""

    GENERATE = "generate"
    JUDGE = "judge"
    LOSS = "loss"
    PREFERENCES = "preferences"
    FORGETTING = "forgetting"


# (phase, done, in all); called often, also with nothing new done. True ends with `GenerationCancelledError`.
OnProgress = Callable[[Phase, int, int], bool | None]


class Writer(Protocol):
    """A model version with all that belongs to it: base, adapter, prompt template, sampling."""

    @property
    def name(self) -> str: ...

    def generate(
        self, items: Sequence[EvalItem], seed: int, on_progress: OnProgress | None = None, samples: int = 1
    ) -> list[list[str]]:
        """`samples` cleaned texts for each item, in order. The same for the same items and seed."""
        ...

    def losses(self, pairs: Sequence[tuple[CopyBrief, str]]) -> list[tuple[float, int]]:
        """For each brief and text: the sum of the negative natural-log probabilities of the text's tokens after the
        brief's prompt, the end of the text included, and the number of those tokens."""
        ...


def tell(on_progress: OnProgress | None, phase: Phase, done: int, total: int) -> None:
    """Report, and stop where the caller asks for it: raises `GenerationCancelledError`."""
    if on_progress is not None and on_progress(phase, done, total):
        raise GenerationCancelledError("the evaluation was cancelled")


@dataclass(frozen=True, slots=True)
class BackendWriter:
    """`Writer` over a backend and a prompt template.

    sampling      its batch size is how many outputs are written at once; seeds come from the evaluation's seed and the
                  item's id, never from `sampling.seed`
    count_tokens  how many tokens the backend's tokenizer makes of a text that goes on after a prompt
    """

    name: str
    backend: Backend
    template_id: str
    sampling: SamplingConfig
    count_tokens: Callable[[str], int]

    def generate(
        self, items: Sequence[EvalItem], seed: int, on_progress: OnProgress | None = None, samples: int = 1
    ) -> list[list[str]]:
        """Texts are cleaned as the generator does; an output of which nothing usable is left is an empty text. Outputs
        that may be equally long are written together, whatever the writer, so a batch is the same for every version of
        one template."""
        prompts = [render(self.template_id, item.brief) for item in items]
        places = [(place, sample) for place in range(len(items)) for sample in range(samples)]
        places.sort(key=lambda one: self._most_tokens(prompts[one[0]]))
        texts = [[""] * samples for _ in items]
        size = self.sampling.batch_size
        done = 0
        while batch := self._batch(prompts, places[done : done + size]):
            seeds = [derive_seed(seed, items[place].id, sample) for place, sample in batch]
            outputs = self._write([prompts[place] for place, _ in batch], seeds, on_progress, done, len(places))
            for (place, sample), output in zip(batch, outputs, strict=True):
                texts[place][sample] = _usable(output, prompts[place])
            done += len(batch)
        tell(on_progress, Phase.GENERATE, done, len(places))
        return texts

    def losses(self, pairs: Sequence[tuple[CopyBrief, str]]) -> list[tuple[float, int]]:
        found = []
        for brief, text in pairs:
            prompt = render(self.template_id, brief)
            rest = _completion(prompt, text)
            count = self.count_tokens(rest)
            found.append((-self.backend.score([rest], prompt)[0] * count, count))
        return found

    def _most_tokens(self, prompt: Prompt) -> int:
        limit = self.sampling.max_new_tokens
        return min(limit, prompt.max_tokens or limit)

    def _batch(self, prompts: Sequence[Prompt], places: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """The first of `places` whose outputs may be as long as the very first."""
        return [one for one in places if self._most_tokens(prompts[one[0]]) == self._most_tokens(prompts[places[0][0]])]

    def _write(
        self, prompts: Sequence[Prompt], seeds: Sequence[int], on_progress: OnProgress | None, done: int, total: int
    ) -> list[Output]:
        config = replace(self.sampling, max_new_tokens=self._most_tokens(prompts[0]))

        def stop() -> bool:
            return on_progress is not None and bool(on_progress(Phase.GENERATE, done, total))

        return self.backend.generate(prompts, config, seeds, stop)


def _usable(output: Output, prompt: Prompt) -> str:
    text = clean(output.text, labels=prompt.labels, complete=output.finish_reason is not FinishReason.LENGTH)
    return text if len(text) >= prompt.least else ""


def _completion(prompt: Prompt, text: str) -> str:
    """The text as it would go on after the prompt, to the delimiter that ends it: after "Headline:" comes a space."""
    return f"{' ' if prompt.text.endswith(':') else ''}{text}{prompt.stop}"

"""What backends have in common that compute in this process: everything that follows from `stream` and from one score."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence

from generation.engine.backends.base import OnStep, Request
from generation.engine.config import Output, Prompt, SamplingConfig
from generation.engine.tokens import TextTokenizer


class LocalBackend(ABC):
    """See `backends.base.Backend`."""

    _tokenizer: TextTokenizer

    @abstractmethod
    def stream(
        self, requests: Iterable[Request], config: SamplingConfig, on_step: OnStep | None = None
    ) -> Iterator[tuple[int, Output]]: ...

    @abstractmethod
    def _score(self, context: list[int], targets: list[int]) -> float:
        """Mean log-probability of the targets after the context, neither of them empty: ≤ 0, or NaN."""

    def generate(
        self, prompts: Sequence[Prompt], config: SamplingConfig, seeds: Sequence[int], on_step: OnStep | None = None
    ) -> list[Output]:
        requests = [Request(prompt, seed) for prompt, seed in zip(prompts, seeds, strict=True)]
        found = dict(self.stream(requests, config, on_step))
        return [found[number] for number in range(len(requests))]

    def score(self, texts: Sequence[str], prompt: Prompt | None = None) -> list[float]:
        before = self._tokenizer.encode(prompt.text if prompt else "")
        return [self._score(*self._split(before, text)) for text in texts]

    def _split(self, before: list[int], text: str) -> tuple[list[int], list[int]]:
        """What is read and what is scored; without any start token the first token can only be read."""
        ids = self._tokenizer.encode(text, start=False)
        context, targets = (before, ids) if before else (ids[:1], ids[1:])
        if not targets:
            raise ValueError("a text of no tokens has no score")
        return context, targets

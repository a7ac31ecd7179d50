"""What every backend can do. The generator knows this protocol and nothing else about models."""

from collections.abc import Callable, Sequence
from typing import Protocol

from generation.engine.config import Output, Prompt, SamplingConfig

OnStep = Callable[[], bool]


class Backend(Protocol):
    """Writes text. Not thread-safe: one caller at a time."""

    def generate(
        self, prompts: Sequence[Prompt], config: SamplingConfig, seeds: Sequence[int], on_step: OnStep | None = None
    ) -> list[Output]:
        """One output for each prompt, in order; repeat a prompt for several outputs of it, it is read only once.

        Output i is drawn with `seeds[i]`. `on_step` is called between steps; when it returns True, the call ends with
        `GenerationCancelledError`.
        """
        ...

    def score(self, texts: Sequence[str], prompt: Prompt | None = None) -> list[float]:
        """Mean natural-log probability per token of each text, after `prompt` or from nothing: ≤ 0."""
        ...

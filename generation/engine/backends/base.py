"""What every backend can do. The generator knows this protocol and nothing else about models."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from generation.engine.config import Output, Prompt, SamplingConfig

OnStep = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Request:
    """One output that is wanted.

    prompt  what it is written after
    seed    that it is drawn with
    item    whose it is
    more    whether the next request is for the same item and was known with this one: whoever asks for several outputs at
            once asks for those together, and not for outputs of different items
    """

    prompt: Prompt
    seed: int
    item: int = 0
    more: bool = False


class Backend(Protocol):
    """Writes text. Not thread-safe: one caller at a time."""

    def generate(
        self, prompts: Sequence[Prompt], config: SamplingConfig, seeds: Sequence[int], on_step: OnStep | None = None
    ) -> list[Output]:
        """One output for each prompt, in order; repeat a prompt for several outputs of it, it is read only once.

        Output i is drawn with `seeds[i]`. `on_step` is called between steps; when it returns True, the call ends with
        `GenerationCancelledError`. Raises `ModelNumbersError` where what the model computes is no number.
        """
        ...

    def stream(
        self, requests: Iterable[Request], config: SamplingConfig, on_step: OnStep | None = None
    ) -> Iterator[tuple[int, Output]]:
        """As `generate`, without an end in sight: each output with the number of its request, as soon as it is there.

        At most `config.batch_size` are written at once. A request is taken when there is room for it, after the outputs
        before have been handed over: what is asked next may depend on them.
        """
        ...

    def score(self, texts: Sequence[str], prompt: Prompt | None = None) -> list[float]:
        """Mean natural-log probability per token of each text, after `prompt` or from nothing: ≤ 0, or NaN
        where the model computes none."""
        ...

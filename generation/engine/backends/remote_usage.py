"""What a model server's answers cost, by their own account."""

import threading
from dataclasses import dataclass, replace
from decimal import Decimal

_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Usage:
    """A sum over answers. `untold` is how many of them said nothing about their tokens: where it is not 0, the tokens
    and the cost are only what is known at least. A request that never got an answer is not in here."""

    answers: int = 0
    untold: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: Decimal = Decimal(0)


class Meter:
    """Adds up. Safe to use from several threads, and for several backends at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._usage = Usage()

    @property
    def usage(self) -> Usage:
        with self._lock:
            return self._usage

    def add(self, tokens: tuple[int, int] | None, prompt_price: Decimal, completion_price: Decimal) -> None:
        """One answer: its prompt and completion tokens, or None where it does not tell; prices of a million."""
        with self._lock:
            now = self._usage
            prompt, completion = tokens or (0, 0)
            self._usage = replace(
                now,
                answers=now.answers + 1,
                untold=now.untold + (tokens is None),
                prompt_tokens=now.prompt_tokens + prompt,
                completion_tokens=now.completion_tokens + completion,
                cost=now.cost + (prompt * prompt_price + completion * completion_price) / _MILLION,
            )

"""A circuit breaker: leaves a server alone that fails again and again, and finds out with one request when it is back.

closed     every request passes; `threshold` failures one after the other open the circuit
open       every request is refused at once, until `cool_down` seconds are over
half-open  exactly one request passes, the probe, and the others wait for it: its success closes the circuit, its failure
           opens it again
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from generation.engine.errors import RemoteUnavailableError


class State(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to send one request. It must be handed back with how the request went."""

    era: int


class Breaker:
    """Safe to use from several threads. Every change of state begins an era, and a permit of an earlier era changes
    nothing any more: an answer that comes late says how the server was."""

    def __init__(self, threshold: int, cool_down: float, clock: Callable[[], float] = time.monotonic) -> None:
        if threshold < 1 or cool_down <= 0:
            raise ValueError("a breaker opens after at least one failure, for longer than no time")
        self._threshold, self._cool_down, self._clock = threshold, cool_down, clock
        self._lock = threading.Lock()
        self._state = State.CLOSED
        self._era = self._failures = 0
        self._until = 0.0
        self._reason = ""

    @property
    def state(self) -> State:
        with self._lock:
            return self._state

    def check(self) -> None:
        """Raise `RemoteUnavailableError` while the circuit is open; takes nothing."""
        with self._lock:
            self._refuse()

    def enter(self) -> Permit | None:
        """Leave for one request; None while the probe is out, whose answer is soon there to wait for: refused, the
        other requests of a call would take the probe down with them. Raises `RemoteUnavailableError` while the circuit
        is open."""
        with self._lock:
            self._refuse()
            if self._state is State.HALF_OPEN:
                return None
            if self._state is State.OPEN:
                self._turn(State.HALF_OPEN)
            return Permit(self._era)

    def succeeded(self, permit: Permit) -> None:
        """The server answered as a server that works does, if only with a refusal."""
        with self._lock:
            if permit.era == self._era:
                self._failures = 0
                if self._state is State.HALF_OPEN:
                    self._turn(State.CLOSED)

    def failed(self, permit: Permit, reason: str) -> None:
        """The server did not answer, or failed. `reason` is told to those who are refused."""
        with self._lock:
            if permit.era != self._era:
                return
            self._failures += 1
            if self._state is State.HALF_OPEN or self._failures >= self._threshold:
                self._until, self._reason = self._clock() + self._cool_down, reason
                self._turn(State.OPEN)

    def abandoned(self, permit: Permit) -> None:
        """Nobody waited for the answer, so it says nothing; the next request may be the probe."""
        with self._lock:
            if permit.era == self._era and self._state is State.HALF_OPEN:
                self._turn(State.OPEN)

    def _refuse(self) -> None:
        left = self._until - self._clock() if self._state is State.OPEN else 0.0
        if left > 0:
            raise RemoteUnavailableError(
                f"The model server failed {self._threshold} times or more, one after the other, and is asked again in "
                f"{max(1, round(left))} s: try again then. Last: {self._reason}"
            )

    def _turn(self, state: State) -> None:
        self._state = state
        self._era += 1
        self._failures = 0

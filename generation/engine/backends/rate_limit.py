"""Keep to a provider's limits of requests and tokens a minute, on this side, before it has to refuse."""

import threading
import time
from collections.abc import Callable

_MINUTE = 61.0  # a second more, because what is sent later may travel faster
_BURST = 10  # the tenth part of a limit may go at once


class Bucket:
    """A token bucket that lets never more than `limit` through in any 60 seconds: what may go at once is taken off what
    flows in. An amount that is larger than that tenth waits for all of it, and may exceed the limit by the difference.
    Not thread-safe."""

    def __init__(self, limit: int, now: float) -> None:
        burst = max(1, limit // _BURST)
        self._burst = float(burst)
        self._rate = (limit - burst + 1) / _MINUTE  # + 1: the burst and the last drop never fall into one minute
        self._level = self._burst
        self._at = now

    def take(self, amount: float, now: float) -> float:
        """Take it out, and return the seconds to wait until it is there: who comes first, goes first."""
        self._fill(now)
        self._level -= amount
        return max(0.0, -self._level / self._rate)

    def give_back(self, amount: float, now: float) -> None:
        """Correct an estimate; a negative amount takes more."""
        self._fill(now)
        self._level = min(self._burst, self._level + amount)

    def _fill(self, now: float) -> None:
        self._level = min(self._burst, self._level + (now - self._at) * self._rate)
        self._at = now


class RateLimit:
    """Requests and tokens a minute; None: no limit. Safe to use from several threads."""

    def __init__(
        self, requests: int | None = None, tokens: int | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._requests = Bucket(requests, clock()) if requests is not None else None
        self._tokens = Bucket(tokens, clock()) if tokens is not None else None

    def reserve(self, tokens: int) -> float:
        """Seconds to wait before a request that may need so many tokens is sent. The place is taken in any case."""
        with self._lock:
            now = self._clock()
            waits = [
                bucket.take(amount, now)
                for bucket, amount in ((self._requests, 1), (self._tokens, tokens))
                if bucket is not None
            ]
            return max(waits, default=0.0)

    def settle(self, reserved: int, used: int) -> None:
        """What the request did use."""
        with self._lock:
            if self._tokens is not None:
                self._tokens.give_back(reserved - used, self._clock())

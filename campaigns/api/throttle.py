"""How often one key may ask: counted together by all web processes, without a trip to the cache for each request."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from campaigns.api.authentication import Caller

log = logging.getLogger(__name__)

WINDOW_SECONDS = 60
PRECISION = 100  # a process tells the others after each hundredth of the limit
RETRY_CACHE_SECONDS = 5.0


@dataclass(slots=True)
class Tally:
    """One key and scope in one minute: what all processes had counted at the last look, and what was added here."""

    window: int
    shared: int = 0
    pending: int = 0


class Tallies:
    """The counts of this process. While the cache is away each process counts for itself and no request fails."""

    def __init__(self) -> None:
        self._tallies: dict[tuple[int, str], Tally] = {}
        self._lock = threading.Lock()
        self._cache_away_until = 0.0

    def clear(self) -> None:
        self._tallies.clear()
        self._cache_away_until = 0.0

    def count(self, client: int, scope: str, limit: int, now: float) -> bool:
        """Count one request; whether it is within the limit."""
        window = int(now // WINDOW_SECONDS)
        with self._lock:
            tally = self._tallies.get((client, scope))
            fresh = tally is None or tally.window != window
            if tally is None or fresh:
                tally = self._tallies[client, scope] = Tally(window)
            tally.pending += 1
            tell = fresh or tally.pending >= max(1, limit // PRECISION)
            added = tally.pending
            if tell:
                tally.pending = 0
                tally.shared += added
        if tell:
            total = self._tell(f"rate:{client}:{scope}:{window}", added)
            if total is not None:
                with self._lock:
                    tally.shared = max(tally.shared, total)
        return tally.shared + tally.pending <= limit

    def _tell(self, name: str, added: int) -> int | None:
        """Add to the count that all processes share; the total, or None while the cache does not answer."""
        if time.monotonic() < self._cache_away_until:
            return None
        try:
            cache.add(name, 0, timeout=2 * WINDOW_SECONDS)
            return cache.incr(name, added)
        except Exception as error:  # noqa: BLE001 (each cache client has its own errors; none may refuse a request)
            log.warning("the cache does not answer, each process counts requests for itself: %s", error)
            self._cache_away_until = time.monotonic() + RETRY_CACHE_SECONDS
            return None


tallies = Tallies()


class KeyRate(BaseThrottle):
    """Requests of one key and scope in a minute, ``settings.API_PER_MINUTE``; 429 with Retry-After beyond."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        scope = getattr(view, "scope", None)
        if not isinstance(request.user, Caller) or scope is None:
            return True
        self.now = time.time()
        return tallies.count(request.user.client, scope, settings.API_PER_MINUTE[scope], self.now)

    def wait(self) -> float:
        """Seconds until the next minute begins."""
        return WINDOW_SECONDS - self.now % WINDOW_SECONDS

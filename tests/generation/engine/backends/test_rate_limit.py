"""Limits of requests and tokens a minute, on a clock that the test moves."""

from __future__ import annotations

import pytest

from generation.engine.backends.rate_limit import RateLimit
from tests.generation.engine.backends.conftest import Clock


@pytest.mark.parametrize("limit", [1, 2, 5, 10, 60, 61, 600])
def test_no_minute_sees_more_requests_than_the_limit_and_a_busy_one_nearly_as_many(clock: Clock, limit: int) -> None:
    limits = RateLimit(limit, None, clock)
    times = []
    for _ in range(5 * limit + 1):
        clock.now += limits.reserve(1)
        times.append(clock.now)
    for place, start in enumerate(times):
        end = start + 60 - 1e-6
        assert sum(at < end for at in times[place : place + limit + 1]) <= limit
    assert times[-1] - times[0] <= 60 * 5 / 0.9


def test_after_a_pause_no_more_than_the_burst_goes_at_once(clock: Clock) -> None:
    limits = RateLimit(100, None, clock)
    clock.now += 86400
    waits = [limits.reserve(1) for _ in range(12)]
    assert waits[:10] == [0.0] * 10 and 0 < waits[10] < waits[11]


def test_who_comes_first_goes_first(clock: Clock) -> None:
    limits = RateLimit(None, 600, clock)
    waits = [limits.reserve(tokens) for tokens in (100, 30, 1)]
    assert waits == sorted(waits) and waits[0] > 0


def test_tokens_that_were_not_used_come_back_and_those_above_are_owed(clock: Clock) -> None:
    limits = RateLimit(None, 6000, clock)
    assert limits.reserve(600) == 0
    limits.settle(600, 100)
    assert limits.reserve(500) == 0
    limits.settle(500, 1040)
    assert limits.reserve(0) == pytest.approx(540 / 90, rel=0.03)


def test_the_tighter_of_two_limits_counts(clock: Clock) -> None:
    assert RateLimit(1000, 60, clock).reserve(66) > 50
    assert RateLimit(1000, 10**9, clock).reserve(66) == 0


def test_without_limits_nobody_waits() -> None:
    limits = RateLimit()
    assert [limits.reserve(10**9) for _ in range(100)] == [0.0] * 100
    limits.settle(5, 6)

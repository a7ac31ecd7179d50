"""The circuit breaker: when it opens, whom it lets through, and what late answers do."""

from __future__ import annotations

import threading

import pytest

from generation.engine.backends.breaker import Breaker, Permit, State
from generation.engine.errors import RemoteUnavailableError
from tests.generation.engine.backends.conftest import Clock


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(3, 30, clock)


def entered(breaker: Breaker) -> Permit:
    permit = breaker.enter()
    assert permit is not None
    return permit


def opened(breaker: Breaker) -> Breaker:
    for _ in range(3):
        breaker.failed(entered(breaker), "no answer")
    assert breaker.state is State.OPEN
    return breaker


def refused(breaker: Breaker) -> bool:
    try:
        breaker.check()
        permit = breaker.enter()
    except RemoteUnavailableError:
        return True
    if permit is not None:
        breaker.abandoned(permit)
    return False


def test_it_opens_after_so_many_failures_one_after_the_other(breaker: Breaker) -> None:
    for _ in range(5):
        breaker.failed(entered(breaker), "no answer")
        breaker.failed(entered(breaker), "no answer")
        breaker.succeeded(entered(breaker))
    assert breaker.state is State.CLOSED
    opened(breaker)


def test_open_it_refuses_until_the_cool_down_is_over(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.now += 29.9
    assert refused(breaker)
    with pytest.raises(RemoteUnavailableError, match=r"asked again in 1 s: try again then\. Last: no answer"):
        breaker.check()
    clock.now += 0.1
    breaker.check()
    assert breaker.state is State.OPEN, "looking takes nothing"
    assert not refused(breaker)


def test_half_open_exactly_one_of_many_threads_gets_through(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.now += 30
    passed: list[Permit] = []
    line = threading.Barrier(16)

    def try_it() -> None:
        line.wait()
        if (permit := breaker.enter()) is not None:
            passed.append(permit)

    threads = [threading.Thread(target=try_it) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(passed) == 1
    assert breaker.state is State.HALF_OPEN and breaker.enter() is None
    breaker.succeeded(passed[0])
    assert breaker.state is State.CLOSED and not refused(breaker)


def test_a_probe_that_fails_opens_it_for_another_cool_down(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.now += 30
    breaker.failed(entered(breaker), "still none")
    clock.now += 29
    assert refused(breaker)
    clock.now += 1
    breaker.succeeded(entered(breaker))
    assert breaker.state is State.CLOSED


def test_after_recovery_the_count_begins_anew(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.now += 30
    breaker.succeeded(entered(breaker))
    breaker.failed(entered(breaker), "no answer")
    breaker.failed(entered(breaker), "no answer")
    assert breaker.state is State.CLOSED


def test_answers_that_come_late_change_nothing(breaker: Breaker, clock: Clock) -> None:
    late = [entered(breaker) for _ in range(3)]
    opened(breaker)
    breaker.succeeded(late[0])
    assert breaker.state is State.OPEN, "it was sent before the failures"
    clock.now += 30
    probe = entered(breaker)
    breaker.failed(late[1], "no answer")
    breaker.abandoned(late[2])
    assert breaker.state is State.HALF_OPEN
    breaker.succeeded(probe)
    breaker.failed(probe, "no answer")
    assert breaker.state is State.CLOSED


def test_a_probe_that_nobody_waits_for_gives_its_place_back(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.now += 30
    breaker.abandoned(entered(breaker))
    breaker.succeeded(entered(breaker))
    assert breaker.state is State.CLOSED


def test_many_threads_at_once_lose_no_failure(clock: Clock) -> None:
    breaker = Breaker(801, 30, clock)

    def fail() -> None:
        for _ in range(100):
            breaker.failed(entered(breaker), "no answer")

    threads = [threading.Thread(target=fail) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert breaker.state is State.CLOSED
    breaker.failed(entered(breaker), "no answer")
    assert breaker.state is State.OPEN


@pytest.mark.parametrize(("threshold", "cool_down"), [(0, 30), (1, 0)])
def test_nonsense_is_refused(threshold: int, cool_down: float) -> None:
    with pytest.raises(ValueError):
        Breaker(threshold, cool_down)

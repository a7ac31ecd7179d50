"""How often a key may ask."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.core.cache import cache

from campaigns.api.throttle import tallies
from tests import factories
from tests.campaigns.shop import Shop

NOON = "2026-05-01T12:00:00Z"


@pytest.fixture(autouse=True)
def five_a_minute(settings: Any) -> None:
    settings.API_PER_MINUTE = {"decide": 5, "events": 5, "copy:read": 5}


def test_beyond_the_limit_there_is_a_429_with_the_time_to_wait(shop: Shop) -> None:
    with time_machine.travel(NOON, tick=False):
        answers = [shop.get("/api/v1/copy") for _n in range(7)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    assert answers[-1]["Retry-After"] == "60"
    assert answers[-1]["Content-Type"] == "application/problem+json"
    assert answers[-1].json()["code"] == "throttled"


def test_the_next_minute_begins_anew(shop: Shop) -> None:
    for moment in (NOON, "2026-05-01T12:01:00Z"):
        with time_machine.travel(moment, tick=False):
            assert [shop.decide().status_code for _n in range(6)] == [200] * 5 + [429]


def test_keys_and_scopes_are_counted_apart(shop: Shop) -> None:
    _client, other = factories.make_client(shop.cast)
    with time_machine.travel(NOON, tick=False):
        for _n in range(6):
            shop.decide()
        assert shop.decide().status_code == 429
        assert shop.get("/api/v1/copy").status_code == 200
        assert shop.get("/api/v1/copy", key=other).status_code == 200


def test_processes_count_together(shop: Shop) -> None:
    with time_machine.travel(NOON, tick=False):
        for _n in range(3):
            shop.decide()
        tallies.clear()  # another process
        assert [shop.decide().status_code for _n in range(3)] == [200, 200, 429]


def test_while_the_cache_is_away_no_request_fails(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: object, **kwargs: object) -> None:
        raise ConnectionError("connection refused")

    monkeypatch.setattr(cache, "add", away)
    monkeypatch.setattr(cache, "incr", away)
    with time_machine.travel(NOON, tick=False):
        assert [shop.decide().status_code for _n in range(6)] == [200] * 5 + [429]


def test_a_large_limit_costs_few_trips_to_the_cache(shop: Shop, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.API_PER_MINUTE = {"decide": 1000}
    trips: list[str] = []
    tell = tallies._tell
    monkeypatch.setattr(tallies, "_tell", lambda name, added: (trips.append(name), tell(name, added))[1])
    with time_machine.travel(NOON, tick=False):
        for _n in range(50):
            assert shop.decide().status_code == 200
    assert len(trips) <= 6

"""Fixtures of the delivery tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from campaigns.api.authentication import used_keys
from campaigns.api.throttle import tallies
from campaigns.services.delivery import shelf
from tests.campaigns.shop import Shop, make_shop
from tests.people import Cast


@pytest.fixture(autouse=True)
def nothing_held() -> Iterator[None]:
    """Each test begins as a fresh web process: no payload, no counts of requests."""
    for memory in (shelf, used_keys, tallies):
        memory.clear()
    yield
    cache.clear()


@pytest.fixture
def shop(cast: Cast) -> Shop:
    return make_shop(cast)

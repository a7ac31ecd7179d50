"""Valkey: private, durable, and ended before another starts."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
import redis

from copystudio.embedded.places import Places, make_folders, places
from copystudio.embedded.standalone import running
from copystudio.embedded.valkey import Valkey


@pytest.fixture
def where(var: Path) -> Places:
    found = places(var)
    make_folders(found)
    return found


def client(where: Places) -> redis.Redis:
    return redis.from_url(where.cache_url)


def test_what_was_queued_survives_a_killed_server(where: Places) -> None:
    with running(Valkey(where)) as process:
        client(where).config_set("appendfsync", "always")
        client(where).lpush("queue", "look")
        process.kill()
        process.wait()
    with running(Valkey(where)):
        assert client(where).lrange("queue", 0, -1) == [b"look"]


def test_nobody_else_can_connect(where: Places) -> None:
    with running(Valkey(where, unsafe=True)):
        assert stat.S_IMODE(where.valkey_socket.stat().st_mode) == 0o700
        assert client(where).config_get("port")["port"] == "0"


def test_a_server_that_was_left_running_is_ended_first(where: Places) -> None:
    with running(Valkey(where, unsafe=True)) as first:
        Valkey(where).prepare()
        assert first.wait(5) == 0


def test_the_cache_gives_way_before_the_queue_does(where: Places) -> None:
    with running(Valkey(where, unsafe=True)):
        assert client(where).config_get("maxmemory-policy")["maxmemory-policy"] == "volatile-lru"

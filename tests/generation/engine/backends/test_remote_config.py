"""The configuration of a model server refuses nonsense and keeps its key to itself."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from decimal import Decimal
from typing import Any

import pytest

from generation.engine.backends.remote_config import RemoteConfig, Scoring

KEY = "sk-test-4f9a1c77e0d2"
URL = "https://models.example.com/v1"


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        (URL, f"{URL}/completions"),
        (f"{URL}/", f"{URL}/completions"),
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1/completions"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1/completions"),
        ("https://example.com/openai/v1", "https://example.com/openai/v1/completions"),
    ],
)
def test_addresses_of_completions(url: str, asked: str) -> None:
    assert RemoteConfig(url, "tiny").url == asked


@pytest.mark.parametrize(
    "url",
    [
        "", " ", "example.com/v1", "//example.com/v1", "ftp://example.com/v1", "file:///etc/passwd", "http://",
        "http:///v1", "http://:8000/v1", "http://example.com:99999/v1", "http://example.com:port/v1", "http://[::1/v1",
        "http://example.com/v1?key=1", "http://example.com/v1#part", "http://example.com/v1?", "http://exa mple.com/v1",
        "http://example.com/v1\n", "http://example.com/v1\r\nX: y", "http://exämple.com/v1", "javascript:alert(1)",
        f"http://user:{KEY}@example.com/v1", f"https://{KEY}@example.com/v1", "http://@example.com/v1",
    ],
)  # fmt: skip
def test_other_addresses_are_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ValueError) as raised:
        RemoteConfig(url, "tiny")
    assert KEY not in str(raised.value)


@pytest.mark.parametrize("key", [f"{KEY}\r\nX-Other: 1", f"{KEY} ", f"{KEY}é", f"{KEY}\x00", "钥匙"])
def test_a_key_that_cannot_stand_in_a_header_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(ValueError) as raised:
        RemoteConfig(URL, "tiny", api_key=key)
    assert key not in str(raised.value) and KEY not in str(raised.value)


def test_the_key_is_not_shown() -> None:
    config = RemoteConfig(URL, "tiny", api_key=KEY)
    assert KEY not in repr(config) + str(config)
    assert config.api_key == KEY


@pytest.mark.parametrize(
    "values",
    [
        {"model": " "},
        {"connect_timeout": 0},
        {"read_timeout": float("nan")},
        {"read_timeout": float("inf")},
        {"retries": -1},
        {"retries": 11},
        {"backoff": 0},
        {"longest_wait": -1},
        {"requests_per_minute": 0},
        {"tokens_per_minute": 0},
        {"prompt_price": Decimal(-1)},
        {"completion_price": Decimal("NaN")},
        {"completion_price": 0.1},
        {"most_parallel": 0},
        {"most_bytes": 0},
        {"failures_to_open": 0},
        {"cool_down": 0},
        {"scoring": "guess"},
    ],
)
def test_nonsense_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        RemoteConfig(**{"base_url": URL, "model": "tiny", **values})


def test_it_is_frozen_and_scoring_may_be_given_by_its_name() -> None:
    config = RemoteConfig(URL, "tiny", scoring="echo")  # type: ignore[arg-type]
    assert config.scoring is Scoring.ECHO
    with pytest.raises(FrozenInstanceError):
        config.model = "other"  # type: ignore[misc]

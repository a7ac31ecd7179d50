"""Vectors that are known are not computed again, whoever asks, and the memory they take is bounded."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import pytest

from generation.engine.encoder import CachedEncoder, Vectors


class CountingEncoder:
    """Remembers what it was asked for; a text's vector is made of its letters."""

    model_id, dimensions = "counting", 4

    def __init__(self) -> None:
        self.calls: list[list[str]] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.calls.append(list(texts))
        found = np.array([[len(text), text.count("a"), text.count("b"), 1] for text in texts], np.float32)
        return found / np.linalg.norm(found, axis=1, keepdims=True)


def test_the_cache_encodes_only_what_is_missing_and_each_text_once() -> None:
    inner = CountingEncoder()
    cached = CachedEncoder(inner)
    assert (cached.model_id, cached.dimensions) == ("counting", 4)
    first = cached.encode(["a", "bb", "a", "ab"])
    second = cached.encode(["ab", "abc", "a"])
    assert inner.calls == [["a", "bb", "ab"], ["abc"]]
    assert np.array_equal(first, inner.encode(["a", "bb", "a", "ab"]))
    assert np.array_equal(second, inner.encode(["ab", "abc", "a"]))
    assert len(cached) == 4


def test_the_cache_is_bounded_and_puts_out_what_was_used_longest_ago() -> None:
    inner = CountingEncoder()
    cached = CachedEncoder(inner, size=2)
    for texts in (["a", "b"], ["a"], ["c"], ["a", "c"], ["b"]):
        cached.encode(texts)
    assert inner.calls == [["a", "b"], ["c"], ["b"]]
    many = [f"{number}a" for number in range(9)]
    assert np.array_equal(cached.encode(many), inner.encode(many))
    assert len(cached) == 2
    with pytest.raises(ValueError):
        CachedEncoder(inner, size=0)


def test_who_changes_a_vector_does_not_change_the_cache() -> None:
    cached = CachedEncoder(CountingEncoder())
    expected = cached.encode(["ab"]).copy()
    cached.encode(["ab"])[:] = 0
    assert np.array_equal(cached.encode(["ab"]), expected)


def test_another_model_has_other_vectors() -> None:
    inner = CountingEncoder()
    cached = CachedEncoder(inner)
    cached.encode(["a"])
    inner.model_id = "counting/2"
    cached.encode(["a"])
    assert inner.calls == [["a"], ["a"]]


def test_threads_share_the_cache_and_every_one_gets_its_own_rows() -> None:
    inner = CountingEncoder()
    cached = CachedEncoder(inner, size=8)
    wrong: list[int] = []

    def work(seed: int) -> None:
        for round_ in range(60):
            texts = ["a" * ((seed + round_ * step) % 17) for step in range(1, 6)]
            if not np.array_equal(cached.encode(texts), CountingEncoder().encode(texts)):
                wrong.append(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(cached) <= 8

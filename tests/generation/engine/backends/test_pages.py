"""Pages of keys and values are shared, grow and come back, also where memory runs out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch

pytest.importorskip("openvino")

from generation.engine.backends import pages
from generation.engine.backends.base import Request
from generation.engine.backends.openvino import OpenVinoBackend
from generation.engine.backends.pages import Feed, PagedModel, PagedText
from generation.engine.config import Prompt
from generation.engine.errors import (
    ModelNumbersError,
    OpenVinoError,
    is_out_of_memory,
)
from generation.engine.openvino_export import OpenVinoModel
from tests.generation.engine.backends.prompts import CONFIG, OTHER, PROMPT, PROMPTS, WORDS


def test_prompts_that_were_read_long_ago_give_their_pages_back(quantised: OpenVinoBackend) -> None:
    one = replace(CONFIG, max_new_tokens=1)
    for number in range(30):
        quantised.generate([Prompt(f"{' '.join(WORDS * 4)} {WORDS[number % 12] * 2}\n{number}:", "\n")], one, [number])
    kept = quantised.model.pages_in_use
    assert kept <= 8 * 3, "eight prompts of three pages at most"


def test_pages_keep_their_own_when_texts_fork_and_room_grows(compiled: OpenVinoModel) -> None:
    """More texts than there were pages at first: each still reads what it would read alone."""
    model = PagedModel(compiled.compiled, [one.layer for one in compiled.layers])
    trunk = PagedText()
    model.feed([Feed(trunk, list(range(5, 50)))])
    twigs = [model.fork(trunk) for _ in range(150)]
    for number, twig in enumerate(twigs):
        model.feed([Feed(twig, [60 + number % 50] * 20)])
    together = model.feed([Feed(twig, [7]) for twig in twigs]).clone()
    alone = PagedText()
    model.feed([Feed(alone, list(range(5, 50)))])
    model.feed([Feed(alone, [60 + 149 % 50] * 20)])
    assert torch.allclose(model.feed([Feed(alone, [7])])[0], together[149], atol=0.05)
    assert not torch.allclose(together[0], together[149], atol=0.05)
    for text in (*twigs, trunk, alone):
        model.drop(text)
    assert model.pages_in_use == 0


def test_a_call_that_computes_nothing_is_noticed(compiled: OpenVinoModel, monkeypatch: pytest.MonkeyPatch) -> None:
    model = PagedModel(compiled.compiled, [one.layer for one in compiled.layers])
    text = PagedText()
    model.feed([Feed(text, [5, 6])])

    class Idle:
        def __init__(self, inner: Any) -> None:
            self._inner = inner

        def __getattr__(self, name: str) -> Any:
            return (lambda: None) if name == "infer" else getattr(self._inner, name)

    monkeypatch.setattr(model, "_request", Idle(model._request))
    assert torch.isnan(model.feed([Feed(text, [7])])).any(), "numbers of the call before are not taken for new ones"
    with pytest.raises(ModelNumbersError):
        model.feed([Feed(text, [7, 8], 2)])


@pytest.mark.parametrize(
    ("said", "kind"),
    [("Exception from src/inference: std::bad_alloc", RuntimeError), ("shapes do not fit", OpenVinoError)],
)
def test_memory_that_runs_out_is_told_as_such(
    quantised: OpenVinoBackend, monkeypatch: pytest.MonkeyPatch, said: str, kind: type[Exception]
) -> None:
    class Failing:
        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def __getattr__(self, name: str) -> Any:
            return getattr(self.inner, name)

        def infer(self) -> None:
            raise RuntimeError(said)

    monkeypatch.setattr(quantised.model, "_request", Failing(quantised.model._request))
    with pytest.raises(kind) as raised:
        quantised.generate([PROMPT], CONFIG, [1])
    assert type(raised.value) is kind and is_out_of_memory(raised.value) is (kind is RuntimeError)


def test_after_a_call_the_file_of_the_weights_is_not_kept_in_memory(
    compiled: OpenVinoModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    released: list[Any] = []
    monkeypatch.setattr("generation.engine.backends.pages.let_go", released.append)
    assert len(compiled.weights) == 1
    backend = OpenVinoBackend(compiled)
    backend.generate([PROMPT], CONFIG, [1])
    assert len(released) > 2 and set(released) == {compiled.weights}


def test_where_memory_runs_out_in_one_call_another_one_ends_and_does_not_write_nonsense(
    compiled: OpenVinoModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = OpenVinoBackend(compiled)
    expected = backend.generate([PROMPT, OTHER], CONFIG, [1, 2])
    open_call = backend.stream([Request(PROMPT, seed) for seed in range(30)], CONFIG)
    next(open_call)

    def scarce(feeds: Sequence[Feed]) -> Any:
        raise MemoryError

    with monkeypatch.context() as patch, pytest.raises(MemoryError):
        patch.setattr(backend.model, "feed", scarce)
        backend.generate([OTHER], CONFIG, [3])
    with pytest.raises(MemoryError, match="in another call"):
        list(open_call)
    assert backend.model.pages_in_use == 0
    assert backend.generate([PROMPT, OTHER], CONFIG, [1, 2]) == expected


@pytest.mark.parametrize("last", range(4))
def test_all_pages_come_back_where_memory_runs_out(
    compiled: OpenVinoModel, monkeypatch: pytest.MonkeyPatch, last: int
) -> None:
    backend = OpenVinoBackend(compiled)
    calls, feed = iter(range(last)), backend.model.feed

    def scarce(feeds: Sequence[Feed]) -> Any:
        if next(calls, None) is None:
            raise MemoryError
        return feed(feeds)

    expected = backend.generate([PROMPT, OTHER], CONFIG, [1, 2])
    with monkeypatch.context() as patch, pytest.raises(MemoryError):
        patch.setattr(backend.model, "feed", scarce)
        backend.generate([OTHER, PROMPT, *PROMPTS], CONFIG, list(range(14)))
    assert backend.model.pages_in_use == 0
    assert backend.generate([PROMPT, OTHER], CONFIG, [1, 2]) == expected


def test_pages_grow_after_memory_ran_out_between_two_layers(
    compiled: OpenVinoModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = PagedModel(compiled.compiled, [one.layer for one in compiled.layers])
    text = PagedText()
    model.feed([Feed(text, [5, 6, 7])])
    before = model.feed([Feed(model.fork(text), [8])]).clone()
    first = iter([pages.ov.Tensor])

    def scarce(*args: Any) -> Any:
        make = next(first, None)
        if make is None:
            raise MemoryError
        return make(*args)

    with monkeypatch.context() as patch, pytest.raises(MemoryError):
        patch.setattr(pages, "ov", SimpleNamespace(Tensor=scarce))
        model._grow(300)
    model._grow(200)
    assert torch.equal(model.feed([Feed(model.fork(text), [8])]), before)

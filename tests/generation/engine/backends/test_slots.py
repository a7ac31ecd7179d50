"""Texts in slots: each is the text that it would be alone, no slot waits, and what is asked next may depend on the last."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch

from generation.engine.backends.base import Request
from generation.engine.backends.slots import SlotCache
from generation.engine.backends.torch import TorchBackend
from generation.engine.config import Output, Prompt, SamplingConfig
from generation.engine.loader import LoadedModel

CONFIG = SamplingConfig(temperature=1.0, top_k=50, top_p=1.0, repetition_penalty=1.1, max_new_tokens=30, batch_size=3)
WORDS = ["warm", "coat", "soft", "wool", "winter", "lamp", "garden", "chair", "wood", "steel", "rain", "jacket"]
PROMPTS = [Prompt(f"Product: {' '.join(WORDS[: 1 + 4 * (n % 4)] * (1 + n % 3))}\nHeadline:", "\n") for n in range(12)]


@pytest.fixture
def exact(loaded: LoadedModel) -> Iterator[LoadedModel]:
    """In float32, where the others in a batch change no digit that matters."""
    loaded.model.float()
    yield loaded
    loaded.model.to(loaded.dtype)


def test_each_text_is_the_one_it_would_be_alone(exact: LoadedModel) -> None:
    together = TorchBackend(exact).generate(PROMPTS, CONFIG, list(range(12)))
    alone = [TorchBackend(exact).generate([prompt], CONFIG, [n])[0] for n, prompt in enumerate(PROMPTS)]
    assert [one.text for one in together] == [one.text for one in alone]
    assert [one.mean_logprob for one in together] == pytest.approx([one.mean_logprob for one in alone], abs=1e-4)
    assert len({one.token_count for one in together}) > 4, "they end at different times"


def test_a_text_that_outgrows_the_buffers_goes_on(exact: LoadedModel) -> None:
    long = replace(CONFIG, max_new_tokens=220)
    endless = [Prompt(prompt.text, "never") for prompt in PROMPTS[:5]]
    together = TorchBackend(exact).generate(endless, long, [1, 2, 3, 4, 5])
    alone = [TorchBackend(exact).generate([prompt], long, [n])[0] for n, prompt in enumerate(endless, 1)]
    assert max(one.token_count for one in together) > 120
    assert [one.text for one in together] == [one.text for one in alone]


def test_no_slot_waits_for_the_longest_text(loaded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[int] = []
    inner = loaded.model.forward

    def counting(*args: Any, **values: Any) -> Any:
        if values["input_ids"].shape[1] == 1:
            rows.append(values["input_ids"].shape[0])
        return inner(*args, **values)

    monkeypatch.setattr(loaded.model, "forward", counting)
    lengths = [2, 30, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2]
    prompts = [Prompt(f"{PROMPTS[0].text} ", "never", max_tokens=most) for most in lengths]
    outputs = TorchBackend(loaded).generate(prompts, CONFIG, list(range(16)))
    assert len(rows) <= 29, "the short ones come and go beside the long one"
    assert sum(rows) <= sum(one.token_count for one in outputs), "the first token of a text needs no step"
    assert max(rows) == 3


def test_what_is_asked_next_may_depend_on_what_came(loaded: Any) -> None:
    got: list[Output] = []

    def ask() -> Iterator[Request]:
        while len(got) < 7:
            yield Request(PROMPTS[len(got) % 12], len(got))

    for number, output in TorchBackend(loaded).stream(ask(), CONFIG):
        assert number >= 0
        got.append(output)
    assert 7 <= len(got) <= 7 + CONFIG.batch_size - 1


@torch.inference_mode()
def test_rows_keep_their_own_through_every_move() -> None:
    """Against plain lists: texts come, grow and end in a random order, and every row reads back as what it holds."""
    draw = torch.Generator().manual_seed(4)

    def number(least: int, most: int) -> int:
        return int(torch.randint(least, most, (1,), generator=draw))

    cache, held = SlotCache(4), list[list[float]]()
    for _ in range(300):
        if held and number(0, 4) == 0:
            row = number(0, len(held))
            held[row] = held[-1]
            held.pop()
            cache.drop(row)
        while len(held) < 4 and number(0, 2):
            held.append(torch.rand(number(1, 150), generator=draw).tolist())
            states = torch.tensor(held[-1]).reshape(1, -1, 1)
            cache.add([(states, -states), (states + 1, -states - 1)])
        if not held:
            continue
        news = torch.rand(len(held), generator=draw)
        mask = cache.mask(torch.device("cpu"))
        for layer in range(2):
            new = (news + layer).reshape(-1, 1, 1, 1)
            keys, values = cache.update(new, -new, layer)
        cache.advance()
        for row, texts in enumerate(held):
            texts.append(news[row].item())
            assert keys[row, 0, -len(texts) :, 0].tolist() == pytest.approx([one + 1 for one in texts])
            assert torch.equal(keys, -values)
            if mask is not None:
                assert mask[row].tolist() == [0] * (keys.shape[2] - len(texts)) + [1] * len(texts)
    assert cache.width == max(cache.lengths)

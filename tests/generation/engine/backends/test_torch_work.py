"""How much is computed, counted rather than timed: what made generation slow once must not come back."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from generation.engine.backends.torch import TorchBackend
from generation.engine.config import Prompt, SamplingConfig
from generation.engine.head import Packed

PROMPTS = [Prompt(f"Product: {name}\nHeadline:", "never") for name in ("lamp", "warm coat", "rain jacket", "chair")]
CONFIG = SamplingConfig(max_new_tokens=6, batch_size=16)


@pytest.fixture
def heads(monkeypatch: pytest.MonkeyPatch) -> list[torch.Tensor]:
    """What the output layer was multiplied with, call by call."""
    given: list[torch.Tensor] = []
    inner = Packed.__call__

    def counting(head: Packed, hidden: torch.Tensor) -> torch.Tensor:
        given.append(hidden)
        return inner(head, hidden)

    monkeypatch.setattr(Packed, "__call__", counting)
    return given


def test_the_output_layer_is_given_one_contiguous_row_for_each_token(
    backend: TorchBackend, loaded: Any, heads: list[torch.Tensor]
) -> None:
    """Over a frozen weight, a slice of three dimensions is multiplied 312 times slower."""
    assert not loaded.model.get_output_embeddings().weight.requires_grad
    outputs = backend.generate([prompt for prompt in PROMPTS for _ in range(4)], CONFIG, list(range(16)))
    width = loaded.model.config.hidden_size
    assert all(hidden.is_contiguous() and hidden.shape == (hidden.shape[0], width) for hidden in heads)
    drawn = sum(one.token_count for one in outputs)
    steps = [len(hidden) for hidden in heads]
    # the first token of every text comes from what was read, once for each prompt
    assert sum(steps) <= drawn - 16 + len(PROMPTS) + 16
    assert max(steps) == 16


def test_a_prompt_is_read_once_however_many_texts_it_gets(
    backend: TorchBackend, loaded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows: list[tuple[int, int]] = []
    inner = loaded.model.forward

    def counting(*args: Any, **values: Any) -> Any:
        rows.append(tuple(values["input_ids"].shape))
        return inner(*args, **values)

    monkeypatch.setattr(loaded.model, "forward", counting)
    backend.generate([prompt for prompt in PROMPTS for _ in range(4)], CONFIG, list(range(16)))
    read = [shape for shape in rows if shape[1] > 1]
    assert sum(count for count, _ in read) == len(PROMPTS)
    assert len(rows) - len(read) == CONFIG.max_new_tokens - 1, "one step for all texts at once"


def test_prompts_that_are_wanted_together_are_read_together(
    backend: TorchBackend, loaded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    if loaded.dtype == torch.float32:
        pytest.skip("in float32 only prompts of one length are read together")
    rows: list[int] = []
    inner = loaded.model.forward

    def counting(*args: Any, **values: Any) -> Any:
        rows.extend([len(values["input_ids"])] * (values["input_ids"].shape[1] > 1))
        return inner(*args, **values)

    monkeypatch.setattr(loaded.model, "forward", counting)
    backend.generate(PROMPTS, CONFIG, list(range(len(PROMPTS))))
    assert rows == [len(PROMPTS)]

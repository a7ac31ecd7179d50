"""A prompt is read as it would be alone, whatever is read beside it."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from generation.engine.backends.reading import PromptReader, Read
from generation.engine.config import Prompt
from generation.engine.loader import LoadedModel

NAMES = ("lamp", "warm coat for the winter", "rain jacket", "chair", "garden chair, wood and steel, for two")
SHARED = "Product: warm coat\nHeadline: soft wool for winter\n\n"
LONG = "Product: garden chair\nHeadline: wood and steel for two\n\n" * 12  # longer than the tiny model's window
KINDS = {"alone": "", "behind a beginning": SHARED, "behind a long beginning": LONG}


def prompts(beginning: str) -> list[Prompt]:
    return [Prompt(f"{beginning}Product: {name}\nHeadline:", "\n", shared=len(beginning)) for name in NAMES]


@pytest.fixture(params=[torch.float32, torch.bfloat16])
def model(request: pytest.FixtureRequest, loaded: Any) -> Any:
    request.addfinalizer(lambda: loaded.model.to(loaded.dtype))
    loaded.model.to(request.param)
    return LoadedModel(loaded.model, loaded.tokenizer, loaded.device, request.param)


def assert_same(found: Read, expected: Read, tolerance: float) -> None:
    assert len(found.states) == len(expected.states)
    for one, other in zip(found.states, expected.states, strict=True):
        for mine, right in zip(one, other, strict=True):
            torch.testing.assert_close(mine, right, rtol=tolerance, atol=tolerance)
    torch.testing.assert_close(found.logits, expected.logits, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("beginning", KINDS.values(), ids=KINDS.keys())
def test_together_is_as_alone(model: Any, beginning: str) -> None:
    together = PromptReader(model).read(prompts(beginning))
    assert len({read.states[0][0].shape[1] for read in together}) > 2, "prompts of different length"
    for read, prompt in zip(together, prompts(beginning), strict=True):
        [alone] = PromptReader(model).read([prompt])
        assert_same(read, alone, 2e-2 if model.dtype == torch.bfloat16 else 1e-4)


def test_padding_leaves_the_numbers_of_the_whole_model_as_they_are(model: Any) -> None:
    """Against a plain call of the model, without cache, prompt by prompt."""
    with torch.inference_mode():
        for read, prompt in zip(PromptReader(model).read(prompts("")), prompts(""), strict=True):
            logits = model.model(input_ids=torch.tensor([model.tokenizer.encode(prompt.text)])).logits[0, -1]
            tolerance = 2e-2 if model.dtype == torch.bfloat16 else 1e-4
            torch.testing.assert_close(read.logits, logits, rtol=tolerance, atol=tolerance)


def test_a_prompt_that_is_asked_for_twice_is_read_once_and_what_is_read_keeps_no_neighbour_alive(model: Any) -> None:
    asked = prompts("")
    first, *_, again = PromptReader(model).read([*asked, asked[0]])
    assert first is again
    keys = first.states[0][0]
    assert keys.untyped_storage().nbytes() == keys.nbytes

"""What a model in training writes for a few held-out briefs, so that people see how it learns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from generation.engine.clean import clean
from generation.engine.config import FinishReason, SamplingConfig
from generation.engine.prompts import render
from generation.engine.seeds import derive_seed
from generation.engine.training.augment import planned
from generation.engine.training.dataset import TrainingExample

if TYPE_CHECKING:
    from generation.engine.loader import LoadedModel

SAMPLES, SAMPLE_TOKENS = 3, 120


def samples_of(held_out: Sequence[TrainingExample]) -> list[TrainingExample]:
    """A few held-out briefs, of either language, that the run writes for as it learns."""
    by_language: dict[str, list[TrainingExample]] = {}
    for example in sorted(held_out, key=lambda one: one.id):
        by_language.setdefault(example.brief.language, []).append(example)
    mixed = [one for group in zip(*by_language.values(), strict=False) for one in group]
    return (mixed or list(held_out))[:SAMPLES]


def samples_write(
    shown: Sequence[TrainingExample], model: LoadedModel, template: str, between: Callable[[], object]
) -> list[str]:
    """A text for each. ``between`` is called between their tokens: what it raises ends the writing."""
    from generation.engine.backends.torch import TorchBackend

    def on_token() -> bool:
        between()
        return False

    prompts = [render(template, planned(example)) for example in shown]
    seeds = [derive_seed("sample", example.id) for example in shown]
    outputs = TorchBackend(model).generate(prompts, SamplingConfig(max_new_tokens=SAMPLE_TOKENS), seeds, on_token)
    return [
        clean(output.text, labels=prompt.labels, complete=output.finish_reason is not FinishReason.LENGTH)
        for prompt, output in zip(prompts, outputs, strict=True)
    ]

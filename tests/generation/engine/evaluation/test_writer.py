"""A backend as a writer: prompts, seeds and cleaning of its texts, and losses of given ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from generation.engine.backends.base import OnStep
from generation.engine.config import FinishReason, Language, Output, Prompt, SamplingConfig
from generation.engine.errors import GenerationCancelledError, PromptError
from generation.engine.evaluation.evaluate import evaluate
from generation.engine.evaluation.metrics import MetricName
from generation.engine.evaluation.writer import BackendWriter, Phase
from generation.engine.prompts import render
from generation.engine.seeds import derive_seed
from tests.generation.engine.evaluation.evaluation_maker import brief, item, judge

SAMPLING = SamplingConfig(batch_size=4)


class Echo:
    """A backend that writes what it is told, or its seed, and keeps what it was asked."""

    def __init__(self, text: str = "", reason: FinishReason = FinishReason.STOP) -> None:
        self.text, self.reason = text, reason
        self.asked: list[tuple[list[Prompt], SamplingConfig, list[int]]] = []
        self.scored: list[tuple[str, str]] = []

    def generate(
        self, prompts: Sequence[Prompt], config: SamplingConfig, seeds: Sequence[int], on_step: OnStep | None = None
    ) -> list[Output]:
        if on_step is not None and on_step():
            raise GenerationCancelledError
        self.asked.append((list(prompts), config, list(seeds)))
        return [Output(self.text or f"Warm for {seed}", 5, -1.0, self.reason) for seed in seeds]

    def score(self, texts: Sequence[str], prompt: Prompt | None = None) -> list[float]:
        assert prompt is not None
        self.scored += [(prompt.text[-6:], text) for text in texts]
        return [-0.5 for _ in texts]


def writer(backend: Any, template: str = "brief-1", **values: Any) -> BackendWriter:
    return BackendWriter("version 2", backend, template, SAMPLING, **{"count_tokens": len, **values})


def test_every_text_has_a_seed_that_follows_from_seed_item_and_number() -> None:
    backend = Echo()
    texts = writer(backend).generate([item("a"), item("b", limit=None)], 7, samples=2)
    assert texts == [[f"Warm for {derive_seed(7, name, sample)}" for sample in (0, 1)] for name in "ab"]
    alone = writer(Echo()).generate([item("b", limit=None)], 7, samples=2)
    assert alone == texts[1:]


def test_outputs_that_may_be_equally_long_are_written_together() -> None:
    backend = Echo()
    items = [item(f"i{number}", limit=20 if number % 2 else 60) for number in range(12)]
    writer(backend).generate(items, 1)
    assert [(len(prompts), config.max_new_tokens) for prompts, config, _ in backend.asked] == [
        (4, 21), (2, 21), (4, 39), (2, 39),
    ]  # fmt: skip
    assert {prompt for prompts, _, _ in backend.asked for prompt in prompts} == {
        render("brief-1", one.brief) for one in items
    }


@pytest.mark.parametrize(
    ("raw", "reason", "text"),
    [
        ('"Warm and dry"', FinishReason.STOP, "Warm and dry"),
        ("Warm and dry. Ready for", FinishReason.LENGTH, "Warm and dry."),
        ("Warm and dry and", FinishReason.LENGTH, ""),
        ("Dry", FinishReason.END, ""),
        ("  ", FinishReason.END, ""),
    ],
)
def test_texts_are_cleaned_as_in_use_and_what_is_no_copy_is_empty(raw: str, reason: FinishReason, text: str) -> None:
    assert writer(Echo(raw, reason)).generate([item("a")], 1) == [[text]]


def test_progress_counts_texts_and_stops_between_steps() -> None:
    told: list[tuple[Phase, int, int]] = []
    items = [item(f"i{number}") for number in range(6)]
    writer(Echo()).generate(items, 1, lambda *one: told.append(one))
    assert told == [(Phase.GENERATE, 0, 6), (Phase.GENERATE, 4, 6), (Phase.GENERATE, 6, 6)]
    backend = Echo()
    with pytest.raises(GenerationCancelledError):
        writer(backend).generate(items, 1, lambda phase, done, total: done > 0)
    assert len(backend.asked) == 1


def test_a_loss_is_the_sum_over_the_text_and_its_end() -> None:
    backend = Echo()
    assert writer(backend).losses([(brief(), "Warm")]) == [(0.5 * 5, 5)]
    assert writer(backend, "few-shot-1").losses([(brief(), "Warm"), (brief(Language.ZH_HANS), "保暖")]) == [
        (0.5 * 6, 6), (0.5 * 3, 3),
    ]  # fmt: skip
    assert [text for _, text in backend.scored] == ["Warm\n", " Warm\n", "保暖\n"]


def test_a_template_that_does_not_exist_is_refused() -> None:
    with pytest.raises(PromptError):
        writer(Echo(), "brief-0").generate([item("a")], 1)


def test_a_real_model_is_evaluated_and_comes_out_the_same_again(backend: Any, loaded: Any) -> None:
    def count(text: str) -> int:
        return len(loaded.tokenizer.encode(text, start=False))

    real = writer(backend, count_tokens=count)
    items = [item(f"i{number}", "soft light jacket for every day", limit=None) for number in range(4)]
    first, second = (evaluate(real, items, judge=judge, seed=5, samples_per_item=2) for _ in range(2))
    assert first == second
    loss = first.metrics[MetricName.LOSS]
    assert loss.value is not None
    assert 0 < loss.value < 12
    assert loss.rows[0][1] == count("soft light jacket for every day\n") == 7
    assert any(text for texts in first.texts for text in texts)
    other = evaluate(real, items, judge=judge, seed=6, samples_per_item=2)
    assert other.texts != first.texts
    assert other.metrics[MetricName.LOSS].value == loss.value

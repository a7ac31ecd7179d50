"""Filling an item: what is kept, what is dropped and why, when it ends, and that a lost batch comes out again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from generation.engine.backends.base import OnStep
from generation.engine.config import (
    Check,
    CopyBrief,
    FinishReason,
    Language,
    Output,
    Prompt,
    SamplingConfig,
    SegmentView,
)
from generation.engine.errors import GenerationCancelledError
from generation.engine.generator import LEAST_OUTPUTS, OUTPUTS_PER_TEXT, Batch, Filler
from generation.engine.prompts import render

MakeBrief = Callable[..., CopyBrief]
PROMPT = Prompt(
    "Product: jacket\nHeadline:", "\n", examples=("Soft linen from night one",), labels=("Headline",), least=4
)


def good(text: str) -> Check:
    return Check(length=len(text))


class Scripted:
    """A backend that says what it is told, in order; it keeps what it was asked."""

    def __init__(self, texts: Sequence[str], reason: FinishReason = FinishReason.STOP) -> None:
        self.texts, self.reason = list(texts), reason
        self.asked: list[tuple[int, SamplingConfig, tuple[int, ...]]] = []

    def generate(
        self, prompts: Sequence[Prompt], config: SamplingConfig, seeds: Sequence[int], on_step: OnStep | None = None
    ) -> list[Output]:
        if on_step is not None and on_step():
            raise GenerationCancelledError
        self.asked.append((len(prompts), config, tuple(seeds)))
        texts = [self.texts.pop(0) if self.texts else "" for _ in prompts]
        return [Output(text, 5, -1.0, self.reason) for text in texts]

    def score(self, texts: Sequence[str], prompt: Prompt | None = None) -> list[float]:
        return [-1.0 for _ in texts]


def fill(backend: Any, brief: CopyBrief, wanted: int, **values: Any) -> list[Batch]:
    values = {"prompt": PROMPT, "check": good, "sampling": SamplingConfig(seed=1, batch_size=4), **values}
    return list(Filler(backend=backend, brief=brief, wanted=wanted, **values))


def dropped(batches: Sequence[Batch]) -> Counter[str]:
    return sum((Counter(batch.dropped) for batch in batches), Counter())


def texts(batches: Sequence[Batch]) -> list[str]:
    return [kept.text for batch in batches for kept in batch.kept]


def test_every_reason_is_counted(make_brief: MakeBrief) -> None:
    said = [
        "Warm on every road", "  ", "Light", "在路上更暖", "warm, on every ROAD!", "Soft linen from night one.",
        "Much too long for this", "Never say cheap", "Headline: Ready for the rain", "no",
    ]  # fmt: skip

    def check(text: str) -> Check:
        reason = "too_long" if len(text) > 20 else "never_word" if "cheap" in text else ""
        return Check(reason, len(text), [] if reason else [{"message_key": "x"}])

    batches = fill(Scripted(said), make_brief(), 10, check=check)
    assert texts(batches) == ["Warm on every road", "Light", "Ready for the rain"]
    counted = dropped(batches)
    assert counted["wrong_language"] == 1
    assert counted["duplicate"] == 2
    assert counted["too_long"] == 1
    assert counted["never_word"] == 1
    assert counted["empty"] == sum(batch.outputs for batch in batches) - 3 - 5
    assert batches[0].kept[0].check.findings == [{"message_key": "x"}]


def test_it_ends_when_enough_texts_are_there_and_keeps_none_too_many(make_brief: MakeBrief) -> None:
    words = ["red", "blue", "green", "white", "black", "grey", "brown", "pink", "gold"]
    backend = Scripted([f"A {word} jacket for {word} days" for word in words])
    batches = fill(backend, make_brief(), 5)
    assert len(texts(batches)) == 5
    assert sum(size for size, _, _ in backend.asked) <= 8
    assert not dropped(batches)


def test_it_gives_up_when_the_budget_is_used(make_brief: MakeBrief) -> None:
    for wanted in (1, 10):
        backend = Scripted([])
        batches = fill(backend, make_brief(), wanted)
        outputs = sum(batch.outputs for batch in batches)
        assert texts(batches) == []
        assert 0 < outputs <= max(OUTPUTS_PER_TEXT * wanted, LEAST_OUTPUTS)


def test_texts_that_are_there_count_and_are_not_said_again(make_brief: MakeBrief) -> None:
    backend = Scripted(["Warm on every road", "Dry on every path"])
    batches = fill(backend, make_brief(), 2, already=["Warm on every road!"], first_batch=3)
    assert [batch.number for batch in batches] == [3]
    assert texts(batches) == ["Dry on every path"]
    assert fill(Scripted([]), make_brief(), 1, already=["Warm on every road"]) == []


def test_a_text_that_was_cut_off_is_ended_at_a_sentence_or_dropped(make_brief: MakeBrief) -> None:
    backend = Scripted(["Warm on every road. Ready for", "Warm and dry on every road and"], FinishReason.LENGTH)
    batches = fill(backend, make_brief(), 2)
    assert texts(batches) == ["Warm on every road."]
    assert dropped(batches)["too_long"] >= 1


def test_the_briefs_language_decides(make_brief: MakeBrief) -> None:
    batches = fill(Scripted(["轻装上路，不怕风雨", "Light and dry"]), make_brief(language=Language.ZH_HANS), 2)
    assert texts(batches) == ["轻装上路，不怕风雨"]


def test_the_prompt_says_how_many_tokens_are_enough_and_the_settings_how_many_may_be(make_brief: MakeBrief) -> None:
    for allowed, expected in ((200, 16), (8, 8)):
        backend = Scripted([])
        prompt = Prompt("x", "\n", max_tokens=16)
        fill(backend, make_brief(), 1, prompt=prompt, sampling=SamplingConfig(max_new_tokens=allowed))
        assert backend.asked[0][1].max_new_tokens == expected


def test_every_output_has_a_seed_of_its_own_that_follows_from_run_and_batch(make_brief: MakeBrief) -> None:
    first, second, other = Scripted([]), Scripted([]), Scripted([])
    fill(first, make_brief(), 4)
    fill(second, make_brief(), 4, first_batch=1, spent=4)
    fill(other, make_brief(), 4, sampling=SamplingConfig(seed=2, batch_size=4))
    seeds = [seed for _, _, batch in first.asked for seed in batch]
    assert len(set(seeds)) == len(seeds)
    assert [batch for _, _, batch in first.asked[1:]] == [batch for _, _, batch in second.asked]
    assert not set(seeds) & {seed for _, _, batch in other.asked for seed in batch}


def test_cancelling_reaches_the_backend(make_brief: MakeBrief) -> None:
    with pytest.raises(GenerationCancelledError):
        fill(Scripted(["Warm on every road"]), make_brief(), 1, stop=lambda: True)


def test_nonsense_is_refused(make_brief: MakeBrief) -> None:
    with pytest.raises(ValueError):
        fill(Scripted([]), make_brief(), 0)
    with pytest.raises(ValueError):
        fill(Scripted([]), make_brief(), 1, first_batch=-1)


def test_a_real_model_fills_an_item_and_a_lost_batch_comes_out_again(backend: Any, make_brief: MakeBrief) -> None:
    brief = make_brief(segment=SegmentView("hikers"))
    values = {"prompt": render("few-shot-1", brief), "sampling": SamplingConfig(seed=9)}
    batches = fill(backend, brief, 12, **values)
    assert len(texts(batches)) == 12 == len(set(texts(batches)))
    again = fill(backend, brief, 12, already=[kept.text for kept in batches[0].kept], first_batch=1, **values)
    assert again == batches[1:]
    assert all(kept.mean_logprob < 0 and kept.token_count > 0 for batch in batches for kept in batch.kept)

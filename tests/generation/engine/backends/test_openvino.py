"""The OpenVINO backend against the torch backend over the same tiny model, and its promises: seeds, turns, ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("openvino")

from generation.engine.backends.base import Request
from generation.engine.backends.openvino import OpenVinoBackend
from generation.engine.backends.torch import TorchBackend
from generation.engine.config import FinishReason, Language, Output, Prompt, SamplingConfig
from generation.engine.errors import (
    GenerationCancelledError,
)
from generation.engine.language import matches_language
from generation.engine.openvino_export import export, load_export
from tests.generation.engine.backends.prompts import CONFIG, PROMPT, PROMPTS, TEXTS, WORDS

GREEDY = SamplingConfig(temperature=0.01, top_k=1, top_p=1.0, repetition_penalty=1.0, max_new_tokens=25)


@pytest.fixture
def exact(loaded: Any) -> Iterator[TorchBackend]:
    loaded.model.float()
    yield TorchBackend(loaded)
    loaded.model.to(loaded.dtype)


def test_scores_are_those_of_torch_but_for_the_lost_digits(quantised: OpenVinoBackend, exact: TorchBackend) -> None:
    assert quantised.score(TEXTS, PROMPT) == pytest.approx(exact.score(TEXTS, PROMPT), abs=0.05)
    assert quantised.score(TEXTS) == pytest.approx(exact.score(TEXTS), abs=0.05)
    with pytest.raises(ValueError):
        quantised.score([""])


def test_the_likeliest_text_is_as_likely_to_torch(quantised: OpenVinoBackend, exact: TorchBackend) -> None:
    """Two nearly equal tokens may change places, so it is the log-probability that is compared, token for token."""
    outputs = quantised.generate(PROMPTS, GREEDY, list(range(12)))
    same = exact.generate(PROMPTS, GREEDY, list(range(12)))
    assert sum(one.text == other.text for one, other in zip(outputs, same, strict=True)) >= 6
    for prompt, output in zip(PROMPTS, outputs, strict=True):
        if output.finish_reason is FinishReason.STOP:
            assert exact.score([output.text + "\n"], prompt)[0] == pytest.approx(output.mean_logprob, abs=0.05)


def test_the_score_while_writing_is_the_score_of_the_written_text(quantised: OpenVinoBackend) -> None:
    outputs = [one for one in quantised.generate([PROMPT] * 8, CONFIG, list(range(8))) if one.finish_reason == "stop"]
    assert outputs
    for output in outputs:
        assert quantised.score([output.text + "\n"], PROMPT)[0] == pytest.approx(output.mean_logprob, abs=0.03)


def test_texts_longer_than_a_page_and_the_window_are_read_as_torch_reads_them(
    quantised: OpenVinoBackend, exact: TorchBackend
) -> None:
    long = Prompt(" ".join(WORDS * 30) + "\nHeadline:", "\n", shared=500)
    assert quantised.score([" garden chair"], long) == pytest.approx(exact.score([" garden chair"], long), abs=0.05)
    outputs = quantised.generate([long] * 4, CONFIG, [1, 2, 3, 4])
    assert quantised.score([outputs[0].text + "\n"], long) == pytest.approx(
        exact.score([outputs[0].text + "\n"], long), abs=0.05
    )


def test_the_same_seed_gives_the_same_text_and_another_seed_another(quantised: OpenVinoBackend) -> None:
    first = quantised.generate([PROMPT] * 4, CONFIG, [1, 2, 3, 4])
    assert quantised.generate([PROMPT] * 4, CONFIG, [1, 2, 3, 4]) == first
    assert len({output.text for output in first}) == 4


def test_outputs_come_in_the_order_of_their_prompts(quantised: OpenVinoBackend) -> None:
    lengths = [2, 30, 5, 1, 9, 30, 3]
    prompts = [Prompt(one.text, "never", max_tokens=most) for one, most in zip(PROMPTS, lengths, strict=False)]
    outputs = quantised.generate(prompts, CONFIG, list(range(7)))
    counts = [one.token_count for one in outputs if one.finish_reason is FinishReason.LENGTH]
    assert counts and all(one.token_count <= most for one, most in zip(outputs, lengths, strict=True))
    assert [one.token_count for one in outputs if one.finish_reason is FinishReason.LENGTH] == [
        most for one, most in zip(outputs, lengths, strict=True) if one.finish_reason is FinishReason.LENGTH
    ]
    with pytest.raises(ValueError):
        quantised.generate([PROMPT], CONFIG, [1, 2])
    assert quantised.generate([], CONFIG, []) == []


def test_texts_end_at_the_delimiter_and_hold_no_special_token(quantised: OpenVinoBackend) -> None:
    outputs = quantised.generate([PROMPT] * 60, replace(CONFIG, batch_size=16), list(range(60)))
    assert sum(one.finish_reason is FinishReason.STOP for one in outputs) > 30
    assert len({one.text for one in outputs}) > 50
    assert all("\n" not in one.text and "<" not in one.text and one.text.strip() for one in outputs)


def test_ending_gets_likelier_from_the_aim_on(quantised: OpenVinoBackend) -> None:
    def mean_length(prompt: Prompt) -> float:
        outputs = quantised.generate([prompt] * 60, replace(CONFIG, batch_size=20), list(range(60)))
        return sum(len(output.text) for output in outputs) / len(outputs)

    assert mean_length(Prompt(PROMPT.text, "\n", aim=10)) < 0.7 * mean_length(PROMPT)


def test_what_a_prompt_bans_never_comes_out_and_its_limit_ends_a_text(quantised: OpenVinoBackend) -> None:
    """As with torch: both draw through the same `rows.RowWriter`."""
    config = SamplingConfig(temperature=1.0, top_p=1.0, repetition_penalty=1.0, max_new_tokens=30)
    free = quantised.generate([PROMPT] * 60, config, list(range(60)))
    words = Counter(word for one in free for word in one.text.split() if len(word) > 3)
    often = tuple(word for word, _ in words.most_common(4))
    held = quantised.generate([replace(PROMPT, banned=often)] * 60, config, list(range(60)))
    assert not any(word.casefold() in one.text.casefold().split() for word in often for one in held)
    cut = quantised.generate([replace(PROMPT, limit=12)] * 60, config, list(range(60)))
    assert max(one.token_count for one in cut) < max(one.token_count for one in free)
    assert any(one.finish_reason is FinishReason.LENGTH for one in cut)


def test_other_scripts_appear_only_where_the_brief_names_them(model_root: Path, exports: Path) -> None:
    place = export(model_root / "tiny-zh", None, exports, model_root=model_root)
    backend = OpenVinoBackend(load_export(place, threads=1))
    chinese = Prompt("商品：外套\n标题：", "\n", language=Language.ZH_HANS)
    outputs = backend.generate([chinese] * 20, CONFIG, list(range(20)))
    assert sum(matches_language(output.text, "zh-hans") for output in outputs) > 15
    english = Prompt("商品：外套\n标题：", "\n", language=Language.EN)
    outputs = backend.generate([english] * 10, CONFIG, list(range(10)))
    assert not any("外套" in output.text or "椅子" in output.text for output in outputs)


def test_cancelling_ends_the_call_between_two_steps_and_gives_its_pages_back(quantised: OpenVinoBackend) -> None:
    asked = 0

    def cancel_at_third() -> bool:
        nonlocal asked
        asked += 1
        return asked == 3

    with pytest.raises(GenerationCancelledError):
        quantised.generate([PROMPT] * 3, CONFIG, [1, 2, 3], cancel_at_third)
    assert asked == 3
    kept = quantised.model.pages_in_use
    with pytest.raises(GenerationCancelledError):
        quantised.generate([PROMPT] * 3, CONFIG, [1, 2, 3], lambda: True)
    assert quantised.model.pages_in_use == kept


def test_what_is_asked_next_may_depend_on_what_came(quantised: OpenVinoBackend) -> None:
    got: list[Output] = []

    def ask() -> Iterator[Request]:
        while len(got) < 7:
            yield Request(PROMPTS[len(got) % 12], len(got))

    for _, output in quantised.stream(ask(), CONFIG):
        got.append(output)
    assert 7 <= len(got) <= 7 + CONFIG.batch_size - 1


def test_two_streams_take_turns(quantised: OpenVinoBackend) -> None:
    requests = [Request(prompt, seed) for seed, prompt in enumerate(PROMPTS)]
    apart = dict(quantised.stream(requests, CONFIG))
    first, second = quantised.stream(requests, CONFIG), quantised.stream(requests, CONFIG)
    turns = list(zip(first, second, strict=True))
    assert dict(one for one, _ in turns) == apart == dict(other for _, other in turns)

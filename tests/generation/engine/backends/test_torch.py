"""The torch backend against transformers' own `generate`, and its promises: seeds, stops, cancelling, masks."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from generation.engine.backends.rows import Row
from generation.engine.backends.torch import TorchBackend
from generation.engine.config import FinishReason, Language, Prompt, SamplingConfig
from generation.engine.errors import GenerationCancelledError, ModelNumbersError
from generation.engine.held import held
from generation.engine.language import matches_language
from generation.engine.loader import load
from generation.engine.seeds import derive_seed

CONFIG = SamplingConfig(temperature=1.0, top_k=50, top_p=1.0, repetition_penalty=1.0, max_new_tokens=40)
GREEDY = SamplingConfig(temperature=0.01, top_k=1, top_p=1.0, repetition_penalty=1.0, max_new_tokens=25)
SHARED = "Product: warm coat\nHeadline: soft wool for winter\n\n"
PROMPT = Prompt(SHARED + "Product: rain jacket\nHeadline:", "\n", shared=len(SHARED))
OTHER = Prompt("Product: lamp\nHeadline:", "\n")


def test_greedy_output_is_that_of_transformers_token_for_token(loaded: Any) -> None:
    model = loaded.model.float()
    backend = TorchBackend(loaded)
    for prompt in (PROMPT, OTHER, Prompt("garden chair, wood and steel", "\n")):
        ids = torch.tensor([loaded.tokenizer.encode(prompt.text)])
        banned = [[i] for i in loaded.tokenizer.banned_ids]
        first = [*loaded.tokenizer.banned_ids, *loaded.tokenizer.blank_ids]
        expected = model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            do_sample=False,
            max_new_tokens=GREEDY.max_new_tokens,
            bad_words_ids=banned,
            begin_suppress_tokens=first,
            stop_strings=None,
        )[0, ids.shape[1] :].tolist()
        text, _, _ = loaded.tokenizer.decode(expected).partition("\n")
        output = backend.generate([prompt], GREEDY, [0])[0]
        assert output.text == text
    loaded.model.to(loaded.dtype)


def test_the_same_seed_gives_the_same_text_and_another_seed_another(backend: TorchBackend) -> None:
    first = backend.generate([PROMPT] * 4, CONFIG, [1, 2, 3, 4])
    assert backend.generate([PROMPT] * 4, CONFIG, [1, 2, 3, 4]) == first
    assert len({output.text for output in first}) == 4


def test_outputs_of_neighbouring_seeds_begin_apart(backend: TorchBackend) -> None:
    opening = replace(CONFIG, max_new_tokens=3)
    begun = {}
    for arithmetic in (True, False):
        config = replace(opening, arithmetic=arithmetic)
        texts = [output.text for output in backend.generate([PROMPT] * 160, config, range(160))]
        begun[arithmetic] = sum(len({text[:6] for text in texts[first : first + 8]}) for first in range(0, 160, 8))
    assert begun[True] > begun[False]


def test_each_output_is_drawn_from_the_same_distribution_all_the_same(backend: TorchBackend) -> None:
    """Two samples of three tokens, with a penalty that depends on what was drawn: a chi-square test of homogeneity."""
    opening = replace(CONFIG, top_k=4, top_p=0.9, repetition_penalty=1.3, max_new_tokens=3)
    seeds = [derive_seed(number) for number in range(1500)]
    found = [
        Counter(one.text for one in backend.generate([PROMPT] * len(seeds), replace(opening, arithmetic=on), seeds))
        for on in (True, False)
    ]
    texts = [text for text, count in (found[0] + found[1]).items() if count >= 20]
    pairs = [[one[text] for text in texts] for one in found]
    pairs = [[*counts, len(seeds) - sum(counts)] for counts in pairs]
    chi = sum((left - right) ** 2 / max(1, left + right) for left, right in zip(*pairs, strict=True))
    degrees = len(texts)
    assert degrees > 5 and chi < degrees + 3.5 * (2 * degrees) ** 0.5


def test_a_rows_number_ends_where_it_is_used_up_or_a_token_was_refused() -> None:
    row = Row(number=0, held=held(PROMPT), most=4, chances=[0.1, 0.2, 0.3, 0.4], code=0.7, open=1.0)
    assert row.chance == 0.7
    row.drew(0.6, 0.5)
    row.tokens.append(3)
    assert (row.chance, row.open) == (0.6, 0.5)
    row.drew(0.9, 1 / 32)
    row.tokens.append(3)
    assert row.chance == 0.3, "1 text in 64 begins so"
    row.drew(0.5, 0.5)
    assert row.chance == 0.3
    refused = Row(number=0, held=held(PROMPT), most=4, chances=[0.1, 0.2], code=0.7, open=1.0)
    refused.drew(0.6, 0.0)
    refused.tokens.append(3)
    assert refused.chance == 0.2


def test_a_text_depends_on_its_seed_and_not_on_what_else_is_in_the_batch(loaded: Any) -> None:
    loaded.model.float()
    backend = TorchBackend(loaded)
    alone = backend.generate([PROMPT], CONFIG, [7])[0]
    among = backend.generate([OTHER, PROMPT, PROMPT, OTHER], CONFIG, [1, 2, 7, 3])[2]
    loaded.model.to(loaded.dtype)
    assert among.text == alone.text
    assert among.mean_logprob == pytest.approx(alone.mean_logprob, abs=1e-4)


def test_outputs_come_in_the_order_of_their_prompts(loaded: Any) -> None:
    loaded.model.float()
    backend = TorchBackend(loaded)
    mixed = backend.generate([PROMPT, OTHER, PROMPT], CONFIG, [1, 2, 3])
    apart = [backend.generate([prompt], CONFIG, [seed])[0] for prompt, seed in ((PROMPT, 1), (OTHER, 2), (PROMPT, 3))]
    loaded.model.to(loaded.dtype)
    assert [output.text for output in mixed] == [output.text for output in apart]


def test_texts_end_at_the_delimiter_and_are_varied(backend: TorchBackend) -> None:
    outputs = backend.generate([PROMPT] * 200, CONFIG, list(range(200)))
    assert Counter(output.finish_reason for output in outputs)[FinishReason.STOP] > 130
    assert len({output.text for output in outputs}) > 180
    assert all("\n" not in output.text and output.text.strip() for output in outputs)


def test_a_text_that_does_not_end_is_cut_at_the_most_tokens(backend: TorchBackend) -> None:
    config = SamplingConfig(max_new_tokens=3)
    outputs = backend.generate([Prompt(PROMPT.text, "never")] * 8, config, list(range(8)))
    assert {output.finish_reason for output in outputs} <= {FinishReason.LENGTH, FinishReason.END}
    assert max(output.token_count for output in outputs) == 3


def test_cancelling_ends_the_call_between_two_steps(backend: TorchBackend) -> None:
    asked = 0

    def cancel_at_third() -> bool:
        nonlocal asked
        asked += 1
        return asked == 3

    with pytest.raises(GenerationCancelledError):
        backend.generate([PROMPT] * 4, CONFIG, [1, 2, 3, 4], cancel_at_third)
    assert asked == 3


def test_special_tokens_are_never_written(backend: TorchBackend, loaded: Any) -> None:
    banned = set(loaded.tokenizer.banned_ids)
    assert {0, 2, 3} <= banned and 1 not in banned
    assert not any("<" in output.text for output in backend.generate([PROMPT] * 50, CONFIG, list(range(50))))


def test_digits_and_other_scripts_appear_only_where_the_brief_names_them(model_root: Path) -> None:
    from generation.engine.loader import load

    backend = TorchBackend(load(model_root / "tiny-zh", model_root=model_root, threads=1))
    prompt = Prompt("商品：外套\n标题：", "\n", language=Language.ZH_HANS)
    outputs = backend.generate([prompt] * 50, CONFIG, list(range(50)))
    assert sum(matches_language(output.text, "zh-hans") for output in outputs) > 40
    english = Prompt("商品：外套\n标题：", "\n", language=Language.EN)
    outputs = backend.generate([english] * 20, CONFIG, list(range(20)))
    assert not any("外套" in output.text or "椅子" in output.text for output in outputs)


def test_ending_gets_likelier_from_the_aim_on(backend: TorchBackend) -> None:
    def mean_length(prompt: Prompt) -> float:
        outputs = backend.generate([prompt] * 100, CONFIG, list(range(100)))
        return sum(len(output.text) for output in outputs) / len(outputs)

    assert mean_length(Prompt(PROMPT.text, "\n", aim=10)) < 0.7 * mean_length(PROMPT)


def test_the_score_while_writing_is_the_score_of_the_written_text(loaded: Any) -> None:
    loaded.model.float()
    backend = TorchBackend(loaded)
    output = next(
        output
        for output in backend.generate([PROMPT] * 8, CONFIG, list(range(8)))
        if output.finish_reason is FinishReason.STOP
    )
    score = backend.score([output.text + "\n"], PROMPT)[0]
    loaded.model.to(loaded.dtype)
    assert score == pytest.approx(output.mean_logprob, abs=1e-3)


def test_scores_without_a_prompt_are_means_of_log_probabilities(backend: TorchBackend) -> None:
    scores = backend.score(["soft wool for winter", "lamp"])
    assert all(score < 0 for score in scores)
    with pytest.raises(ValueError):
        backend.score([""])


def test_a_model_whose_numbers_are_none_writes_nothing_and_scores_none(model_root: Path) -> None:
    broken = load(model_root / "tiny", model_root=model_root, threads=1)
    broken.model.get_output_embeddings().weight.fill_(math.nan)
    backend = TorchBackend(broken)
    with pytest.raises(ModelNumbersError):
        backend.generate([PROMPT], CONFIG, [1])
    assert math.isnan(backend.score(["soft wool for winter"], PROMPT)[0])


def test_the_shared_beginning_is_read_once(backend: TorchBackend, loaded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    inner = loaded.model.forward

    def counting(*args: Any, **values: Any) -> Any:
        read.append(values["input_ids"].numel())
        return inner(*args, **values)

    monkeypatch.setattr(loaded.model, "forward", counting)
    one = SamplingConfig(max_new_tokens=1)
    first = backend.generate([PROMPT] * 8, one, list(range(8)))
    shared, rest = read
    read.clear()
    assert backend.generate([PROMPT] * 8, one, list(range(8))) == first
    assert read == [], "the whole prompt is kept for a while"
    other = Prompt(SHARED + "Product: lamp\nHeadline:", "\n", shared=len(SHARED))
    backend.generate([other] * 8, one, list(range(8)))
    assert len(read) == 1 and read[0] < shared > rest


def test_prompts_and_seeds_must_be_as_many(backend: TorchBackend) -> None:
    with pytest.raises(ValueError):
        backend.generate([PROMPT], CONFIG, [1, 2])
    assert backend.generate([], CONFIG, []) == []

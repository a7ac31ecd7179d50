"""What a prompt bans never comes out, its limit ends a text, and all others stay what they were."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from generation.engine.backends.torch import TorchBackend
from generation.engine.config import FinishReason, Output, Prompt, SamplingConfig
from generation.engine.loader import load

CONFIG = SamplingConfig(temperature=1.0, top_k=50, top_p=1.0, repetition_penalty=1.0, max_new_tokens=30, batch_size=8)
PROMPT = Prompt("Product: rain jacket\nHeadline:", "\n")
SEEDS = list(range(150))


def words(texts: list[str]) -> Counter[str]:
    found = (word.strip(",.!，。！") for text in texts for word in text.split())
    return Counter(word for word in found if word)


def test_a_banned_word_never_comes_out_though_it_did(backend: TorchBackend) -> None:
    free = words([one.text for one in backend.generate([PROMPT] * 150, CONFIG, SEEDS)])
    banned = tuple(word.upper() for word, _ in free.most_common(5))
    outputs = backend.generate([replace(PROMPT, banned=banned)] * 150, CONFIG, SEEDS)
    held = words([one.text for one in outputs])
    assert sum(free.values()) > 300 and not any(word in held for word, _ in free.most_common(5))
    assert sum(held.values()) > 300
    assert all(one.mean_logprob <= 0 for one in outputs)


def test_a_banned_pair_is_not_completed_while_each_word_stays(backend: TorchBackend) -> None:
    """The second word of a pair is refused only after the first: a word that spans tokens."""
    texts = [one.text for one in backend.generate([PROMPT] * 150, CONFIG, SEEDS)]
    pairs = Counter(pair for text in texts for pair in zip(text.split(), text.split()[1:], strict=False))
    often = [" ".join(pair) for pair, _ in pairs.most_common(20)]
    held = [one.text for one in backend.generate([replace(PROMPT, banned=tuple(often))] * 150, CONFIG, SEEDS)]
    assert not any(pair in text for pair in often for text in held)
    found = words(held)
    assert sum(found[word] > 0 for pair in often for word in pair.split()) > 20


def test_a_text_without_banned_words_is_the_same_beside_one_with(loaded: Any) -> None:
    loaded.model.float()
    backend = TorchBackend(loaded)
    alone = backend.generate([PROMPT] * 20, CONFIG, SEEDS[:20])
    hard = replace(PROMPT, banned=tuple(words([one.text for one in alone])))
    mixed = backend.generate([PROMPT, hard] * 20, CONFIG, [seed for seed in SEEDS[:20] for _ in range(2)])
    loaded.model.to(loaded.dtype)
    assert [one.text for one in mixed[::2]] == [one.text for one in alone]
    assert [one.text for one in mixed[1::2]] != [one.text for one in alone]


def test_a_ban_that_nothing_runs_into_changes_nothing(backend: TorchBackend) -> None:
    held = replace(PROMPT, banned=("zeppelin", "最好"), emoji=False, limit=10_000)
    assert backend.generate([held] * 30, CONFIG, SEEDS[:30]) == backend.generate([PROMPT] * 30, CONFIG, SEEDS[:30])


def test_a_text_past_its_limit_is_ended_at_once(backend: TorchBackend) -> None:
    prompt = replace(PROMPT, stop="never", limit=20)
    outputs = backend.generate([prompt] * 40, CONFIG, SEEDS[:40])
    cut = [one for one in outputs if len(one.text.strip()) > 20]
    assert cut and {one.finish_reason for one in cut} == {FinishReason.LENGTH}
    assert all(len(one.text.strip().rpartition(" ")[0]) <= 20 for one in cut), "one token too many, never two"


def test_near_the_limit_a_clause_ends_the_text(model_root: Path) -> None:
    loaded = load(model_root / "tiny-zh", model_root=model_root, threads=1)
    comma, head = loaded.tokenizer.encode("，", start=False)[0], loaded.model.get_output_embeddings().weight
    head[comma] = head[loaded.tokenizer.encode("\n", start=False)[0]]  # as likely as the end: about 1 token in 12
    backend, free = TorchBackend(loaded), Prompt("商品：外套\n标题：", "\n")

    def written(prompt: Prompt) -> list[Output]:
        return backend.generate([prompt] * 450, CONFIG, range(450))

    def ended(outputs: list[Output], limit: int) -> int:
        near = [one for one in outputs if one.text.endswith("，") and limit // 2 <= len(one.text) <= limit]
        return sum(one.finish_reason is FinishReason.STOP for one in near)

    without = written(free)
    found = [(ended(written(replace(free, limit=limit)), limit), ended(without, limit)) for limit in (10, 12, 16)]
    assert sum(near for near, _ in found) > 1.5 * sum(chance for _, chance in found)


def test_where_an_emoji_is_wanted_and_can_stand_it_is_likely(model_root: Path) -> None:
    loaded = load(model_root / "tiny-zh", model_root=model_root, threads=1)
    comma, head = loaded.tokenizer.encode("，", start=False)[0], loaded.model.get_output_embeddings().weight
    head[comma] = head[loaded.tokenizer.encode("\n", start=False)[0]]
    backend, free = TorchBackend(loaded), Prompt("商品：外套\n标题：", "\n")
    written, pieces = (
        "".join(one.text for one in backend.generate([free] * 60, CONFIG, SEEDS[:60])),
        loaded.tokenizer.pieces,
    )
    often = max(range(len(pieces)), key=lambda token: written.count(pieces[token]) if len(pieces[token]) == 2 else 0)
    some, pieces[often] = pieces[often], "🎒"  # the tiny vocabulary has no emoji

    def behind_a_clause(prompt: Prompt) -> float:
        texts = "".join(f"{one.text} " for one in backend.generate([prompt] * 60, CONFIG, SEEDS[:60]))
        return texts.count(f"，{some}") / texts.count("，")

    assert behind_a_clause(replace(free, emoji=True)) > 0.5 > behind_a_clause(free)

"""A GGUF file becomes a folder that transformers loads, with the same weights and SentencePiece's own tokens."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from generation.engine.gemma_convert import convert, hugging_face_name
from generation.engine.gguf_file import GGUFError, GGUFFile, to_bfloat16
from generation.engine.tokens import TextTokenizer
from tests.generation.engine.gguf_maker import LAYERS, make_gguf, vocabulary


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, np.ndarray]]:
    folder = tmp_path_factory.mktemp("gguf")
    values = make_gguf(folder / "tiny.gguf")
    target = folder / "tiny"
    target.mkdir()
    steps: list[float] = []
    convert(folder / "tiny.gguf", target, lambda _step, done: steps.append(done))
    assert steps == sorted(steps) and steps[-1] == 1.0
    return target, values


def pieces_by_sentencepiece(text: str) -> list[str]:
    """The reference: join the best-scored neighbouring pair, the first of equals, until none is a token."""
    tokens, scores, kinds = vocabulary()
    score = {token: value for token, value, kind in zip(tokens, scores, kinds, strict=True) if kind == 1}
    found = list(text.replace(" ", "▁"))
    while True:
        pairs = [(score[a + b], -i) for i, (a, b) in enumerate(pairwise(found)) if a + b in score]
        if not pairs:
            return found
        place = -max(pairs)[1]
        found[place : place + 2] = [found[place] + found[place + 1]]


@pytest.mark.parametrize("text", [" running light", " runlight", "lightning running", "跑步 跑", "hunting light", "zz"])
def test_tokens_are_those_of_sentencepiece(converted: tuple[Path, object], text: str) -> None:
    tokenizer = TextTokenizer.from_folder(converted[0])
    tokens, _, _ = vocabulary()
    ids = tokenizer.encode(text)
    assert ids[0] == tokens.index("<bos>")
    assert [tokens[i] for i in ids[1:]] == pieces_by_sentencepiece(text)
    assert tokenizer.decode(ids) == text


def test_what_the_vocabulary_lacks_is_spelled_in_bytes_and_comes_back(converted: tuple[Path, object]) -> None:
    tokenizer = TextTokenizer.from_folder(converted[0])
    assert tokenizer.decode(tokenizer.encode("run 🏃 é")) == "run 🏃 é"
    assert tokenizer.end_ids == {1} and tokenizer.pad_id == 0


def test_transformers_loads_the_folder_with_the_weights_of_the_file(
    converted: tuple[Path, dict[str, np.ndarray]],
) -> None:
    from transformers import AutoModelForCausalLM

    folder, values = converted
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16, local_files_only=True)
    state = model.state_dict()
    for name, value in values.items():
        loaded = state[hugging_face_name(f"{name}.weight")].float().numpy()
        assert loaded.shape == value.shape
        # 5-bit blocks of 32 with a common scale: half a step, and bfloat16's eight bits
        assert np.abs(loaded - value).max() < (0.09 if "ffn" in name else 0.03)
    kinds = model.config.layer_types
    assert kinds == ["sliding_attention"] * 5 + ["full_attention"] and len(kinds) == LAYERS
    assert model.config.rope_parameters["sliding_attention"]["rope_theta"] == 10_000


def test_rounding_to_bfloat16_is_that_of_torch() -> None:
    values = np.random.default_rng(0).normal(size=10_000).astype(np.float32)
    expected = torch.from_numpy(values).to(torch.bfloat16).view(torch.int16).numpy().view(np.uint16)
    assert np.array_equal(to_bfloat16(values), expected)


def test_another_architecture_is_refused(tmp_path: Path) -> None:
    make_gguf(tmp_path / "other.gguf", architecture="llama")
    with pytest.raises(GGUFError, match="llama"):
        convert(tmp_path / "other.gguf", tmp_path, lambda _step, _done: None)


@pytest.mark.parametrize("damage", [b"", b"GGUF", b"GGML" + b"\0" * 60, b"GGUF\x02\0\0\0" + b"\0" * 60])
def test_what_is_no_gguf_file_is_refused(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "x.gguf").write_bytes(damage)
    with pytest.raises(ValueError):
        GGUFFile(tmp_path / "x.gguf")


def test_a_tensor_that_gemma_does_not_have_is_refused() -> None:
    with pytest.raises(GGUFError):
        hugging_face_name("blk.0.ssm_in.weight")

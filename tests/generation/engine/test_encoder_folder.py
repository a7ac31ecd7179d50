"""An encoder from a folder computes what it should, and a folder that should not be opened is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generation.engine.encoder import PREFIX, BundledEncoder, FolderEncoder, open_encoder
from generation.engine.errors import ModelFolderError

WORDS = [
    "query",
    ":",
    "soft",
    "wool",
    "lamp",
    "tent",
    "rain",
    "boots",
    "warm",
    "dry",
    "light",
    "羊",
    "毛",
    "帐",
    "篷",
    "灯",
]
SPECIAL = ["<pad>", "<s>", "</s>", "<unk>"]


def make_tiny_encoder(folder: Path, kind: str = "bert", seed: int = 0) -> Path:
    """A random encoder of `kind` with a vocabulary of a few words, in the Hugging Face layout."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import AutoConfig, AutoModel

    folder.mkdir(parents=True)
    vocabulary = {word: number for number, word in enumerate([*SPECIAL, *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens(SPECIAL)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", vocabulary["<s>"]), ("</s>", vocabulary["</s>"])]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(seed)
    config = AutoConfig.for_model(
        kind,
        vocab_size=len(vocabulary),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=64,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        initializer_range=0.5,
    )
    AutoModel.from_config(config).save_pretrained(folder)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_tiny_encoder(tmp_path / "models" / "tiny")


@pytest.mark.parametrize("kind", ["bert", "xlm-roberta"])
def test_a_folder_is_averaged_over_the_tokens_of_each_text_alone(tmp_path: Path, kind: str) -> None:
    import torch
    from tokenizers import Tokenizer
    from transformers import AutoModel

    path = make_tiny_encoder(tmp_path / "models" / "tiny", kind)
    texts = ["soft wool", "lamp", "warm dry light tent rain boots", "帐 篷 灯", ""]
    found = FolderEncoder(path, path.parent).encode(texts)
    model, tokenizer = AutoModel.from_pretrained(path), Tokenizer.from_file(str(path / "tokenizer.json"))
    for row, text in zip(found, texts, strict=True):
        with torch.inference_mode():
            hidden = model(torch.tensor([tokenizer.encode(PREFIX + text).ids])).last_hidden_state[0]
        mean = hidden.mean(dim=0).numpy()
        assert np.allclose(row, mean / np.linalg.norm(mean), atol=1e-5)


@pytest.mark.parametrize("kind", ["bert", "xlm-roberta"])
@pytest.mark.parametrize("text", ["", "\0", "\ud800", "wool " * 1000, "</s> <pad> <s>"])
def test_any_text_has_a_vector_from_a_folder(tmp_path: Path, kind: str, text: str) -> None:
    path = make_tiny_encoder(tmp_path / "models" / "tiny", kind)
    vector = FolderEncoder(path, path.parent).encode([text])[0]
    assert np.isclose(np.linalg.norm(vector), 1, atol=1e-5)


def test_a_special_token_in_a_text_is_text(folder: Path) -> None:
    encoder = FolderEncoder(folder, folder.parent)
    assert not np.allclose(*encoder.encode(["wool <pad> lamp", "wool lamp"]), atol=1e-3)


def test_many_texts_of_many_lengths_go_in_several_batches(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generation.engine.encoder._BATCH_TOKENS", 64)
    encoder = FolderEncoder(folder, folder.parent)
    assert encoder.encode([]).shape == (0, encoder.dimensions)
    sizes: list[int] = []
    pooled = encoder._pooled
    monkeypatch.setattr(encoder, "_pooled", lambda rows: sizes.append(len(rows) * max(map(len, rows))) or pooled(rows))
    texts = [" ".join(WORDS[2 : 2 + number % 10]) for number in range(40)]
    found = encoder.encode(texts)
    assert len(sizes) > 3 and max(sizes) <= 64
    assert np.allclose(found, np.concatenate([encoder.encode([text]) for text in texts]), atol=1e-5)


def test_a_models_id_follows_its_content_not_its_place(tmp_path: Path) -> None:
    first, second, other = (
        FolderEncoder(make_tiny_encoder(tmp_path / root / "tiny", seed=seed), tmp_path / root).model_id
        for root, seed in (("a", 0), ("b", 0), ("c", 1))
    )
    assert first == second != other
    assert first.startswith("tiny/")


def test_the_encoder_is_the_bundled_one_unless_a_folder_is_given(folder: Path) -> None:
    assert isinstance(open_encoder(None, folder.parent), BundledEncoder)
    assert isinstance(open_encoder(folder, folder.parent), FolderEncoder)
    with pytest.raises(ValueError):
        open_encoder(folder)


def _config(**values: Any) -> Any:
    def change(folder: Path) -> None:
        path = folder / "config.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **values}))

    return change


HOSTILE = {
    "a pickle beside the weights": lambda folder: (folder / "pytorch_model.bin").write_bytes(b""),
    "code of its own": _config(auto_map={"AutoModel": "modeling.Evil"}),
    "a model that writes": _config(model_type="gemma3_text"),
    "a decoder": _config(is_decoder=True),
    "an unknown kind": _config(model_type="bertx"),
    "a kind that is no name": _config(model_type=["bert"]),
    "positions that are no number": _config(max_position_embeddings="many"),
    "no room for a token": _config(max_position_embeddings=1),
    "sizes that do not fit": _config(hidden_size=64),
    "more layers than weights": _config(num_hidden_layers=3),
    "fewer words than the tokenizer": _config(vocab_size=5),
    "padding outside the vocabulary": _config(pad_token_id=999),
    "no tokenizer": lambda folder: (folder / "tokenizer.json").unlink(),
    "a damaged tokenizer": lambda folder: (folder / "tokenizer.json").write_text("{"),
    "damaged weights": lambda folder: (folder / "model.safetensors").write_bytes(b"\xff" * 64),
    "no weights": lambda folder: (folder / "model.safetensors").unlink(),
    "a link that leads out": lambda folder: (folder / "extra.json").symlink_to("/etc/hostname"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_folder_that_is_hostile_or_damaged_is_refused(folder: Path, name: str) -> None:
    HOSTILE[name](folder)
    with pytest.raises(ModelFolderError):
        open_encoder(folder, folder.parent)


def test_weights_that_are_no_numbers_are_refused(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    name = next(name for name in weights if "LayerNorm.bias" in name)
    save_file({**weights, name: weights[name] * float("nan")}, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelFolderError, match="no numbers"):
        open_encoder(folder, folder.parent)


def test_a_folder_outside_the_root_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    with pytest.raises(ModelFolderError, match="not a folder inside"):
        open_encoder(folder, tmp_path / "elsewhere")

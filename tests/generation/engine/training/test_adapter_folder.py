"""What a training leaves: a whole folder with its lineage and a manifest, written once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from generation.engine.errors import ModelFolderError
from generation.engine.manifest import Manifest, sha256_of
from generation.engine.training.adapter_folder import WEIGHTS, Lineage, read_lineage, write_folder

LINEAGE = Lineage(
    base_name="tiny",
    base_sha256="b" * 64,
    template="brief-1",
    data_sha256="d" * 64,
    data_counts={"starter": 24},
    config={"seed": 7, "rank": 4},
    code_revision="abc",
    parent="p" * 64,
    licence="Some licence",
    licence_url="https://example.com/licence",
)


def weights(content: bytes = b"weights") -> object:
    def write(folder: Path) -> None:
        (folder / WEIGHTS).write_bytes(content)
        (folder / "adapter_config.json").write_text("{}")

    return write


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_folder_says_what_it_is(tmp_path: Path) -> None:
    target = tmp_path / "models" / "adapter-1-2"
    digest = write_folder(target, "adapter-1-2", LINEAGE, {"step": 9, "history": []}, weights())
    assert names(target) == ["adapter_config.json", WEIGHTS, "manifest.json", "training.json"]
    assert digest == sha256_of(target / WEIGHTS)
    found = read_lineage(target)
    assert found["state"] == {"step": 9, "history": []} and found["name"] == "adapter-1-2"
    assert {name: found[name] for name in LINEAGE.to_dict()} == LINEAGE.to_dict()
    manifest = Manifest.read(target)
    manifest.verify(target, hashes=True)
    assert set(manifest.files) == {"adapter_config.json", WEIGHTS, "training.json"}
    assert (manifest.licence, manifest.source_sha256) == ("Some licence", "d" * 64)
    assert names(target.parent) == ["adapter-1-2"]


def test_the_same_weights_again_change_nothing(tmp_path: Path) -> None:
    target = tmp_path / "adapter"
    first = write_folder(target, "adapter", LINEAGE, {"step": 1}, weights())
    before = (target / "training.json").stat().st_mtime_ns
    assert write_folder(target, "adapter", LINEAGE, {"step": 2}, weights()) == first
    assert read_lineage(target)["state"] == {"step": 1}
    assert (target / "training.json").stat().st_mtime_ns == before and names(tmp_path) == ["adapter"]


def test_other_weights_never_take_the_place_of_those_that_are_there(tmp_path: Path) -> None:
    target = tmp_path / "adapter"
    write_folder(target, "adapter", LINEAGE, {}, weights())
    with pytest.raises(ModelFolderError, match="with other weights"):
        write_folder(target, "adapter", LINEAGE, {}, weights(b"others"))
    assert (target / WEIGHTS).read_bytes() == b"weights" and names(tmp_path) == ["adapter"]


def test_a_folder_that_is_no_adapter_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "adapter").mkdir()
    (tmp_path / "adapter" / "precious").write_text("x")
    with pytest.raises(ModelFolderError):
        write_folder(tmp_path / "adapter", "adapter", LINEAGE, {}, weights())
    assert names(tmp_path / "adapter") == ["precious"]


def test_an_error_leaves_nothing(tmp_path: Path) -> None:
    def full(folder: Path) -> None:
        (folder / WEIGHTS).write_bytes(b"half")
        raise OSError("No space left on device")

    with pytest.raises(OSError, match="No space"):
        write_folder(tmp_path / "adapter", "adapter", LINEAGE, {}, full)
    assert names(tmp_path) == []


@pytest.mark.parametrize("text", [None, "", "[]", "{", '{"format": 2}', "{}"])
def test_a_lineage_that_cannot_be_read_is_said(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "training.json").write_text(text)
    with pytest.raises(ModelFolderError, match=r"training\.json"):
        read_lineage(tmp_path)


def test_the_file_is_for_people_too(tmp_path: Path) -> None:
    lineage = Lineage("tiny", "b", "brief-1", "d", {}, {"note": "中文"}, "abc")
    write_folder(tmp_path / "adapter", "adapter", lineage, {}, weights())
    text = (tmp_path / "adapter" / "training.json").read_text(encoding="utf-8")
    assert "中文" in text and text.endswith("}\n") and json.loads(text)["config"] == {"note": "中文"}

"""Where a version comes from: the base by its content, the code by its revision."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from generation.engine.manifest import MANIFEST_NAME, content_hash
from generation.services import lineage
from generation.services.lineage import base_sha256, code_revision


@pytest.fixture
def base(tmp_path: Path, tiny_model: Path) -> Path:
    return Path(shutil.copytree(tiny_model, tmp_path / "base"))


def test_the_base_is_known_by_its_content_wherever_it_lies(base: Path, tiny_model: Path) -> None:
    assert base_sha256(base) == base_sha256(tiny_model) == content_hash(base)
    (base / MANIFEST_NAME).write_text("{}")
    assert base_sha256(base) == base_sha256(tiny_model), "what is said of it is no part of it"


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_changed_file_is_noticed_even_if_it_looks_old(base: Path, name: str) -> None:
    before, path = base_sha256(base), base / name
    times = path.stat()
    content = path.read_bytes()
    path.write_bytes(content + b" ")
    os.utime(path, ns=(times.st_atime_ns - 10**12, times.st_mtime_ns - 10**12))
    assert base_sha256(base) != before
    path.write_bytes(content)
    assert base_sha256(base) == before


def test_it_is_read_once_while_nothing_changes(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []
    monkeypatch.setattr(lineage, "content_hash", lambda folder: str(read.append(folder)))
    assert base_sha256(base) == base_sha256(base) and read == [base]


@pytest.mark.parametrize(
    ("head", "ref", "expected"),
    [
        ("ref: refs/heads/main", "a" * 40, "a" * 40),
        ("b" * 40, None, "b" * 40),
        ("ref: refs/heads/packed", None, "engine-"),
        (None, None, "engine-"),
    ],
)
def test_the_code_is_named_by_its_commit_or_its_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, head: str | None, ref: str | None, expected: str
) -> None:
    monkeypatch.setattr(lineage, "ROOT", tmp_path)
    if head is not None:
        (tmp_path / ".git" / "refs" / "heads").mkdir(parents=True)
        (tmp_path / ".git" / "HEAD").write_text(f"{head}\n")
    if ref is not None:
        (tmp_path / ".git" / "refs" / "heads" / "main").write_text(f"{ref}\n")
    assert code_revision().startswith(expected)
    assert len(code_revision()) in (40, len("engine-") + 16)

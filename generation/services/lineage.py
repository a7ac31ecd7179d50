"""Where a model version comes from: which code, which base."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from generation import engine
from generation.engine.manifest import content_hash
from generation.models import ModelVersion

ROOT = Path(__file__).resolve().parents[2]


def code_revision() -> str:
    """The commit that is checked out, or else a hash of the engine's source: what trained the model, by name."""
    git = ROOT / ".git"
    try:
        head = (git / "HEAD").read_text(encoding="ascii").strip()
        if not head.startswith("ref: "):
            return head
        return (git / head.removeprefix("ref: ")).read_text(encoding="ascii").strip()
    except OSError:
        return f"engine-{_source_hash()[:16]}"


def _source_hash() -> str:
    digest = hashlib.sha256()
    for path in sorted(Path(engine.__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


@lru_cache(maxsize=16)
def _hash_of(folder: Path, state: str) -> str:
    return content_hash(folder)


def base_sha256(folder: Path) -> str:
    """What the base model is, by content; read once while no file of its folder changes."""
    files = [(path, path.stat()) for path in sorted(folder.rglob("*"))]
    return _hash_of(folder, "\n".join(f"{path} {stat.st_size} {stat.st_mtime_ns}" for path, stat in files))


def has_its_base(version: ModelVersion) -> bool:
    """Whether the base under the version is still the one that its adapter was trained over. Reads all of the base, once
    while it does not change: call it outside transactions."""
    return not version.base_sha256 or version.base_sha256 == base_sha256(version.language_model.path)

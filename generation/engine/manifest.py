"""`manifest.json`: what a finished model folder holds, so that a later start can tell whole from broken."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from generation.engine.errors import ModelFolderError

MANIFEST_NAME = "manifest.json"
FORMAT_VERSION = 1
_CHUNK = 1 << 20


def sha256_of(path: Path, on_bytes: Callable[[int], None] | None = None) -> str:
    """SHA-256 of a file in hex; `on_bytes` hears how many bytes each step read."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_CHUNK):
            digest.update(block)
            if on_bytes is not None:
                on_bytes(len(block))
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class FileRecord:
    """Size in bytes and SHA-256 of one file."""

    size: int
    sha256: str

    def __post_init__(self) -> None:
        if not isinstance(self.size, int) or self.size < 0 or len(self.sha256) != 64:
            raise ValueError("a file record needs a size in bytes and a SHA-256 in hex")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What stands in `manifest.json`: where the model came from, its licence, and every file with size and hash."""

    name: str
    source: str
    source_sha256: str
    licence: str
    licence_url: str
    files: dict[str, FileRecord]
    format_version: int = FORMAT_VERSION

    def __post_init__(self) -> None:
        if self.format_version != FORMAT_VERSION:
            raise ValueError(f"manifest format {self.format_version} is not {FORMAT_VERSION}")
        if not self.files or any("/" in name or name.startswith(".") for name in self.files):
            raise ValueError("a manifest lists plain file names")

    @classmethod
    def describe(
        cls,
        folder: Path,
        *,
        name: str,
        source: str,
        source_sha256: str,
        licence: str,
        licence_url: str,
        on_bytes: Callable[[int], None] | None = None,
    ) -> Self:
        """Hash every file of `folder` (reading them back from disk) into a new manifest."""
        records = {
            path.name: FileRecord(size=path.stat().st_size, sha256=sha256_of(path, on_bytes))
            for path in sorted(folder.iterdir())
            if path.name != MANIFEST_NAME
        }
        return cls(name, source, source_sha256, licence, licence_url, records)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Raises `ModelFolderError` when there is no readable manifest of this format."""
        try:
            data: dict[str, Any] = json.loads((folder / MANIFEST_NAME).read_text(encoding="utf-8"))
            files = {name: FileRecord(**record) for name, record in data.pop("files").items()}
            return cls(files=files, **data)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelFolderError(f"{folder.name}: no usable {MANIFEST_NAME} ({error})") from error

    def write(self, folder: Path) -> None:
        text = json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True)
        (folder / MANIFEST_NAME).write_text(text + "\n", encoding="utf-8")

    def verify(self, folder: Path, *, hashes: bool = False) -> None:
        """Compare every file's size, and with `hashes` its content. Raises `ModelFolderError` naming the file."""
        for name, record in self.files.items():
            path = folder / name
            if not path.is_file():
                raise ModelFolderError(f"{folder.name}: {name} is missing")
            if path.stat().st_size != record.size:
                raise ModelFolderError(f"{folder.name}: {name} has {path.stat().st_size} bytes, not {record.size}")
            if hashes and sha256_of(path) != record.sha256:
                raise ModelFolderError(f"{folder.name}: {name} was changed since it was written")


def folder_hash(folder: Path) -> str:
    """A short name for the exact content of a model or adapter folder: what a cache may use as its key.

    The manifest's own SHA-256 where there is one; otherwise names, sizes and times of change, which is what is
    cheap for a folder that somebody else wrote.
    """
    manifest = folder / MANIFEST_NAME
    if manifest.is_file():
        return sha256_of(manifest)
    lines = [f"{p.name} {p.stat().st_size} {p.stat().st_mtime_ns}" for p in sorted(folder.iterdir()) if p.is_file()]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def content_hash(folder: Path) -> str:
    """SHA-256 over the names and hashes of all files of a model folder, its manifest left out: what the model *is*,
    wherever and whenever it was written. Reads every byte, about two seconds a gigabyte."""
    lines = [
        f"{path.relative_to(folder)} {sha256_of(path)}"
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST_NAME
    ]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()

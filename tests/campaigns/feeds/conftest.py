"""Small product files, written where the test wants them."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path

import openpyxl
import pytest

from campaigns.feeds import Feed, Mapping, ParsedProduct, RowError, open_feed
from tests.campaigns.feeds.files import Read, Write


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write text in an encoding, or bytes as they are, to a file whose name says nothing."""

    def build(content: str | bytes, *, encoding: str = "utf-8", name: str = "upload.bin") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode(encoding) if isinstance(content, str) else content)
        return path

    return build


@pytest.fixture
def workbook(tmp_path: Path) -> Write:
    """Write rows of values to the first sheet of a workbook."""

    def build(rows: Iterable[Iterable[object]], formats: dict[str, str] | None = None) -> Path:
        book = openpyxl.Workbook()
        sheet = book.active
        for row in rows:
            sheet.append(list(row))
        for cell, number_format in (formats or {}).items():
            sheet[cell].number_format = number_format
        path = tmp_path / "upload.bin"
        book.save(path)
        return path

    return build


@pytest.fixture
def repack(tmp_path: Path) -> Write:
    """Rewrite parts of a workbook: the name of a part → its new bytes (None leaves it out)."""

    def build(path: Path, parts: dict[str, bytes | None]) -> Path:
        changed = tmp_path / "changed.bin"
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as new:
            for name in old.namelist():
                if name not in parts:
                    new.writestr(name, old.read(name))
            for name, content in parts.items():
                if content is not None:
                    new.writestr(name, content)
        return changed

    return build


@pytest.fixture
def read() -> Read:
    """Open a file and return its products and its errors, each in the order of the file."""

    def run(
        path: Path, mapping: Mapping | None = None, **options: object
    ) -> tuple[list[ParsedProduct], list[RowError]]:
        with open_feed(path, mapping, **options) as feed:  # type: ignore[arg-type]
            return split(feed)

    return run


def split(feed: Feed) -> tuple[list[ParsedProduct], list[RowError]]:
    items = list(feed.products())
    products = [item for item in items if isinstance(item, ParsedProduct)]
    return products, [item for item in items if isinstance(item, RowError)]

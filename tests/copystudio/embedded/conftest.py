"""A data folder that PostgreSQL can enter, also when the tests run as root (pytest's own is closed to others)."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from copystudio.embedded.places import places


@pytest.fixture
def var() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="copystudio-embedded-"))
    folder.chmod(0o711)
    yield folder / "var"
    where = places(folder / "var")
    for path in (folder, where.run):
        shutil.rmtree(path, ignore_errors=True)

"""Memory that is not needed goes back to the system, and what is still needed stays what it was."""

from __future__ import annotations

import ctypes
import mmap
import re
import subprocess
import sys
from pathlib import Path

import pytest

from generation.engine import memory
from generation.engine.memory import give_back, let_go, mapped

SIZE = 8 * 1024 * 1024


def resident(address: int) -> int:
    """Kilobytes of the mapping that begins there which are in memory."""
    text = Path("/proc/self/smaps").read_text(encoding="utf-8")
    found = re.search(rf"^{address:08x}-.*?^Rss:\s+(\d+) kB", text, re.MULTILINE | re.DOTALL)
    assert found is not None
    return int(found[1])


def test_a_mapped_file_is_let_go_and_read_again_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "weights of a model.bin"
    path.write_bytes(bytes(range(256)) * (SIZE // 256))
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as weights:
        ((address, length),) = mapped(path)
        assert length == SIZE and sum(weights[::4096]) == 0 and resident(address) == SIZE // 1024
        let_go([(address, length)])
        assert resident(address) < SIZE // 1024 // 8
        assert weights[:] == path.read_bytes()
    assert mapped(path) == []


def test_what_could_be_written_to_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "weights.bin"
    path.write_bytes(bytes(SIZE))
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY):
        assert mapped(path) == []


def test_what_was_freed_is_given_back() -> None:
    code = (
        "import re\nfrom pathlib import Path\nfrom generation.engine.memory import give_back\n"
        "def held():\n    return int(re.search(r'RssAnon:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])\n"
        "kept = [bytearray(60_000) if n % 2 else bytes(600) for n in range(4_000)]\n"
        "before = held()\ndel kept[1::2]\ngive_back()\nassert held() < before - 50_000, (before, held())\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_another_system_does_without(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Other:
        def __getattr__(self, name: str) -> object:
            raise AttributeError(name)

    monkeypatch.setattr(ctypes, "CDLL", lambda name: Other())
    monkeypatch.setattr(memory, "_MAPS", tmp_path / "maps")
    give_back()
    let_go([(4096, 4096)])
    assert mapped(tmp_path) == []

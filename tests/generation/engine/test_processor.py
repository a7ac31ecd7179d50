"""What the processor can do, read from what the system says about it; and how long a thread of torch looks for work."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from generation.engine import processor
from tests.structure.source import ROOT


@pytest.mark.parametrize(
    ("about", "found"), [("flags : fpu amx_tile amx_int8 vnni\n", True), ("flags : fpu avx512_vnni amx_int8x\n", False)]
)
def test_tiles_are_found_by_their_flag(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, about: str, found: bool
) -> None:
    place = tmp_path / "cpuinfo"
    place.write_text(about, encoding="utf-8")
    monkeypatch.setattr(processor, "_ABOUT", place)
    assert processor.multiplies_tiles() is found


def test_the_first_processors_flags_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "cpuinfo"
    place.write_text("processor : 0\nflags\t\t: fpu avx2 amx_bf16\n\nflags : other\n", encoding="utf-8")
    monkeypatch.setattr(processor, "_ABOUT", place)
    assert processor.cpu_flags() == {"fpu", "avx2", "amx_bf16"}


def test_a_system_that_does_not_say_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processor, "_ABOUT", tmp_path / "none")
    assert not processor.multiplies_tiles() and processor.cpu_flags() == frozenset()


@pytest.mark.parametrize(("given", "kept"), [(None, "1000"), ("77", "77")])
def test_idle_threads_of_torch_sleep_soon_unless_somebody_says_otherwise(given: str | None, kept: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "GOMP_SPINCOUNT"}
    if given is not None:
        environment["GOMP_SPINCOUNT"] = given
    code = "import sys, os, generation.engine; print(os.environ['GOMP_SPINCOUNT'], 'torch' in sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == [kept, "False"]

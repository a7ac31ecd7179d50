"""One computing process at a time on a machine.

Two processes with torch on two cores were measured 10 to 16 times slower, not twice (notes on OpenMP's spinning threads).
So whoever computes holds a file lock, and long work steps aside between its steps when somebody waits. File locks end
with their process, whatever kills it.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.conf import settings

COMPUTING, WAITING = "computing.lock", "waiting.lock"
_PATIENCE = 5.0  # seconds to wait for another to take the turn


def _file(name: str) -> Path:
    folder = Path(settings.VAR_DIR) / "run"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name


class Turn:
    """The turn while it is held."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def step_aside(self) -> bool:
        """Let whoever waits compute first, then go on. Returns whether somebody did."""
        if not somebody_waits():
            return False
        fcntl.flock(self._file, fcntl.LOCK_UN)
        patience = time.monotonic() + _PATIENCE
        while somebody_waits() and time.monotonic() < patience:
            time.sleep(0.02)  # the one who waits takes the turn: asking at once could snatch it back
        _take(self._file)
        return True


@contextmanager
def compute_turn() -> Iterator[Turn]:
    """Wait for the machine's one turn, showing that somebody waits, and hold it for the block."""
    with _file(COMPUTING).open("a") as file:
        _take(file)
        yield Turn(file)


def _take(file: IO[str]) -> None:
    with _file(WAITING).open("a") as queue:
        fcntl.flock(queue, fcntl.LOCK_SH)
        fcntl.flock(file, fcntl.LOCK_EX)


def somebody_waits() -> bool:
    """Whether another process waits for the turn: what long work asks between two steps."""
    with _file(WAITING).open("a") as queue:
        try:
            fcntl.flock(queue, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False

"""One computing process at a time on a machine.

Two processes with torch on two cores were measured 10 to 16 times slower, not twice (notes on OpenMP's spinning threads).
So whoever computes holds a file lock, and long work steps aside between its steps when somebody waits. File locks end
with their process, whatever kills it.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

COMPUTING, WAITING = "computing.lock", "waiting.lock"


def _file(name: str) -> Path:
    folder = Path(settings.VAR_DIR) / "run"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name


@contextmanager
def compute_turn() -> Iterator[None]:
    """Wait for the machine's one turn, showing that somebody waits, and hold it for the block."""
    with _file(COMPUTING).open("a") as turn:
        with _file(WAITING).open("a") as queue:
            fcntl.flock(queue, fcntl.LOCK_SH)
            fcntl.flock(turn, fcntl.LOCK_EX)
        yield


def somebody_waits() -> bool:
    """Whether another process waits for the turn: what long work asks between two steps."""
    with _file(WAITING).open("a") as queue:
        try:
            fcntl.flock(queue, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False

"""How long a computation takes, whatever else the machine does."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Watch:
    """``seconds`` of this thread's processor time since it was started, or until it was stopped."""

    def __init__(self) -> None:
        self._began, self._ended = time.thread_time(), 0.0

    @property
    def seconds(self) -> float:
        return (self._ended or time.thread_time()) - self._began

    def stop(self) -> None:
        self._ended = time.thread_time()


@contextmanager
def timed() -> Iterator[Watch]:
    """Other processes, and threads and garbage that earlier tests left, do not count."""
    collects = gc.isenabled()
    gc.disable()
    watch = Watch()
    try:
        yield watch
    finally:
        watch.stop()
        if collects:
            gc.enable()

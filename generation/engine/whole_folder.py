"""Folders that are there whole or not at all: written beside, brought to the disk, renamed. No torch here."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(target: Path) -> Iterator[Path]:
    """An empty folder beside `target` to write plain files into.

    When the block ends, the folder is on the disk and has the name `target`, in place of what had it before. With an error
    in the block nothing is left of it. A block that removes the folder itself gives it up without an error.
    """
    beside = target.with_name(f".partial-{target.name}")
    if beside.exists():  # left by a process that was killed
        shutil.rmtree(beside)
    try:
        beside.mkdir(parents=True)
        yield beside
        if not beside.is_dir():
            return
        for path in [*beside.iterdir(), beside]:
            _sync(path)
        if target.exists():
            shutil.rmtree(target)
        beside.rename(target)
        _sync(target.parent)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


@contextmanager
def one_at_a_time(lock: Path) -> Iterator[None]:
    """Wait until no other process is in such a block with this file."""
    with lock.open("w") as handle:  # the lock goes away with the process, however that ends
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _sync(path: Path) -> None:
    """Make sure that it is on the disk: a rename must not outlive what it names."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

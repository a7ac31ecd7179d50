"""Memory that is not needed, given back to the system. Does nothing where the system has no such calls."""

import ctypes
import mmap
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

_MAPS = Path("/proc/self/maps")
Span = tuple[int, int]  # address and length


def give_back() -> None:
    """What was freed and is kept for later: reading a vocabulary of 262,144 tokens leaves 190 MB of that."""
    with suppress(AttributeError, OSError):  # another C library than GNU's
        ctypes.CDLL(None).malloc_trim(ctypes.c_size_t(0))


def mapped(path: Path) -> list[Span]:
    """Where the file lies in this process, as far as nobody can write to it there."""
    path = path.resolve()
    try:
        lines = [line.split(maxsplit=5) for line in _MAPS.read_text(encoding="utf-8").splitlines()]
    except OSError:
        return []
    spans = [one[0].split("-") for one in lines if len(one) == 6 and one[5] == str(path) and "w" not in one[1]]
    return [(int(begin, 16), int(end, 16) - int(begin, 16)) for begin, end in spans]


def let_go(spans: Sequence[Span]) -> None:
    """Of a mapped file; what is read there again comes from the file. Only for what `mapped` has found and is still there."""
    with suppress(AttributeError, OSError):
        advise = ctypes.CDLL(None).madvise
        for address, length in spans:
            advise(ctypes.c_void_p(address), ctypes.c_size_t(length), ctypes.c_int(mmap.MADV_DONTNEED))

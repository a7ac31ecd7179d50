"""Names that lead elsewhere, and an ear for what is opened (M2)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_STEPS = (
    "..", "../", "..\\", "%2e%2e/", "%2e%2e%2f", "..%2f", "..%5c", "%252e%252e/", "....//", "..;/", ".../", "..\u2215", "..\uff0f",
    "\uff0e\uff0e/", "..%c0%af", "..\0/", "./../", "a/../../",
)  # fmt: skip
_ENDS = ("secret", "secret/config.json", "etc/passwd", "proc/self/environ", "models/../secret", "windows/win.ini")
TRAVERSALS = (
    *(step * depth + end for step in _STEPS for depth in (1, 3) for end in _ENDS),
    "/", "/etc/passwd", "//etc/passwd", "~", "~root", "~/.ssh", "$HOME", "file:///etc/passwd", "C:\\windows", "\\\\host\\x",
    ".", "..", "...", "", " ", "\n", "secret\n", "tiny/../../secret", "tiny/..", "tiny/../tiny/../../secret", "-rf", "tiny\0",
    "con", "nul", "*", "?", "tiny*", "[a-z]*", "{tiny,secret}", "a" * 300, "ä" * 200, "\u202etiny", "tiny/", "tiny//",
)  # fmt: skip


class Opened:
    """Every path that Python opens, lists or links while it listens. An audit hook stays for ever, so there is one."""

    paths: list[str] | None = None

    @classmethod
    def hear(cls, event: str, args: tuple[Any, ...]) -> None:
        if cls.paths is not None and event in (
            "open",
            "os.listdir",
            "os.scandir",
            "os.link",
            "os.symlink",
            "os.rename",
        ):
            cls.paths.append(str(args[0]))


sys.addaudithook(Opened.hear)


@contextmanager
def listening() -> Iterator[list[str]]:
    """The paths that are opened in the block."""
    Opened.paths = []
    try:
        yield Opened.paths
    finally:
        Opened.paths = None


def leads_out(paths: list[str], root: Path) -> list[str]:
    return [path for path in paths if root.resolve() not in (Path(path).resolve(), *Path(path).resolve().parents)]

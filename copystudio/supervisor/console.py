"""What the terminal shows: every line with the name of the program it comes from."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TextIO

NAMES = ("studio", "postgres", "valkey", "setup", "model", "web", "default", "generation", "training", "beat")
COLOURS = dict(zip(NAMES, (1, 90, 90, 33, 33, 32, 36, 35, 34, 90), strict=True))
WIDTH = max(map(len, NAMES))


class Console:
    """Writes lines; a terminal that went away (SIGHUP, a closed pipe) is no reason to fail."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.colour = stream.isatty() and "NO_COLOR" not in os.environ

    def line(self, name: str, text: str) -> None:
        label = f"{name:<{WIDTH}} |"
        if self.colour:
            label = f"\x1b[{COLOURS.get(name, 0)}m{label}\x1b[0m"
        self._write(f"{label} {text}\n")

    def say(self, text: str) -> None:
        self.line("studio", text)

    def box(self, lines: list[str]) -> None:
        width = max(map(len, lines))
        rule = "+" + "-" * (width + 2) + "+"
        self._write("\n".join(["", rule, *(f"| {line:<{width}} |" for line in lines), rule, "", ""]))

    def fail(self, text: str, hint: str = "") -> None:
        self._write(f"\nCopy Studio cannot start. {text}\n{hint and hint + chr(10)}\n")

    def _write(self, text: str) -> None:
        try:
            self.stream.write(text)
            self.stream.flush()
        except (OSError, ValueError):
            self.stream = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 (open until we end)
            sys.stdout = self.stream

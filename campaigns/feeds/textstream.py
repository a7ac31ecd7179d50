"""A text file read in pieces of bounded size, telling how far it has come."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from campaigns.feeds.limits import MAX_LINE_CHARS
from campaigns.feeds.records import FeedError


class TextStream:
    """Opens ``path`` for one pass. ``position`` is in bytes of the file. The encoding has been checked before."""

    def __init__(self, path: Path, encoding: str) -> None:
        self.total = path.stat().st_size
        self.line = 0  # physical lines handed out
        self.ends_with_newline = True
        self._binary = path.open("rb")
        self._text = io.TextIOWrapper(self._binary, encoding=encoding, errors="strict", newline="")

    @property
    def position(self) -> int:
        return self.total if self._binary.closed else self._binary.tell()

    def lines(self) -> Iterator[str]:
        """Yield lines with their ends, which are LF, CR or CRLF only. Raises :class:`FeedError` for a huge line."""
        readline = self._text.readline
        while line := readline(MAX_LINE_CHARS + 1):
            if len(line) > MAX_LINE_CHARS:
                raise FeedError("line_too_long", line=self.line + 1, limit=MAX_LINE_CHARS)
            self.line += 1
            self.ends_with_newline = line[-1] in "\r\n"
            yield line

    def chunks(self, size: int = 65_536) -> Iterator[str]:
        while chunk := self._text.read(size):
            yield chunk

    def close(self) -> None:
        self._text.close()

    def __enter__(self) -> TextStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

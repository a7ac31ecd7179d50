"""JSON lines, one object a line, and small JSON lists. Nested objects become columns such as ``attributes.color``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from campaigns.feeds.limits import MAX_COLUMNS
from campaigns.feeds.reader import discover_columns
from campaigns.feeds.records import Cell, FeedError, Record, RowError
from campaigns.feeds.text import printable
from campaigns.feeds.textstream import TextStream

MAX_NESTING = 5
BLANK = re.compile(r"[ \t\r\n]*")


def _number(text: str) -> str:
    """Keep a number as it is written, without an exponent where that stays short."""
    number = Decimal(text)
    return format(number, "f") if "e" in text.lower() and abs(number.adjusted()) < 30 else text


def _no_constant(text: str) -> str:
    raise ValueError(f"{text} is not JSON")


DECODER = json.JSONDecoder(parse_float=_number, parse_int=str, parse_constant=_no_constant)


def flatten(data: dict[str, object]) -> dict[str, Cell]:
    """Return column names and texts. Lists stay JSON text; whoever reads the cell knows whether it wants the first item."""
    cells: dict[str, Cell] = {}
    _flatten(data, "", MAX_NESTING, cells)
    return cells


def _flatten(data: dict[str, object], prefix: str, levels: int, cells: dict[str, Cell]) -> None:
    for key, value in data.items():
        name = printable(f"{prefix}{key}")[:200]
        if isinstance(value, dict) and levels:
            _flatten(value, f"{name}.", levels - 1, cells)
        elif isinstance(value, bool):
            cells[name] = "true" if value else "false"
        elif isinstance(value, list | dict):
            cells[name] = json.dumps(value, ensure_ascii=False) if value else ""
        else:
            cells[name] = "" if value is None else str(value)


def _record(line: int, data: object) -> Record | RowError:
    if not isinstance(data, dict):
        return RowError(line, None, "json_row_not_object")
    cells = flatten(data)
    if len(cells) > MAX_COLUMNS:
        raise FeedError("too_many_columns", line=line, limit=MAX_COLUMNS)
    return Record(line=line, cells=cells)


class JsonLinesReader:
    """Streams one object per line; a line that is no JSON is an error of that line."""

    language = ""
    open_ended = True

    def __init__(self, path: Path, encoding: str) -> None:
        self.total = path.stat().st_size
        self._path, self._encoding = path, encoding
        self._stream: TextStream | None = None
        self.columns = discover_columns(self.records())
        self.close()

    @property
    def position(self) -> int:
        return self._stream.position if self._stream else 0

    def close(self) -> None:
        if self._stream:
            self._stream.close()

    def records(self) -> Iterator[Record | RowError]:
        with TextStream(self._path, self._encoding) as self._stream:
            for line, text in enumerate(self._stream.lines(), start=1):
                text = text.strip("\ufeff \t\r\n")
                if not text:
                    continue
                try:
                    data = DECODER.decode(text)
                except json.JSONDecodeError as error:
                    yield RowError(line, None, "json_row_malformed", {"position": error.colno, "reason": error.msg})
                except RecursionError:
                    yield RowError(line, None, "json_row_too_deep")
                except ValueError as error:  # NaN, Infinity, a number of thousands of digits
                    yield RowError(line, None, "json_row_malformed", {"position": 1, "reason": str(error)[:80]})
                else:
                    yield _record(line, data)


class JsonArrayReader:
    """Reads a list of objects, which is held in memory; the format check has bounded its size."""

    language = ""
    open_ended = True

    def __init__(self, path: Path, encoding: str) -> None:
        self.total = path.stat().st_size
        self.position = 0
        self._text = path.read_bytes().decode(encoding).lstrip("\ufeff")
        self.columns = discover_columns(self.records())
        self.position = 0

    def close(self) -> None:
        """Nothing is held open."""

    def records(self) -> Iterator[Record | RowError]:
        text = self._text
        line, counted = 1, 0
        index = self._blank(text.index("[") + 1)
        while text[index : index + 1] != "]":
            line, counted = line + text.count("\n", counted, index), index
            try:
                data, end = DECODER.raw_decode(text, index)
            except (ValueError, RecursionError) as error:
                raise self._malformed(error, index) from None
            yield _record(line, data)
            self.position = self.total * end // len(text)
            index = self._blank(end)
            if text[index : index + 1] == ",":
                index = self._blank(index + 1)
            elif text[index : index + 1] != "]":
                raise self._malformed(json.JSONDecodeError("Expecting ',' or ']'", text, index), index)
        if self._blank(index + 1) < len(text):
            raise self._malformed(json.JSONDecodeError("Extra data", text, index + 1), index)

    def _blank(self, index: int) -> int:
        match = BLANK.match(self._text, index)
        return match.end() if match else index

    def _malformed(self, error: Exception, index: int) -> FeedError:
        if isinstance(error, json.JSONDecodeError):
            return FeedError("json_malformed", line=error.lineno, position=error.colno, reason=error.msg)
        line = self._text.count("\n", 0, index) + 1
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)[:80]
        return FeedError("json_malformed", line=line, position=1, reason=reason)

"""Delimited text: which separator, where the header stands, and the rows as a stream."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from campaigns.feeds.headers import known_header
from campaigns.feeds.limits import MAX_CELL_CHARS, MAX_COLUMNS, SAMPLE_CHARS, SAMPLE_ROWS
from campaigns.feeds.messages import gettext_noop
from campaigns.feeds.records import FeedError, Record, RowError
from campaigns.feeds.text import printable
from campaigns.feeds.textstream import TextStream

DELIMITERS = {
    ",": gettext_noop("commas"),
    ";": gettext_noop("semicolons"),
    "\t": gettext_noop("tabs"),
    "|": gettext_noop("vertical bars"),
}
SEPARATOR_LINE = re.compile(r"sep=([,;|\t])\s*$", re.IGNORECASE)  # what Excel writes and reads as a first line
HEADER_WITHIN = 10  # rows in which the header is looked for, below a title or remarks
VALUE_LIKE = re.compile(r"https?://|[-+$¥￥€£₹]?\s?\d[\d.,]*\s?[%€元]?$")


@dataclass(frozen=True, slots=True)
class Layout:
    """How a delimited file is laid out. ``header_rows`` rows, the header last, come before the first product."""

    delimiter: str
    columns: tuple[str, ...]
    header_rows: int
    header_line: int
    has_header: bool


def detect_layout(path: Path, encoding: str) -> Layout:
    """Find separator and header in the beginning of the file. Raises :class:`FeedError` where the lines do not agree."""
    lines = _sample_lines(path, encoding)
    forced = SEPARATOR_LINE.match(lines[0].lstrip("\ufeff")) if lines else None
    best: tuple[tuple[int, float, int], Layout, list[tuple[int, list[str]]]] | None = None
    for delimiter in [forced.group(1)] if forced else DELIMITERS:
        rows = _sample_rows(lines, delimiter)
        if not rows:
            raise FeedError("no_rows")
        layout = layout_of(rows, delimiter)
        known = sum(known_header(name) is not None for name in layout.columns) if layout.has_header else 0
        score = (known, _agreement(rows, layout), len(layout.columns))
        if best is None or (len(layout.columns) > 1, score) > (len(best[1].columns) > 1, best[0]):
            best = (score, layout, rows)
    assert best is not None  # there is at least one delimiter
    _check_layout(best[1], best[2])
    return best[1]


def layout_of(rows: Sequence[tuple[int, list[str]]], delimiter: str) -> Layout:
    """Find the header among the first rows (line number and cells); without one the columns are only numbered."""
    index = find_header([cells for _, cells in rows[:HEADER_WITHIN]])
    if index is None:
        width = Counter(len(cells) for _, cells in rows).most_common(1)[0][0]
        return Layout(delimiter, tuple(f"Column {number}" for number in range(1, width + 1)), 0, 0, has_header=False)
    line, cells = rows[index]
    if len(cells) > MAX_COLUMNS:
        raise FeedError("too_many_columns", line=line, limit=MAX_COLUMNS)
    filled = max(_width(below) for _, below in rows[index:])
    return Layout(delimiter, column_names(cells[:filled]), index + 1, line, has_header=True)


def find_header(rows: Sequence[Sequence[str]]) -> int | None:
    """Return which of the rows names the columns: the one with most known names, else a first row that could."""
    known = [sum(bool(cell.strip()) and known_header(cell) is not None for cell in cells) for cells in rows]
    best = max(range(len(rows)), key=lambda index: known[index], default=None)
    if best is None:
        return None
    filled = [cell.strip() for cell in rows[best] if cell.strip()]
    if known[best] >= 2 or (known[best] == 1 and len(filled) == 1):
        return best
    first = [cell.strip() for cell in rows[0] if cell.strip()]
    if not first or len(set(first)) < len(first) or any(len(cell) > 100 or VALUE_LIKE.match(cell) for cell in first):
        return None
    return 0


def column_names(cells: Sequence[str]) -> tuple[str, ...]:
    """Return names that differ: empty ones numbered, repeated ones counted."""
    names = [" ".join(printable(cell).split())[:200] for cell in cells]
    taken: set[str] = set()
    for index, name in enumerate(names):
        name = name or f"Column {index + 1}"
        unique, count = name, 2
        while unique in taken:
            unique, count = f"{name} ({count})", count + 1
        taken.add(unique)
        names[index] = unique
    return tuple(names)


def _sample_lines(path: Path, encoding: str) -> list[str]:
    lines: list[str] = []
    size = 0
    with TextStream(path, encoding) as stream:
        for line in stream.lines():
            lines.append(line)
            size += len(line)
            if size > SAMPLE_CHARS or len(lines) > 4 * SAMPLE_ROWS:
                break
    return lines


def _sample_rows(lines: list[str], delimiter: str) -> list[tuple[int, list[str]]]:
    """Return line numbers and cells of the sample as ``delimiter`` would cut it; the last row may be unfinished."""
    reader = csv.reader(lines, delimiter=delimiter)
    rows: list[tuple[int, list[str]]] = []
    start = 1
    try:
        for cells in reader:
            is_rule = start == 1 and SEPARATOR_LINE.match(lines[0].lstrip("\ufeff"))
            if any(cell.strip("\ufeff \t") for cell in cells) and not is_rule:
                rows.append((start, cells))
            start = reader.line_num + 1
    except csv.Error:
        pass  # an overlong cell: the rows before it are sample enough, and reading the file will report it
    return rows[:-1] if len(rows) > 2 else rows


def _agreement(rows: list[tuple[int, list[str]]], layout: Layout) -> float:
    below = rows[layout.header_rows :] or rows
    columns = len(layout.columns)
    return sum(len(cells) >= columns >= _width(cells) for _, cells in below) / len(below)


def _width(cells: Sequence[str]) -> int:
    """Return how many cells there are up to the last that is not empty."""
    return next((index for index in range(len(cells), 0, -1) if cells[index - 1].strip("\ufeff \t")), 0)


def _is_cut_otherwise(cells: list[str], layout: Layout) -> bool:
    return len(cells) == 1 or _width(cells) > len(layout.columns)


def _check_layout(layout: Layout, rows: list[tuple[int, list[str]]]) -> None:
    if len(layout.columns) < 2:
        line, cells = rows[max(layout.header_rows - 1, 0)]
        if known_header(cells[0] if cells else "") is None:
            raise FeedError("delimiter_unknown", line=line)
    below = rows[layout.header_rows :]
    otherwise = [(line, cells) for line, cells in below if _is_cut_otherwise(cells, layout)]
    if len(layout.columns) < 2 or not layout.has_header or 2 * len(otherwise) <= len(below):
        return
    line, cells = otherwise[0]
    raise FeedError(
        "delimiter_inconsistent",
        header_line=layout.header_line,
        expected=len(layout.columns),
        delimiter=DELIMITERS[layout.delimiter],
        line=line,
        found=len(cells),
    )


class DelimitedReader:
    """Streams the rows below the header of a delimited file. Quotes are minded strictly; blank lines are skipped."""

    language = ""
    open_ended = False

    def __init__(self, path: Path, encoding: str, layout: Layout) -> None:
        self.columns = layout.columns
        self.total = path.stat().st_size
        self._path, self._encoding, self._layout = path, encoding, layout
        self._stream: TextStream | None = None

    @property
    def position(self) -> int:
        return self._stream.position if self._stream else 0

    def records(self) -> Iterator[Record | RowError]:
        """Yield rows and what is wrong with the shape of others. Raises :class:`FeedError` for a quote left open."""
        with TextStream(self._path, self._encoding) as self._stream:
            rows = self._rows(self._stream)
            for _ in range(self._layout.header_rows):
                next(rows, None)
            for line, cells in rows:
                yield cells if isinstance(cells, RowError) else self._record(line, cells)

    def close(self) -> None:
        if self._stream:
            self._stream.close()

    def _rows(self, stream: TextStream) -> Iterator[tuple[int, list[str] | RowError]]:
        reader = csv.reader(stream.lines(), delimiter=self._layout.delimiter, strict=True)
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield line, _row_error(line, str(error))
                continue
            if line == 1 and cells:
                cells[0] = cells[0].lstrip("\ufeff")
                if SEPARATOR_LINE.match(self._layout.delimiter.join(cells)):
                    continue
            if any(map(str.strip, cells)):
                yield line, cells

    def _record(self, line: int, cells: list[str]) -> Record | RowError:
        expected = len(self.columns)
        if len(cells) > expected and any(map(str.strip, cells[expected:])):
            return RowError(line, None, "too_many_cells", {"found": len(cells), "expected": expected})
        if len(cells) < expected and self._stream is not None and not self._stream.ends_with_newline:
            return RowError(line, None, "last_line_cut_off", {"found": len(cells), "expected": expected})
        width = len(cells) if len(cells) < expected else None
        return Record(line=line, cells=dict(zip(self.columns, cells, strict=False)), width=width)


def _row_error(line: int, reason: str) -> RowError:
    """Name what the CSV module complains about. A quote that is never closed makes all that follows meaningless."""
    if "field larger" in reason:
        raise FeedError("quote_not_closed", line=line, limit=MAX_CELL_CHARS)
    if "unexpected end" in reason:
        return RowError(line, None, "ends_in_quotes")
    return RowError(line, None, "stray_quote")

"""XLSX workbooks: the first visible sheet, streamed, after the archive has been checked for bombs.

Cells become the text that a person sees in them: whole numbers without ".0", long numbers without exponents, dates as
ISO 8601. **Formulas are refused**, not read: their cached result may be stale or absent, and nothing here computes. A
formula is an error only in a column that is read. Error cells (#N/A) and numbers beyond the 15 digits that Excel keeps
are refused likewise.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import IO, Any

from defusedxml.common import DefusedXmlException
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.xml.constants import SHARED_STRINGS

from campaigns.feeds.delimited import HEADER_WITHIN, Layout, layout_of
from campaigns.feeds.limits import (
    MAX_COLUMNS,
    MAX_XLSX_BYTES,
    MAX_XLSX_ENTRIES,
    MAX_XLSX_GRID_ROWS,
    MAX_XLSX_PART_BYTES,
    MAX_XLSX_RATIO,
    MAX_XLSX_ROW_BYTES,
    MAX_XLSX_STRINGS_BYTES,
    SAMPLE_ROWS,
)
from campaigns.feeds.records import BadCell, Cell, FeedError, Record, RowError
from campaigns.feeds.strings import StringTable

MEGABYTE = 2**20
EXACT = 10**15  # Excel keeps 15 digits
ENCRYPTED = 0x1

CURRENCY_FORMAT = re.compile(r'\[\$([^\]\-]{1,4})|"([¥￥€£₹$元]|[A-Z]{3})\s?"|([¥￥€£₹$])(?![\-\]])')

# openpyxl lets whatever a malformed part provokes come through
DAMAGE = (
    zipfile.BadZipFile, zlib.error, DefusedXmlException, SyntaxError, ValueError, KeyError, IndexError, TypeError,
    AttributeError, EOFError, OverflowError, NotImplementedError, RecursionError, AssertionError, OSError,
)  # fmt: skip


def check_archive(path: Path) -> None:
    """Refuse what is no workbook, has a password, or would unpack beyond the limits. Only the directory is read."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except DAMAGE as error:
        raise FeedError("xlsx_damaged", reason=type(error).__name__) from None
    if len(entries) > MAX_XLSX_ENTRIES:
        raise FeedError("xlsx_too_many_entries", limit=MAX_XLSX_ENTRIES)
    names = {entry.filename for entry in entries}
    if "EncryptedPackage" in names or any(entry.flag_bits & ENCRYPTED for entry in entries):
        raise FeedError("xlsx_encrypted")
    if "[Content_Types].xml" not in names or not any(re.fullmatch(r"xl/workbook\w*\.xml", name) for name in names):
        raise FeedError("xlsx_not")
    total = 0
    for entry in entries:
        total += entry.file_size
        limit = _part_limit(entry.filename)
        if entry.file_size > limit or total > MAX_XLSX_BYTES:
            raise FeedError(
                "xlsx_unpacks_too_large", limit_mb=min(limit, MAX_XLSX_BYTES) // MEGABYTE, part=entry.filename[-80:]
            )
        if entry.file_size > MEGABYTE and entry.file_size > MAX_XLSX_RATIO * max(entry.compress_size, 1):
            raise FeedError("xlsx_ratio", limit=MAX_XLSX_RATIO, part=entry.filename[-80:])


def _part_limit(name: str) -> int:
    if name.startswith(("xl/worksheets/", "xl/media/")):
        return MAX_XLSX_BYTES
    return MAX_XLSX_STRINGS_BYTES if "sharedstrings" in name.lower() else MAX_XLSX_PART_BYTES


class _Sheet:
    """The unpacked XML of a sheet, counting what is read, and refusing one row that never ends."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self.position = 0
        self.since_row = 0
        self.row = 0

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self.position += len(data)
        self.since_row += len(data)
        if self.since_row > MAX_XLSX_ROW_BYTES:
            raise FeedError("xlsx_row_too_large", row=self.row, limit_mb=MAX_XLSX_ROW_BYTES // MEGABYTE)
        return data

    def close(self) -> None:
        self._source.close()

    def __enter__(self) -> _Sheet:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Worksheet(ReadOnlyWorksheet):  # type: ignore[misc]
    """A sheet of openpyxl that is read through :class:`_Sheet`, and not read at all before its rows are asked for.

    openpyxl would search the whole sheet for its dimensions, and pad rows to what it finds; both can be wrong.
    """

    source: _Sheet | None = None

    def _get_size(self) -> None:
        self._max_row = self._max_column = None

    def _get_source(self) -> _Sheet:
        self.source = _Sheet(self.parent._archive.open(self._worksheet_path))
        return self.source


def _first_visible_sheet(file: IO[bytes]) -> _Worksheet:
    """Read what the rows of a sheet need (strings, styles) and nothing else: no links, properties, charts, macros."""
    reader = ExcelReader(file, read_only=True, keep_links=False)
    reader.read_manifest()
    table = reader.package.find(SHARED_STRINGS)
    with reader.archive.open(table.PartName[1:]) if table else nullcontext() as source:
        strings = StringTable(source)
    reader.read_workbook()
    apply_stylesheet(reader.archive, reader.wb)
    for sheet, relation in reader.parser.find_sheets():
        if relation.target in reader.valid_files and "worksheet" in relation.Type and sheet.state == "visible":
            return _Worksheet(reader.wb, sheet.name, relation.target, strings)
    raise FeedError("xlsx_no_sheet")


class XlsxReader:
    """Streams the rows of the first visible sheet. ``position`` counts the unpacked bytes of that sheet."""

    language = ""
    open_ended = False

    def __init__(self, path: Path) -> None:
        check_archive(path)
        self._file = path.open("rb")
        try:
            self._sheet = _first_visible_sheet(self._file)
            self.total = int(self._sheet.parent._archive.getinfo(self._sheet._worksheet_path).file_size)
            self._layout = self._find_layout()
        except DAMAGE as error:
            self.close()
            raise FeedError("xlsx_damaged", reason=type(error).__name__) from None
        except FeedError:
            self.close()
            raise
        self.columns = self._layout.columns
        self.has_header = self._layout.has_header
        self.sheet = str(self._sheet.title)

    @property
    def position(self) -> int:
        return min(self._sheet.source.position, self.total) if self._sheet.source else 0

    def close(self) -> None:
        self._file.close()

    def records(self) -> Iterator[Record | RowError]:
        rows = self._rows()
        for _ in range(self._layout.header_rows):
            next(rows, None)
        for row, cells in rows:
            if len(cells) > MAX_COLUMNS:
                raise FeedError("too_many_columns", line=row, limit=MAX_COLUMNS)
            yield Record(line=row, cells=dict(zip(self.columns, cells, strict=False)))

    def _find_layout(self) -> Layout:
        rows = [(row, [_shown(cell) for cell in cells]) for row, cells in islice(self._rows(), SAMPLE_ROWS)]
        if not rows:
            raise FeedError("no_rows")
        layout = layout_of([(row, _trimmed(cells)) for row, cells in rows], "")
        if len(layout.columns) > MAX_COLUMNS or max(len(cells) for _, cells in rows[:HEADER_WITHIN]) > MAX_COLUMNS:
            raise FeedError("too_many_columns", line=rows[0][0], limit=MAX_COLUMNS)
        return layout

    def _rows(self) -> Iterator[tuple[int, list[Cell]]]:
        """Yield row numbers and cells of the rows that are not blank."""
        rows = iter(self._sheet.iter_rows())
        row = 0
        while True:
            try:
                cells = next(rows, None)
                row += 1
                if cells is None:
                    return
                if self._sheet.source is not None:
                    self._sheet.source.since_row, self._sheet.source.row = 0, row
                texts = [cell_text(cell) for cell in cells]
            except DAMAGE as error:
                raise FeedError("xlsx_damaged_row", row=max(row - 1, 0), reason=type(error).__name__) from None
            if row > MAX_XLSX_GRID_ROWS:
                raise FeedError("xlsx_damaged_row", row=row, reason="row number")
            if any(text != "" for text in texts):
                yield row, texts


def _shown(cell: Cell) -> str:
    return cell if isinstance(cell, str) else "="


def _trimmed(cells: list[str]) -> list[str]:
    while cells and not cells[-1].strip():
        cells.pop()
    return cells


def cell_text(cell: Any) -> Cell:
    """Return what a cell of openpyxl shows as text, or why it holds none."""
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        return BadCell("formula", {"cell": cell.coordinate})
    if cell.data_type == "e":
        return BadCell("cell_error", {"cell": cell.coordinate, "value": str(value)[:20]})
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        if abs(value) >= EXACT:
            return BadCell("number_inexact", {"cell": cell.coordinate})
        return number_text(value, str(cell.number_format or "General"))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value).replace("_x000D_", "")


def number_text(value: float, number_format: str) -> str:
    """Return a number as its format shows it where that carries meaning: leading zeros, percent, a currency sign."""
    if re.fullmatch("0{2,40}", number_format) and value == int(value) and value >= 0:
        return str(int(value)).zfill(len(number_format))
    if re.fullmatch(r"0(\.0+)?%", number_format):
        return f"{_digits(value * 100)}%"
    currency = CURRENCY_FORMAT.search(number_format)
    sign = next((group for group in currency.groups() if group), "") if currency else ""
    return f"{sign} {_digits(value)}" if sign.isalpha() else f"{sign}{_digits(value)}"


def _digits(value: float) -> str:
    if value == int(value):
        return str(int(value))
    # 15 digits are what Excel shows; beyond them stands the noise of binary fractions
    text = format(value, ".15g")
    return format(float(text), ".20f").rstrip("0") if "e" in text else text

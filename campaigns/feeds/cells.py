"""The cells of one record as text, with every complaint about them gathered."""

from __future__ import annotations

from collections.abc import Callable

from campaigns.feeds.records import BadCell, Record, RowError
from campaigns.feeds.text import TextError, check_text, plain_text, printable, raw_text
from campaigns.feeds.values import cell_items


class RowCells:
    """Reads cells by column name. What cannot be read is noted in ``errors`` and comes back empty."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.errors: list[RowError] = []

    def error(self, column: str | None, code: str, **params: str | int) -> None:
        """Note an error. Its parameters quote the file, so they are made fit for a database and a page."""
        shown = {name: printable(value) if isinstance(value, str) else value for name, value in params.items()}
        self.errors.append(RowError(self.record.line, column, code, shown))

    def cell(self, column: str | None) -> str:
        """Return the cell as it stands."""
        cell = self.record.cells.get(column, "") if column is not None else ""
        if isinstance(cell, BadCell):
            self.error(column, cell.code, **cell.params)
            return ""
        try:
            check_text(cell)
        except TextError as error:
            self.error(column, error.code, **error.params)
            return ""
        return cell

    def raw(self, column: str | None) -> str:
        """Return the cell on one line, its markup untouched."""
        return raw_text(self.cell(column))

    def plain(self, column: str | None, text: str, convert: Callable[[str], str] = plain_text) -> str:
        """Return ``text``, which stood in that column, as plain text. (JSON in a cell can hide what the cell may not.)"""
        try:
            return convert(text)
        except TextError as error:
            self.error(column, error.code, **error.params)
            return ""

    def fitting(self, column: str | None, text: str, limit: int) -> str:
        if len(text) > limit:
            self.error(column, "too_long", length=len(text), limit=limit)
            return ""
        return text


def joined(text: str) -> str:
    """Return a JSON list in a cell as text with commas; other text as it is."""
    return ", ".join(cell_items(text)) if text.startswith("[") else text

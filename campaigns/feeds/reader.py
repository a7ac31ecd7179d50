"""What every format's reader offers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Protocol

from campaigns.feeds.limits import MAX_COLUMNS, SAMPLE_ROWS
from campaigns.feeds.records import FeedError, Record, RowError


class Reader(Protocol):
    """Streams the records of one file.

    ``columns`` are in the order of the file; where ``open_ended`` they are those of the first records only, and later
    ones may bring more. ``language`` is what the file as a whole says. ``position`` of ``total`` bytes have been read.
    """

    @property
    def columns(self) -> tuple[str, ...]: ...

    @property
    def language(self) -> str: ...

    @property
    def open_ended(self) -> bool: ...

    @property
    def position(self) -> int: ...

    @property
    def total(self) -> int: ...

    def records(self) -> Iterator[Record | RowError]:
        """Start from the beginning. Raises :class:`~campaigns.feeds.records.FeedError` where the file itself breaks."""
        ...

    def close(self) -> None: ...


def discover_columns(records: Iterable[Record | RowError]) -> tuple[str, ...]:
    """Return the names in the first records, in the order in which they appear. Raises :class:`FeedError` for too many."""
    names: dict[str, None] = {}
    for record in islice(records, SAMPLE_ROWS):
        if isinstance(record, Record):
            names.update(dict.fromkeys(record.cells))
            if len(names) > MAX_COLUMNS:
                raise FeedError("too_many_columns", line=record.line, limit=MAX_COLUMNS)
    return tuple(names)

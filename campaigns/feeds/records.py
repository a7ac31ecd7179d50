"""The values that pass through an import: a raw record, the product made of it, and what was wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from campaigns.feeds.messages import message

Params = Mapping[str, str | int]


class FeedFormat(StrEnum):
    """What the content of a file is, whatever its name says."""

    CSV = "csv"
    SHOPIFY_CSV = "shopify_csv"
    XLSX = "xlsx"
    JSON_LINES = "json_lines"
    JSON_ARRAY = "json_array"
    MERCHANT_XML = "merchant_xml"


class FeedError(Exception):
    """The file as a whole cannot be imported. ``code`` is a key of ``messages.MESSAGES``; ``params`` fill it."""

    def __init__(self, code: str, **params: str | int) -> None:
        self.code = code
        self.params: dict[str, str | int] = params
        super().__init__(message(code, params))


@dataclass(frozen=True, slots=True)
class RowNote:
    """Something to say of one row. ``line`` counts from 1 as an editor does; in XLSX it is the row number."""

    line: int
    column: str | None
    code: str
    params: Params = field(default_factory=dict)

    @property
    def text(self) -> str:
        return message(self.code, self.params)


@dataclass(frozen=True, slots=True)
class RowError(RowNote):
    """What is wrong in a row. It is not imported."""


@dataclass(frozen=True, slots=True)
class RowWarning(RowNote):
    """Something in a row that was decided for the person, who may want to know. The product is imported."""


class Fact(NamedTuple):
    """One attribute–value claim; ``unit`` is empty unless it could be split off cleanly ("500 ml" → 500, ml)."""

    attribute: str
    value: str
    unit: str


@dataclass(frozen=True, slots=True)
class ParsedProduct:
    """A product as the file describes it: plain text, checked lengths, absolute web addresses.

    ``price`` is what is paid now, ``was_price`` only ever higher; both have at most two decimals and then ``currency``
    is an ISO 4217 code. ``status`` is "active", "archived" or, where the file is silent, empty; ``language`` likewise.
    """

    line: int
    sku: str
    title: str
    description: str = ""
    category: str = ""
    vendor: str = ""
    language: str = ""
    url: str = ""
    image_url: str = ""
    price: Decimal | None = None
    was_price: Decimal | None = None
    currency: str = ""
    status: str = ""
    tags: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    warnings: tuple[RowWarning, ...] = ()


@dataclass(frozen=True, slots=True)
class BadCell:
    """A cell that holds no usable text (a formula, say). It is an error only if its column is read."""

    code: str
    params: Params


Cell = str | BadCell


@dataclass(slots=True)
class Record:
    """One product as its format has it: named cells, plus facts whose names are data (options, product details).

    ``width`` is the number of cells that a delimited line really had where the header has more, else None.
    """

    line: int
    cells: dict[str, Cell]
    facts: list[tuple[str, str]] = field(default_factory=list)
    width: int | None = None
    warnings: list[RowWarning] = field(default_factory=list)

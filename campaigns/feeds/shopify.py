"""Shopify's product export: one product is one or several lines with the same handle, one per variant or image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from campaigns.feeds.headers import normalise_header
from campaigns.feeds.price import PriceError, parse_price
from campaigns.feeds.reader import Reader
from campaigns.feeds.records import BadCell, Record, RowError

HANDLE = frozenset({"handle", "urlhandle"})
SIGNS = frozenset({"bodyhtml", "variantprice", "variantsku", "option1value", "option1name", "variantcompareatprice"})
NO_OPTION = frozenset({"", "title"})  # what Shopify writes for a product without variants, with "Default Title"
CATEGORY = ("type", "productcategory", "googleshoppinggoogleproductcategory")
MAX_VARIANTS = 5_000


def is_shopify(columns: Sequence[str]) -> bool:
    """Tell a Shopify export from its header, whatever the separator or the file type."""
    names = {normalise_header(column) for column in columns}
    return bool(names & HANDLE) and "title" in names and len(names & SIGNS) >= 2


@dataclass(slots=True)
class _Product:
    """The lines of one handle so far: the first with its cells, then options and prices of every variant."""

    handle: str
    first: Record
    options: dict[int, dict[str, None]] = field(default_factory=dict)
    cheapest: tuple[Decimal, str, str] | None = None
    variants: int = 0
    errors: list[RowError] = field(default_factory=list)


class ShopifyReader:
    """Merges the lines of each handle from another reader. Memory holds one product and a number per handle.

    Options become facts ("Size": "Small, Medium"); the price is that of the cheapest variant and the compare-at price is
    of the same variant; barcode and weight stay only where there is one variant.
    """

    open_ended = False

    def __init__(self, rows: Reader) -> None:
        self._rows = rows
        self.columns = rows.columns
        self.language = rows.language
        self._column = {normalise_header(column): column for column in reversed(rows.columns)}
        self._handle = next(self._column[name] for name in ("handle", "urlhandle") if name in self._column)
        self._price = self._column.get("variantprice") or self._column.get("price")
        self._was = self._column.get("variantcompareatprice") or self._column.get("compareatprice")

    @property
    def position(self) -> int:
        return self._rows.position

    @property
    def total(self) -> int:
        return self._rows.total

    def close(self) -> None:
        self._rows.close()

    def records(self) -> Iterator[Record | RowError]:
        product: _Product | None = None
        seen: dict[int, int] = {}
        for record in self._rows.records():
            if isinstance(record, RowError):
                yield record
                continue
            if record.width is not None:
                yield RowError(
                    record.line, None, "too_few_cells", {"found": record.width, "expected": len(self.columns)}
                )
                continue
            handle = self._text(record, self._handle)
            if not handle:
                yield RowError(record.line, self._handle, "key_missing")
                continue
            if product is None or handle != product.handle:
                if product is not None:
                    yield from self._finish(product)
                product = None
                first_line = seen.setdefault(hash(handle), record.line)
                if first_line != record.line:
                    yield RowError(
                        record.line, self._handle, "handle_scattered", {"key": handle[:80], "first_line": first_line}
                    )
                    continue
                product = _Product(handle, record)
            self._add(product, record)
        if product is not None:
            yield from self._finish(product)

    def _add(self, product: _Product, record: Record) -> None:
        options = [self._option(record, number, "value") for number in (1, 2, 3)]
        price = self._text(record, self._price)
        if record is not product.first and not price and not any(options):
            return  # a line that only brings another image
        product.variants += 1
        if product.variants > MAX_VARIANTS:
            return
        for number, value in enumerate(options, start=1):
            if value:
                product.options.setdefault(number, {})[value] = None
        if self._price is None or not price:
            return
        try:
            amount = parse_price(price).amount
        except PriceError as error:
            product.errors.append(RowError(record.line, self._price, error.code, error.params))
            return
        if product.cheapest is None or amount < product.cheapest[0]:
            product.cheapest = (amount, price, self._text(record, self._was))

    def _finish(self, product: _Product) -> Iterator[Record | RowError]:
        if product.errors:
            yield from product.errors
            return
        record = product.first
        if product.cheapest is not None and self._price is not None:
            record.cells[self._price] = product.cheapest[1]
            if self._was is not None:
                record.cells[self._was] = product.cheapest[2]
        for number, values in sorted(product.options.items()):
            name = self._option(record, number, "name")
            if normalise_header(name) not in NO_OPTION:
                record.facts.append((name, ", ".join(values)))
        self._tidy(record, product.variants)
        yield record

    def _tidy(self, record: Record, variants: int) -> None:
        """Fill the category from whichever column has it, and drop what belongs to one variant or says nothing (0 grams)."""
        kinds = [self._column[name] for name in CATEGORY if name in self._column]
        text = next((text for column in kinds if (text := self._text(record, column))), "")
        record.cells.update((column, self._text(record, column) or text) for column in kinds)
        for name in ("variantbarcode", "barcode", "variantgrams"):
            column = self._column.get(name)
            if column and (variants > 1 or self._text(record, column) in ("0", "0.0")):
                record.cells[column] = ""

    def _option(self, record: Record, number: int, part: str) -> str:
        return self._text(record, self._column.get(f"option{number}{part}"))

    @staticmethod
    def _text(record: Record, column: str | None) -> str:
        cell = record.cells.get(column, "") if column else ""
        return "" if isinstance(cell, BadCell) else cell.strip()

"""The one way in: open a product file, look at it, stream its products."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from campaigns.feeds.delimited import DelimitedReader, detect_layout
from campaigns.feeds.jsonlines import JsonArrayReader, JsonLinesReader
from campaigns.feeds.limits import MAX_COLUMNS, MAX_ROWS, SAMPLE_ROWS
from campaigns.feeds.mapping import Mapping, MappingSuggestion, Target, suggest_mapping
from campaigns.feeds.merchant import MerchantReader
from campaigns.feeds.price import PriceError, decimal_mark_of, parse_price
from campaigns.feeds.reader import Reader
from campaigns.feeds.records import BadCell, FeedError, FeedFormat, ParsedProduct, Record, RowError
from campaigns.feeds.rows import RowParser
from campaigns.feeds.shopify import ShopifyReader, is_shopify
from campaigns.feeds.sniff import sniff
from campaigns.feeds.text import TextError, plain_text
from campaigns.feeds.values import language_code
from campaigns.feeds.xlsx import XlsxReader

SHOWN_CHARS = 200


class Feed:
    """An opened product file. Use it as a context manager, or call :meth:`close`.

    ``encoding`` and ``delimiter`` are None where the format has none. ``suggested_mapping`` is always there; ``mapping``
    is the one given, and without it :meth:`products` uses the suggestion. ``columns`` of JSON and XML are those of the
    first 200 records; names that appear only later are gathered in ``late_columns`` while :meth:`products` runs.
    """

    def __init__(
        self, *, reader: Reader, feed_format: FeedFormat, encoding: str | None, delimiter: str | None,
        has_header: bool, mapping: Mapping | None, language_hint: str,
    ) -> None:  # fmt: skip
        self.format = feed_format
        self.encoding = encoding
        self.delimiter = delimiter
        self.has_header = has_header
        self.columns = reader.columns
        self.late_columns: set[str] = set()
        self._reader = reader
        self._sample = list(islice(reader.records(), SAMPLE_ROWS))
        if not self._sample or not (self.columns or any(isinstance(item, RowError) for item in self._sample)):
            raise FeedError("no_rows")
        self.language_hint = language_hint or _language(reader.language)
        self.suggested_mapping: MappingSuggestion = suggest_mapping(
            self.columns, self._samples(), feed_format, by_handle=isinstance(reader, ShopifyReader)
        )
        if mapping is not None and not reader.open_ended:
            unknown = next((column for column, _ in mapping.columns if column not in self.columns), None)
            if unknown is not None:
                raise FeedError("mapping_column_unknown", column=unknown)
        self.mapping = mapping

    @property
    def position(self) -> int:
        """Bytes consumed by the present pass, of ``total``. For XLSX both count the unpacked sheet."""
        return self._reader.position

    @property
    def total(self) -> int:
        return self._reader.total

    def bare_price_columns(self) -> list[str]:
        """The columns with prices in the sample that name no currency, whatever they are read as."""
        return [column for column in self.columns if any(_has_no_currency(text) for text in self._texts(column))]

    def sample_values(self, count: int = 3) -> dict[str, list[str]]:
        """Up to ``count`` different values of each column, plain and short, from the sample."""
        return {
            column: [value for value in dict.fromkeys(values) if value][:count]
            for column, values in self._samples().items()
        }

    def products(self) -> Iterator[ParsedProduct | RowError]:
        """Stream the whole file from its beginning: each row as a product, or as one or more errors.

        Raises :class:`FeedError` for an incomplete mapping, for more than 500,000 rows, and where the file breaks so that
        nothing after it could be trusted (malformed XML, a quotation mark left open).
        """
        parser = self._parser(self.mapping or self.suggested_mapping.to_mapping())
        lines: dict[int, int] = {}  # hash of the key → line; the keys themselves would not fit for large files
        known = set(self.columns)
        for count, item in enumerate(self._reader.records(), start=1):
            if count > MAX_ROWS:
                raise FeedError("too_many_rows", limit=MAX_ROWS)
            if isinstance(item, RowError):
                yield item
                continue
            if self._reader.open_ended and len(self.late_columns) < MAX_COLUMNS:
                self.late_columns.update(name for name in item.cells if name not in known)
            result = parser.parse(item)
            if isinstance(result, list):
                yield from result
                continue
            first_line = lines.setdefault(hash(result.sku), result.line)
            if first_line != result.line:
                column = parser.column[Target(parser.mapping.key.value)]
                yield RowError(result.line, column, "duplicate_key", {"key": result.sku, "first_line": first_line})
            else:
                yield result

    def close(self) -> None:
        self._reader.close()

    def __enter__(self) -> Feed:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _parser(self, mapping: Mapping) -> RowParser:
        prices = [mapping.column_of(target) for target in (Target.PRICE, Target.WAS_PRICE)]
        texts = [text for column in prices if column for text in self._texts(column)]
        return RowParser(mapping, self.columns, language_hint=self.language_hint, decimal_mark=decimal_mark_of(texts))

    def _texts(self, column: str) -> Iterator[str]:
        for item in self._sample:
            if isinstance(item, Record) and isinstance(cell := item.cells.get(column, ""), str) and cell:
                yield cell[:100]

    def _samples(self) -> dict[str, list[str]]:
        return {column: [_shown(text) for text in islice(self._texts(column), 20)] for column in self.columns}


def open_feed(
    path: Path | str, mapping: Mapping | None = None, language_hint: str | None = None, *, now: datetime | None = None
) -> Feed:
    """Recognise the file at ``path`` by its content and open it.

    ``language_hint`` (a code such as ``en``) is for rows that name no language. ``now`` decides which dated sale prices
    apply (default: the clock). Every byte is decoded once here, so that a bad one is found before the first product.
    Raises :class:`FeedError` with a stable code, ``OSError`` where the file cannot be read.
    """
    path = Path(path)
    found = sniff(path)
    feed_format, delimiter, has_header = found.format, None, True
    reader: Reader
    if feed_format is FeedFormat.XLSX:
        workbook = XlsxReader(path)
        has_header, reader = workbook.has_header, workbook
    elif feed_format is FeedFormat.MERCHANT_XML:
        reader = MerchantReader(path, found.encoding, now=now or datetime.now(UTC))
    elif feed_format is FeedFormat.JSON_LINES:
        reader = JsonLinesReader(path, found.encoding)
    elif feed_format is FeedFormat.JSON_ARRAY:
        reader = JsonArrayReader(path, found.encoding)
    else:
        layout = detect_layout(path, found.encoding)
        delimiter, has_header, reader = (
            layout.delimiter,
            layout.has_header,
            DelimitedReader(path, found.encoding, layout),
        )
    if feed_format in (FeedFormat.CSV, FeedFormat.XLSX) and is_shopify(reader.columns):
        reader = ShopifyReader(reader)
        feed_format = FeedFormat.SHOPIFY_CSV if feed_format is FeedFormat.CSV else feed_format
    try:
        return Feed(
            reader=reader, feed_format=feed_format, encoding=found.encoding or None, delimiter=delimiter,
            has_header=has_header, mapping=mapping, language_hint=_language(language_hint or ""),
        )  # fmt: skip
    except FeedError:
        reader.close()
        raise


def _language(text: str) -> str:
    try:
        return language_code(text) if text else ""
    except ValueError:
        return ""


def _has_no_currency(text: str) -> bool:
    try:
        return not parse_price(text).currencies
    except PriceError:
        return False


def _shown(cell: str | BadCell) -> str:
    """Return a cell short and plain, for a page: markup out, at most 200 characters."""
    if isinstance(cell, BadCell):
        return str(cell.params.get("cell", ""))
    try:
        text = plain_text(cell[: 10 * SHOWN_CHARS])
    except TextError:
        return ""
    return text if len(text) <= SHOWN_CHARS else f"{text[: SHOWN_CHARS - 1]}…"

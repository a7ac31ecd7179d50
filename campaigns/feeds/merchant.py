"""Google Merchant product feeds, RSS or Atom, as a stream of items.

defusedxml's SAX parser refuses document types and entities. SAX rather than ``iterparse``, because it knows the line of
every item and builds no tree: nothing remains of an item once it has been handed out.
"""

from __future__ import annotations

import re
import xml.sax.xmlreader
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from xml.sax.handler import ContentHandler

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

from campaigns.feeds.limits import (
    MAX_CELL_CHARS,
    MAX_LINE_CHARS,
    MAX_XML_DEPTH,
    MAX_XML_FIELDS,
    MAX_XML_MARKUP_CHARS,
)
from campaigns.feeds.reader import discover_columns
from campaigns.feeds.records import Cell, FeedError, Record, RowError, RowWarning
from campaigns.feeds.textstream import TextStream

NAMESPACE = "http://base.google.com/ns/1.0"
ROOTS = frozenset({"rss", "feed", "rdf"})
ITEMS = frozenset({"item", "entry"})
# the text is decoded already; and without its declaration an XML file may begin with a blank line, as many do
DECLARATION = re.compile(r"^(\s*)<\?xml\b[^>]*\?>")


class _Items(ContentHandler):
    """Collects the items that have ended. ``events`` tells the feeding loop that the parser gets on."""

    def __init__(self, parser: DefusedExpatParser) -> None:
        super().__init__()
        self.done: list[Record | RowError] = []
        self.events = 0
        self.language = ""
        self._parser = parser
        self._google = {"g"}
        self._path: list[str] = []
        self._item_depth = 0
        self._start_item(0)
        self._channel_text: list[str] = []

    @property
    def line(self) -> int:
        return int(self._parser.getLineNumber())

    def _start_item(self, line: int) -> None:
        self._item_line = line
        self._cells: dict[str, Cell] = {}
        self._from_google: set[str] = set()
        self._facts: list[tuple[str, str]] = []
        self._text: list[str] = []
        self._parts: dict[str, list[str]] = {}
        self._chars = self._field_chars = self._elements = 0

    def startElement(self, name: str, attrs: xml.sax.xmlreader.AttributesImpl) -> None:  # noqa: N802 (the name is SAX's)
        self.events += 1
        if not self._path:
            self._check_root(name, attrs)
        self._path.append(name)
        depth = len(self._path)
        if depth > MAX_XML_DEPTH:
            raise FeedError("xml_too_deep", line=self.line, limit=MAX_XML_DEPTH)
        if not self._item_depth:
            self._channel_text = []
            if self._local(name) in ITEMS:
                self._item_depth = depth
                self._start_item(self.line)
            return
        self._elements += 1
        if depth == self._item_depth + 1:
            self._text, self._parts, self._field_chars = [], {}, 0
            if self._local(name) == "link" and attrs.get("rel", "alternate") == "alternate" and attrs.get("href"):
                self._text.append(attrs["href"])
        else:
            self._text.append(" ")

    def characters(self, content: str) -> None:
        self.events += 1
        if not self._item_depth:
            if len(self._channel_text) < 10:
                self._channel_text.append(content)
            return
        self._chars += len(content)
        self._field_chars += len(content)
        # one character more than fits is kept, so that the cell is found to be too long
        if self._field_chars - len(content) <= MAX_CELL_CHARS and self._chars <= MAX_LINE_CHARS:
            self._text.append(content)
            if len(self._path) == self._item_depth + 2:
                self._parts.setdefault(self._local(self._path[-1]), []).append(content)

    def endElement(self, name: str) -> None:  # noqa: N802 (the name is SAX's)
        self.events += 1
        depth = len(self._path)
        self._path.pop()
        if not self._item_depth:
            if self._local(name) == "language" and not self.language:
                self.language = "".join(self._channel_text).strip()[:20]
        elif depth == self._item_depth:
            self._end_item()
        elif depth == self._item_depth + 1 and self._elements <= MAX_XML_FIELDS:
            self._end_field(name)

    def _end_field(self, name: str) -> None:
        text, local = "".join(self._text).strip(), self._local(name)
        prefix = name.rpartition(":")[0]
        if local == "product_detail":
            attribute = "".join(self._parts.get("attribute_name", ())).strip()
            value = "".join(self._parts.get("attribute_value", ())).strip()
            if attribute and value:
                self._facts.append((attribute, value))
        elif local == "product_highlight" and text:
            self._facts.append(("Highlight", text))
        elif prefix in self._google and local not in self._from_google and (text or local not in self._cells):
            self._from_google.add(local)
            self._cells[local] = text
        elif text and not self._cells.get(local):
            self._cells[local] = text

    def _end_item(self) -> None:
        line, self._item_depth = self._item_line, 0
        if self._elements > MAX_XML_FIELDS or self._chars > MAX_LINE_CHARS:
            self.done.append(RowError(line, None, "xml_item_too_large", {"limit": MAX_XML_FIELDS}))
        else:
            self.done.append(Record(line=line, cells=self._cells, facts=self._facts))

    def _local(self, name: str) -> str:
        """Return the name without Google's prefix; other prefixes stay, so that ``media:title`` is not the title."""
        prefix, _, local = name.rpartition(":")
        return local if not prefix or prefix in self._google or prefix in ("atom", "rdf", "rss") else name

    def _check_root(self, name: str, attrs: xml.sax.xmlreader.AttributesImpl) -> None:
        if name.rpartition(":")[2].lower() not in ROOTS:
            raise FeedError("xml_not_merchant", root=name[:60])
        for attribute in attrs.getNames():
            if attribute.startswith("xmlns:") and attrs[attribute] == NAMESPACE:
                self._google.add(attribute.removeprefix("xmlns:"))


class MerchantReader:
    """Streams the items of a feed. ``now`` decides whether a sale price with dates applies.

    ``price`` is what is paid now and ``was_price`` the regular price during a sale, whatever the feed calls them.
    """

    open_ended = True

    def __init__(self, path: Path, encoding: str, *, now: datetime) -> None:
        self.total = path.stat().st_size
        self.language = ""
        self._path, self._encoding, self._now = path, encoding, now
        self._stream: TextStream | None = None
        names = discover_columns(self.records())
        self.close()
        # known from the start, since a sale may only come with a later item
        self.columns = tuple(dict.fromkeys([*names, "price", "was_price"])) if "price" in names else names

    @property
    def position(self) -> int:
        return self._stream.position if self._stream else 0

    def close(self) -> None:
        if self._stream:
            self._stream.close()

    def records(self) -> Iterator[Record | RowError]:
        parser = DefusedExpatParser(forbid_dtd=True)
        handler = _Items(parser)
        parser.setContentHandler(handler)
        with TextStream(self._path, self._encoding) as self._stream:
            waiting = 0
            for chunk in self._stream.chunks():
                before = handler.events
                self._feed(parser, chunk if before else DECLARATION.sub(r"\1", chunk))
                self.language = self.language or handler.language
                waiting = 0 if handler.events != before else waiting + len(chunk)
                if waiting > MAX_XML_MARKUP_CHARS:
                    raise FeedError("xml_markup_too_long", line=parser.getLineNumber(), limit=MAX_XML_MARKUP_CHARS)
                yield from self._finished(handler)
            self._feed(parser, None)
            yield from self._finished(handler)

    @staticmethod
    def _feed(parser: DefusedExpatParser, chunk: str | None) -> None:
        """Give the parser more text, or with None tell it that there is no more."""
        try:
            if chunk is None:
                parser.close()
            else:
                parser.feed(chunk)
        except DefusedXmlException:
            raise FeedError("xml_dtd", line=parser.getLineNumber()) from None
        except xml.sax.SAXParseException as error:
            line, column = error.getLineNumber() or 1, (error.getColumnNumber() or 0) + 1
            raise FeedError("xml_malformed", line=line, position=column, reason=error.getMessage()) from None

    def _finished(self, handler: _Items) -> Iterator[Record | RowError]:
        items, handler.done = handler.done, []
        for item in items:
            yield self._priced(item) if isinstance(item, Record) else item

    def _priced(self, record: Record) -> Record:
        """Put the sale price in the place of the price while it applies, and the regular price beside it."""
        cells = record.cells
        sale = cells.pop("sale_price", "")
        dates = str(cells.get("sale_price_effective_date", ""))
        if sale and _applies(dates, self._now):
            cells["was_price"], cells["price"] = cells.get("price", ""), sale
        elif sale:
            record.warnings.append(
                RowWarning(record.line, "sale_price", "sale_price_not_valid_now", {"dates": dates[:80]})
            )
        if isinstance(availability := cells.get("availability"), str):
            cells["availability"] = availability.replace("_", " ")
        return record


def _applies(dates: str, now: datetime) -> bool:
    """Tell whether ``now`` lies in ``start/end`` (ISO 8601). No dates: always. Dates that cannot be read: no."""
    if not dates.strip():
        return True
    try:
        start, end = (datetime.fromisoformat(part.strip()) for part in dates.split("/"))
    except ValueError:
        return False
    return _aware(start) <= now <= _aware(end)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

"""What a file is, told by its content; its name is not looked at."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NamedTuple

from campaigns.feeds.encoding import detect_encoding
from campaigns.feeds.limits import MAX_FILE_BYTES, MAX_JSON_ARRAY_BYTES, MAX_LINE_CHARS
from campaigns.feeds.messages import gettext_noop
from campaigns.feeds.records import FeedError, FeedFormat
from campaigns.feeds.textstream import TextStream

MAGIC = (
    (b"\x1f\x8b", gettext_noop("a gzip archive")),
    (b"%PDF", gettext_noop("a PDF document")),
    (b"\x89PNG", gettext_noop("a PNG image")),
    (b"\xff\xd8\xff", gettext_noop("a JPEG image")),
    (b"GIF8", gettext_noop("a GIF image")),
    (b"7z\xbc\xaf", gettext_noop("a 7z archive")),
    (b"Rar!", gettext_noop("a RAR archive")),
    (b"BZh", gettext_noop("a bzip2 archive")),
    (b"\xfd7zXZ", gettext_noop("an xz archive")),
    (b"SQLite format 3", gettext_noop("an SQLite database")),
    (b"PAR1", gettext_noop("a Parquet file")),
    (b"\x7fELF", gettext_noop("a program")),
)
ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

XML_START = re.compile(r"<(?:\?xml\b|!DOCTYPE\b|!--|[A-Za-z_][\w.:-]*(?:\s+[\w.:-]+\s*=|\s*/?>))", re.IGNORECASE)
HTML_START = re.compile(r"(?:<\?xml[^>]*>|<!--.*?-->|\s)*<(?:!doctype\s+html|html|head|body|table|meta)\b", re.I | re.S)


class Sniffed(NamedTuple):
    """``format`` CSV here only means delimited text; whether it is a Shopify export, its header tells later."""

    format: FeedFormat
    encoding: str


def sniff(path: Path) -> Sniffed:
    """Return format and encoding. Raises :class:`FeedError` for files too large, empty, binary or undecodable."""
    size = path.stat().st_size
    if size == 0:
        raise FeedError("file_empty")
    if size > MAX_FILE_BYTES:
        raise FeedError("file_too_large", limit_mb=MAX_FILE_BYTES // 2**20)
    with path.open("rb") as file:
        magic = file.read(16)
    if magic.startswith(ZIP):
        return Sniffed(FeedFormat.XLSX, "")
    if magic.startswith(OLE):
        raise FeedError("excel_old")
    for signature, kind in MAGIC:
        if magic.startswith(signature):
            raise FeedError("file_binary", kind=kind)
    encoding = detect_encoding(path)
    return Sniffed(_text_format(path, encoding, size), encoding)


def _text_format(path: Path, encoding: str, size: int) -> FeedFormat:
    with TextStream(path, encoding) as stream:
        head = next(stream.chunks(8_192), "").lstrip("\ufeff \t\r\n")
    if not head:
        raise FeedError("file_empty")
    if HTML_START.match(head):
        raise FeedError("file_html")
    if XML_START.match(head):
        return FeedFormat.MERCHANT_XML
    if re.match(r"\[\s*(?:\{|\]|$)", head):
        if size > MAX_JSON_ARRAY_BYTES:
            raise FeedError("json_array_too_large", limit_mb=MAX_JSON_ARRAY_BYTES // 2**20)
        return FeedFormat.JSON_ARRAY
    if re.match(r'\{\s*(?:"|\}|$)', head):
        return _json_format(path, encoding)
    return FeedFormat.CSV


def _json_format(path: Path, encoding: str) -> FeedFormat:
    """Tell JSON lines from one object over several lines. A first line that is cut short is JSON lines with an error."""
    with TextStream(path, encoding) as stream:
        lines = (line for line in stream.lines() if line.strip("\ufeff \t\r\n"))
        first, second = next(lines, "").strip("\ufeff \t\r\n"), next(lines, "").strip()
    try:
        data = json.loads(first)
    except RecursionError:
        return FeedFormat.JSON_LINES
    except ValueError:
        if second.startswith("{") and len(first) < MAX_LINE_CHARS:
            return FeedFormat.JSON_LINES
        raise FeedError("json_not_lines") from None
    if not second and all(isinstance(value, list | dict) for value in data.values()):  # {"products": […]}
        raise FeedError("json_not_lines")
    return FeedFormat.JSON_LINES

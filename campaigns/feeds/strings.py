"""The string table of a workbook, held compactly: a million strings as one block of UTF-8, not as a million objects."""

from __future__ import annotations

import xml.sax.xmlreader
from array import array
from typing import IO
from xml.sax.handler import ContentHandler

from defusedxml.expatreader import DefusedExpatParser

CHUNK = 65_536


class StringTable:
    """Reads ``xl/sharedStrings.xml`` as a stream. Indexing gives the text of one entry, or raises ``IndexError``."""

    def __init__(self, source: IO[bytes] | None = None) -> None:
        self._bytes = bytearray()
        self._ends = array("Q")
        if source is not None:
            self._read(source)

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, index: int) -> str:
        if index < 0:
            raise IndexError(index)
        start = self._ends[index - 1] if index else 0
        return self._bytes[start : self._ends[index]].decode()

    def append(self, text: str) -> None:
        self._bytes += text.encode()
        self._ends.append(len(self._bytes))

    def _read(self, source: IO[bytes]) -> None:
        parser = DefusedExpatParser(forbid_dtd=True)
        parser.setContentHandler(_Strings(self))
        try:
            while chunk := source.read(CHUNK):
                parser.feed(chunk)
            parser.close()
        except xml.sax.SAXParseException as error:
            raise ValueError("string table is not well-formed XML") from error


class _Strings(ContentHandler):
    """Joins the runs (``t``) of each entry (``si``); phonetic readings (``rPh``) are not part of the text."""

    def __init__(self, table: StringTable) -> None:
        super().__init__()
        self._table = table
        self._text: list[str] = []
        self._open: list[str] = []

    def startElement(self, name: str, attrs: xml.sax.xmlreader.AttributesImpl) -> None:  # noqa: N802 (the name is SAX's)
        local = name.rpartition(":")[2]
        if len(self._open) > 10:
            raise ValueError("string table is nested too deeply")
        self._open.append(local)
        if local == "si":
            self._text = []

    def characters(self, content: str) -> None:
        if self._open[-1:] == ["t"] and "rPh" not in self._open:
            self._text.append(content)

    def endElement(self, name: str) -> None:  # noqa: N802 (the name is SAX's)
        if self._open.pop() == "si":
            self._table.append("".join(self._text))

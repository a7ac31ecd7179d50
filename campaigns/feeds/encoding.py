"""Which character encoding a file has, and whether every byte of it belongs there.

UTF-8 is tried first, over the whole file, because text in another encoding is almost never valid UTF-8. Only then a
bounded sample of the lines with non-ASCII bytes is given to charset-normalizer, and the best guess must decode the whole
file strictly: nothing is ever replaced or dropped.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from charset_normalizer import from_bytes

from campaigns.feeds.records import FeedError

CHUNK = 1 << 20
SAMPLE_BYTES = 64 * 1024
SURE_AFTER = 8  # valid multi-byte characters after which a file is UTF-8 with a broken byte, not something else

BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
CANDIDATES = ("gb18030", "big5", "cp1252")
VARIANTS = {"big5": ("big5", "cp950", "big5hkscs"), "gb18030": ("gb18030",), "cp1252": ("cp1252",)}
DECLARED = {
    "utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "utf-8", "ascii": "utf-8", "utf-16": "utf-16", "utf16": "utf-16",
    "utf-16le": "utf-16-le", "utf-16be": "utf-16-be", "gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030",
    "cp936": "gb18030", "big5": "big5", "big5-hkscs": "big5hkscs", "cp950": "cp950", "iso-8859-1": "cp1252",
    "latin1": "cp1252", "latin-1": "cp1252", "windows-1252": "cp1252", "cp1252": "cp1252", "iso-8859-15": "iso-8859-15",
}  # fmt: skip
XML_DECLARATION = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")

# the most used characters stand in the first rows of both Chinese sets (GB 2312 level 1, Big5 level 1)
COMMON_LEADS = {"gb18030": range(0xB0, 0xD8), "big5": range(0xA4, 0xC7)}


@dataclass(frozen=True, slots=True)
class Flaw:
    """The first place where a file does not decode. ``multibyte`` counts the good non-ASCII characters before it."""

    line: int
    byte: int
    multibyte: int
    at_end: bool


def detect_encoding(path: Path) -> str:
    """Return the Python codec that decodes the whole file. Raises :class:`FeedError` naming line and byte if none does."""
    with path.open("rb") as file:
        head = file.read(SAMPLE_BYTES)
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise FeedError("encoding_unsupported", encoding="UTF-32")
    declared = _declared(head)
    if declared:
        return _strict(path, declared)
    utf16 = _utf16_without_bom(head)
    if utf16:
        return _strict(path, utf16)
    flaw = first_flaw(path, "utf-8")
    if flaw is None:
        return "utf-8"
    if flaw.multibyte >= SURE_AFTER or (flaw.at_end and flaw.multibyte):
        raise _flaw_error(flaw, "utf-8")
    encoding = _guess(path)
    if encoding is None:
        raise _flaw_error(flaw, "utf-8")
    return encoding


def first_flaw(path: Path, encoding: str) -> Flaw | None:
    """Decode the whole file, a megabyte at a time. Return where it fails, or None. NUL raises :class:`FeedError`."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    line, multibyte, after_return = 1, 0, False
    with path.open("rb") as file:
        while True:
            chunk = file.read(CHUNK)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                good = error.object[: error.start].decode(encoding, errors="ignore")
                return Flaw(
                    line=line + _line_ends(good, after_return),
                    byte=error.object[error.start],
                    multibyte=multibyte + sum(not char.isascii() for char in good),
                    at_end=not chunk,  # an unfinished character is only known to be one when nothing follows
                )
            if "\0" in text:
                raise FeedError("nul_character", line=line + _line_ends(text[: text.index("\0")], after_return))
            line += _line_ends(text, after_return)
            after_return = text.endswith("\r") if text else after_return
            if not text.isascii():
                multibyte += len(text.encode("utf-8", "surrogatepass")) - len(text)
            if not chunk:
                return None


def _line_ends(text: str, after_return: bool) -> int:
    """Count LF, CR and CRLF. ``after_return`` tells that the text before ended in CR, whose LF may come first here."""
    returns = text.count("\r")
    split_pair = after_return and text.startswith("\n")
    return text.count("\n") - split_pair + (returns - text.count("\r\n") if returns else 0)


def _strict(path: Path, encoding: str) -> str:
    flaw = first_flaw(path, encoding)
    if flaw is not None:
        raise _flaw_error(flaw, encoding)
    return encoding


def _flaw_error(flaw: Flaw, encoding: str) -> FeedError:
    if flaw.at_end:
        return FeedError("file_cut_off", line=flaw.line)
    return FeedError("undecodable", line=flaw.line, byte=f"0x{flaw.byte:02X}", encoding=label(encoding))


def label(encoding: str) -> str:
    """Return the name of a codec as people write it: "UTF-8", "GB18030", "Big5", "Windows-1252"."""
    names = {"utf-8-sig": "UTF-8", "big5": "Big5", "cp950": "Big5", "big5hkscs": "Big5", "cp1252": "Windows-1252"}
    return names.get(encoding, encoding.upper())


def _declared(head: bytes) -> str:
    """Return the codec that a byte-order mark or an XML declaration names, or nothing."""
    for bom, encoding in BOMS:
        if head.startswith(bom):
            return encoding
    match = XML_DECLARATION.match(head)
    if match is None:
        return ""
    name = match.group(1).decode("ascii")
    if name.lower() not in DECLARED:
        raise FeedError("encoding_unsupported", encoding=name)
    return DECLARED[name.lower()]


def _utf16_without_bom(head: bytes) -> str:
    """Return the byte order of UTF-16 that has no mark: ASCII in it leaves every second byte NUL."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = max(len(head) // 2, 1)
    if odd > 0.2 * half and even < 0.02 * half:
        return "utf-16-le"
    if even > 0.2 * half and odd < 0.02 * half:
        return "utf-16-be"
    return ""


def _guess(path: Path) -> str | None:
    """Return the likeliest codec that decodes the whole file, or None where none is likely."""
    sample = _telling_lines(path)
    found = {match.encoding: match.chaos for match in from_bytes(sample, cp_isolation=list(CANDIDATES))}
    order = sorted(found, key=lambda name: (round(found[name], 2), -_commonness(sample, name), CANDIDATES.index(name)))
    order += [name for name in CANDIDATES if name not in found]
    for encoding in [variant for name in order for variant in VARIANTS[name]]:
        if (found or _commonness(sample, encoding) > 0.5) and first_flaw(path, encoding) is None:
            return encoding
    return None


def _telling_lines(path: Path) -> bytes:
    """Return up to 64 KB of lines with non-ASCII bytes, from wherever they begin in the file."""
    lines: list[bytes] = []
    size = 0
    with path.open("rb") as file:
        while size < SAMPLE_BYTES and (line := file.readline(SAMPLE_BYTES)):
            if not line.isascii():
                lines.append(line)
                size += len(line)
    return b"".join(lines)[:SAMPLE_BYTES]


def _commonness(sample: bytes, encoding: str) -> float:
    """Return the share of two-byte characters that are everyday ones, 0 to 1; for cp1252 that of letters in words."""
    text = sample.decode(encoding, errors="ignore")
    if encoding == "cp1252":
        foreign = [char for char in text if not char.isascii()]
        return sum(char.isalpha() or char in "€£©®™°–—‘’“”…«»·×½¼" for char in foreign) / max(len(foreign), 1) / 2
    leads = COMMON_LEADS.get(encoding, COMMON_LEADS["big5"])
    wide = [char.encode(encoding)[0] for char in text if not char.isascii()]
    return sum(lead in leads for lead in wide) / max(len(wide), 1)

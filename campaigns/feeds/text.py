"""Turns what stands in a cell into plain text that is safe to show: no markup, no control characters.

The tags are taken out by a scanner of our own, because it must be linear: Python's ``html.parser`` needs two seconds for
20,000 characters of ``<a <a <a`` (it rescans the rest at every ``<``) and stops with an assertion on ``<![``. The text
that remains may contain ``<`` (from ``&lt;``): it is text, and every page escapes it.
"""

from __future__ import annotations

import html
import re
import unicodedata

from campaigns.feeds.limits import MAX_CELL_CHARS
from campaigns.feeds.vocabulary import words

# their content is not text for people
DROPPED = frozenset({"script", "style", "iframe", "template", "noembed", "noframes", "xmp", "object", "head", "title"})
BLOCKS = words(
    "address article aside blockquote body br center dd details dialog div dl dt fieldset figcaption figure footer form"
    " h1 h2 h3 h4 h5 h6 header hr html legend li main nav ol optgroup option p pre section summary table tbody tfoot"
    " thead tr ul"
)
CELLS = frozenset({"td", "th", "img"})

MARKUP = re.compile(r"<(?:/?([A-Za-z][^\s/>]*)|!--|[!?])")
QUOTE_OR_END = re.compile(r"[>\"']")
ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
SURROGATE = re.compile(r"[\ud800-\udfff]")

LINE_BREAKS = "\n\r\v\f\u0085\u2028\u2029"
# invisible characters that can turn a text around (bidirectional embeddings) or hide in it; joiners of emoji and
# Arabic stay
HIDDEN = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200B, 0x2060, 0xFEFF, 0xFFFE, 0xFFFF, 0x00AD}
CONTROLS: dict[int, str] = {
    **dict.fromkeys((*range(32), *range(127, 160), *HIDDEN), ""),
    ord("\t"): " ",
    **{ord(char): "\n" for char in LINE_BREAKS},
}


class TextError(ValueError):
    """The cell cannot be text: ``code`` is ``cell_too_long``, ``nul`` or ``surrogate``."""

    def __init__(self, code: str, **params: str | int) -> None:
        self.code = code
        self.params = params
        super().__init__(code)


def check_text(value: str) -> None:
    """Refuse what no database field and no page can hold. Raises :class:`TextError`."""
    if len(value) > MAX_CELL_CHARS:
        raise TextError("cell_too_long", limit=MAX_CELL_CHARS)
    if "\0" in value:
        raise TextError("nul")
    if not value.isascii() and SURROGATE.search(value):
        raise TextError("surrogate")


def plain_text(value: str) -> str:
    """Return one line of text: tags out, entities decoded, white space collapsed. Raises :class:`TextError`."""
    return " ".join(_without_markup(value).split())


def plain_lines(value: str) -> str:
    """Like :func:`plain_text`, but paragraphs, list items and line breaks stay as single line breaks."""
    lines = (" ".join(line.split()) for line in _without_markup(value).split("\n"))
    return "\n".join(line for line in lines if line)


def raw_text(value: str) -> str:
    """Return the cell without control characters and outer white space; markup stays (for URLs, prices, JSON)."""
    check_text(value)
    return value.translate(CONTROLS).strip() if not value.isprintable() else value.strip()


def printable(value: str) -> str:
    """Return ``value`` without anything that a database refuses or a page cannot show: for names and quotations."""
    return SURROGATE.sub("\ufffd", value).translate(CONTROLS) if not value.isprintable() else value


def _without_markup(value: str) -> str:
    check_text(value)
    if "<" in value:
        value = strip_tags(value)
    elif "&" in value:
        value = decode_entities(value)
    if not value.isprintable():
        value = value.translate(CONTROLS)
    return value if value.isascii() else unicodedata.normalize("NFC", value)


def decode_entities(value: str) -> str:
    """Decode ``&amp;`` and its like. Only with their semicolon: "R&D", "?a=1&copy=2" and "AT&T" are not entities."""
    return ENTITY.sub(lambda match: html.unescape(match.group()), value)


def strip_tags(value: str) -> str:
    """Take the tags out of ``value`` in one pass, and the content of scripts and styles with them.

    Line breaks take the place of block elements, so that words do not run together. A ``<`` that opens nothing
    ("5 < 6", "<3") stays. Time is linear in the length, for any input.
    """
    pieces: list[str] = []
    scanner = _TagEnd(value)
    position = 0
    while (match := MARKUP.search(value, position)) is not None:
        end = scanner.after(match)
        if end is None:  # nothing closes it, nor anything later: the rest is text
            break
        pieces.append(decode_entities(value[position : match.start()]))
        name = (match.group(1) or "").lower()
        if name in BLOCKS:
            pieces.append("\n")
        elif name in CELLS:
            pieces.append(" ")
        position = end
        if name in DROPPED and value[match.start() + 1] != "/" and value[end - 2 : end] != "/>":
            position = _after_element(value, name, end)
    pieces.append(decode_entities(value[position:]))
    return "".join(pieces)


class _TagEnd:
    """Finds where a tag ends, minding quoted attribute values, without ever scanning the same text twice for nothing."""

    def __init__(self, value: str) -> None:
        self.value = value
        self.last = {char: value.rfind(char) for char in ">\"'"}
        self.last_comment = value.rfind("-->")
        self.mind_quotes = True

    def after(self, match: re.Match[str]) -> int | None:
        start = match.end()
        if self.last[">"] < start:
            return None
        if match.group() == "<!--":
            # from the opening dashes on, since "<!-->" is a whole comment
            close = self.value.find("-->", start - 2) if self.last_comment >= start - 2 else -1
            return close + 3 if close >= 0 else self.value.index(">", start) + 1
        if self.mind_quotes and match.group(1):
            end = self._outside_quotes(start)
            if end is not None:
                return end
            self.mind_quotes = False  # the quotes do not pair; from here on the next ">" ends a tag
        return self.value.index(">", start) + 1

    def _outside_quotes(self, position: int) -> int | None:
        while (found := QUOTE_OR_END.search(self.value, position)) is not None:
            if found.group() == ">":
                return found.end()
            position = found.end()
            if self.last[found.group()] >= position:
                position = self.value.index(found.group(), position) + 1
        return None


def _after_element(value: str, name: str, position: int) -> int:
    """Return where the text goes on after ``</name>``; without it the rest belongs to the element, as in a browser."""
    close = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE).search(value, position)
    end = value.find(">", close.end()) if close else -1
    return end + 1 if end >= 0 else len(value)

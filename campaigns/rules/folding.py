"""Text made comparable, with a way back to where each piece stood.

Copy hides numbers and words behind full-width digits, circled digits, vulgar fractions or invisible characters, on
purpose or by keyboard. Folding undoes that (Unicode NFKC, UAX #15, cluster by cluster) and remembers, for every folded
character, the span of the original text that it came from.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

INVISIBLE = frozenset("\u00ad\u034f\u115f\u1160\u20e3\u3164\uffa0")
# Kept as they are: as ASCII they would read as a thousands separator ("满199，200元"), or hide an em dash.
KEPT = frozenset("，；。、—―…！？")
EXACT_FRACTIONS = {0.5: ".5", 0.25: ".25", 0.75: ".75", 0.2: ".2", 0.4: ".4", 0.6: ".6", 0.8: ".8", 0.125: ".125"}
SINGLE = {
    "\u00a0": "\u00a0",
    "\u202f": "\u00a0",
    "\u2009": "\u00a0",
    "\u2800": " ",
    "\u2019": "'",
    "\u2018": "'",
    "\u02bc": "'",
    "\u2010": "-",
    "\u2011": "-",
    "\u2012": "-",
    "\u2013": "-",
    "\u2212": "-",
    "\u2033": '"',
    "〜": "~",
    "．": ".",
}


@dataclass(frozen=True)
class Folded:
    """A folded text; character `i` of `text` came from `source[starts[i]:ends[i]]`."""

    source: str
    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original text behind `text[start:end]`. Raises ValueError for an empty or foreign span."""
        if not 0 <= start < end <= len(self.text):
            raise ValueError(f"no span {start} to {end} in a folded text of {len(self.text)}")
        return self.starts[start], self.ends[end - 1]


def fold(text: str, *, ignore_case: bool = False) -> Folded:
    """`text` in NFKC, with plain digits and without invisible characters, and without case where asked."""
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    position = 0
    while position < len(text):
        stop = _cluster_end(text, position)
        piece = _fold_cluster(text, position, stop, after_digit=bool(pieces) and pieces[-1].isdigit())
        if ignore_case:
            piece = piece.casefold()
        pieces.extend(piece)
        starts.extend([position] * len(piece))
        ends.extend([stop] * len(piece))
        position = stop
    return Folded(text, "".join(pieces), tuple(starts), tuple(ends))


def _cluster_end(text: str, start: int) -> int:
    """Where the character at `start` ends, its combining marks included (at most 8: hostile stacks stay cheap)."""
    stop = start + 1
    while stop < len(text) and stop - start < 9 and text[stop] > "\u02ff" and unicodedata.combining(text[stop]):
        stop += 1
    return stop


def _fold_cluster(text: str, start: int, stop: int, *, after_digit: bool) -> str:
    character = text[start]
    if stop == start + 1:
        if character < "\u0080":
            return character
        if character == "，":
            return "," if _between_wide_digits(text, start) else character
        if character in SINGLE:
            return SINGLE[character]
        if character in KEPT:
            return character
        if _is_invisible(character):
            return ""
        digit = unicodedata.digit(character, None)
        if digit is not None:
            return str(digit)
    folded = unicodedata.normalize("NFKC", text[start:stop])
    if "\u2044" in folded:
        return _fraction(character, folded, after_digit=after_digit)
    return folded if len(folded) <= 6 else text[start:stop]


def _is_invisible(character: str) -> bool:
    return (
        character in INVISIBLE or "\ufe00" <= character <= "\ufe0f" or unicodedata.category(character) in ("Cf", "Cc")
    )


def _between_wide_digits(text: str, index: int) -> bool:
    around = text[max(0, index - 1) : index] + text[index + 1 : index + 2]
    return len(around) == 2 and all("０" <= character <= "９" for character in around)


def _fraction(character: str, folded: str, *, after_digit: bool) -> str:
    value = unicodedata.numeric(character, None)
    decimal = EXACT_FRACTIONS.get(value) if value is not None else None
    if decimal is None:
        return folded.replace("\u2044", "/")
    return decimal if after_digit else "0" + decimal

"""How long a text is, in the unit in which a channel counts: what the engine needs to stay within a limit.

The rules of `campaigns.rules.limits`, which the engine must not import; a test holds the two together.
"""

import re
import unicodedata
from collections.abc import Callable

# 3GPP TS 23.038: the default alphabet, the extension table (2 septets each), and what one or each part carries
_GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENSION = frozenset("\f^{}\\[~]|€")
_GSM_PARTS, _UCS2_PARTS = (160, 153), (70, 67)

_EAST_ASIAN = re.compile(
    "[\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7af\uf900-\ufaff\ufe30-\ufe4f\uff01-\uffef\U00020000-\U0003ffff]"
)
_HAN = "\u2e80-\u2fdf\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(f"[{_HAN}]|(?:(?![{_HAN}])[\\w'’-])+")


def measure(text: str, unit: str) -> int:
    """The length of `text` in `unit` (one of `UNITS`), never negative. Raises `ValueError` for an unknown unit."""
    if unit not in _MEASURES:
        raise ValueError(f"unknown unit {unit!r}: it is one of {', '.join(_MEASURES)}")
    return _MEASURES[unit](text)


def share_used(text: str, unit: str, limit: int) -> float:
    """How much of `limit` the text uses: above 1 it is too long.

    For SMS, whose unit is whole parts, the units inside the parts count, so that the share grows with every letter.
    """
    measured = measure(text, unit)
    if unit != "sms" or measured > limit:
        return measured / limit
    sizes, (single, part) = _sms_sizes(text)
    return sum(sizes) / (single if limit == 1 else limit * part)


def _utf16(text: str) -> int:
    return len(text) + sum(character > "\uffff" for character in text)


def _display_width(text: str) -> int:
    wide = "WFA" if _EAST_ASIAN.search(text) else "WF"  # UAX #11; ambiguous signs are wide in East Asian text
    return sum(2 if unicodedata.east_asian_width(character) in wide else 1 for character in text)


def _utf8(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _words(text: str) -> int:
    return sum(any(map(str.isalnum, word.group())) for word in _WORD.finditer(text))


def _sms_sizes(text: str) -> tuple[list[int], tuple[int, int]]:
    """Units of each character, and what a single message and a part of a longer one carry."""
    if all(character in _GSM_BASIC or character in _GSM_EXTENSION for character in text):
        return [2 if character in _GSM_EXTENSION else 1 for character in text], _GSM_PARTS
    return [2 if character > "\uffff" else 1 for character in text], _UCS2_PARTS


def _sms_parts(text: str) -> int:
    sizes, (single, part) = _sms_sizes(text)
    if sum(sizes) <= single:
        return 1 if sizes else 0
    parts, used = 1, 0
    for size in sizes:
        if used + size > part:  # no character is split between two parts
            parts, used = parts + 1, 0
        used += size
    return parts


_MEASURES: dict[str, Callable[[str], int]] = {
    "characters": len,
    "display_width": _display_width,
    "utf16": _utf16,
    "bytes": _utf8,
    "sms": _sms_parts,
    "words": _words,
}
UNITS = tuple(_MEASURES)

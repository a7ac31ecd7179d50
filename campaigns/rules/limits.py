"""How long a text is, in the unit in which a channel counts, and whether it fits.

A length means nothing without its unit: "30" is 30 letters at an ad platform that counts display width, and 15 Chinese
characters. Channels are data; the units are here.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from campaigns.rules.finding import Code, Finding, Severity


class Unit(StrEnum):
    """The units in which channels count.

    CHARACTERS: Unicode code points.
    DISPLAY_WIDTH: columns after UAX #11: wide and full-width characters and emoji 2, all others 1. Ambiguous ones
        (“ ” … ·) count 2 in a text that has East Asian characters and 1 elsewhere, as platforms that count GBK bytes
        do. Combining marks count too, as platforms count them. "20 hanzi or 40 letters" is a display width of 40.
    UTF16: UTF-16 code units, so most emoji count 2.
    BYTES: bytes of UTF-8.
    SMS: message parts, the thing that is paid for. Only parts compare across the two alphabets (see `measure_sms`).
    WORDS: Latin words and single East Asian characters, as word processors count.
    """

    CHARACTERS = "characters"
    DISPLAY_WIDTH = "display_width"
    UTF16 = "utf16"
    BYTES = "bytes"
    SMS = "sms"
    WORDS = "words"


class SmsEncoding(StrEnum):
    """The alphabets of 3GPP TS 23.038."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"


# 3GPP TS 23.038, section 6.2.1 (default alphabet) and 6.2.1.1 (extension table, reached with an escape: 2 septets).
GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION = frozenset("\f^{}\\[~]|€")
# What one message carries, and what one part of a longer one carries (6 octets go to the concatenation header).
SMS_CAPACITY = {SmsEncoding.GSM7: (160, 153), SmsEncoding.UCS2: (70, 67)}

_EAST_ASIAN = re.compile(
    "[\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7af\uf900-\ufaff\ufe30-\ufe4f\uff01-\uffef\U00020000-\U0003ffff]"
)
_WORD = re.compile(
    "[\u2e80-\u2fdf\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
    "|(?:(?![\u2e80-\u2fdf\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])[\\w'’-])+"
)


@dataclass(frozen=True)
class SmsMeasure:
    """A text as SMS: `units` are septets (GSM-7) or UTF-16 units (UCS-2), of which `segments` parts hold `capacity`."""

    encoding: SmsEncoding
    units: int
    segments: int
    capacity: int

    @property
    def remaining(self) -> int:
        """Units that still fit without another part."""
        return self.capacity - self.units


def measure_sms(text: str) -> SmsMeasure:
    """`text` as a sent message. One character outside GSM-7 (a Chinese one, an emoji, a “quote”) turns all into UCS-2.

    A signature and the values of variables count as well: measure the text as it will be sent. No character is split
    between two parts (a two-septet one and a surrogate pair move on whole), so a part may go out one unit short.
    Source: 3GPP TS 23.038 and 23.040; 160/153 and 70/67 as in the limits of SMS providers.
    """
    gsm = all(character in GSM_BASIC or character in GSM_EXTENSION for character in text)
    encoding = SmsEncoding.GSM7 if gsm else SmsEncoding.UCS2
    sizes = [_sms_units(character, encoding) for character in text]
    single, part = SMS_CAPACITY[encoding]
    units = sum(sizes)
    if units <= single:
        return SmsMeasure(encoding, units, 1 if units else 0, single)
    segments, used, lost = 1, 0, 0
    for size in sizes:
        if used + size > part:
            lost += part - used
            segments, used = segments + 1, 0
        used += size
    return SmsMeasure(encoding, units, segments, segments * part - lost)


def _sms_units(character: str, encoding: SmsEncoding) -> int:
    if encoding is SmsEncoding.GSM7:
        return 2 if character in GSM_EXTENSION else 1
    return 2 if ord(character) > 0xFFFF else 1


def measure(text: str, unit: Unit | str) -> int:
    """The length of `text` in `unit`, never negative, and never less than that of a part of it.

    SMS is measured in message parts; `measure_sms` says more. Raises ValueError for an unknown unit.
    """
    match Unit(unit):
        case Unit.CHARACTERS:
            return len(text)
        case Unit.DISPLAY_WIDTH:
            return _display_width(text)
        case Unit.UTF16:
            return len(text) + sum(character > "\uffff" for character in text)
        case Unit.BYTES:
            return len(text.encode("utf-8", "surrogatepass"))
        case Unit.SMS:
            return measure_sms(text).segments
        case Unit.WORDS:
            return sum(any(map(str.isalnum, word.group())) for word in _WORD.finditer(text))


def _display_width(text: str) -> int:
    wide = "WFA" if _EAST_ASIAN.search(text) else "WF"
    return sum(2 if unicodedata.east_asian_width(character) in wide else 1 for character in text)


def fitting_length(text: str, unit: Unit | str, limit: int) -> int:
    """How many code points from the start of `text` fit into `limit` units. Raises ValueError for nonsense limits."""
    _require_limit("limit", limit)
    if measure(text, unit) <= limit:
        return len(text)
    low, high = 0, len(text)
    while high - low > 1:  # measure() is monotone over prefixes
        middle = (low + high) // 2
        if measure(text[:middle], unit) <= limit:
            low = middle
        else:
            high = middle
    return low


def character_budget(unit: Unit | str, limit: int, *, east_asian: bool) -> int:
    """How many characters, at least, a text of that script may have within `limit`: what to ask a model for.

    Exact for all units but WORDS, where an English word is taken as 6 characters with its space. Raises ValueError.
    """
    _require_limit("limit", limit)
    match Unit(unit):
        case Unit.CHARACTERS | Unit.UTF16:
            return limit
        case Unit.DISPLAY_WIDTH:
            return limit // 2 if east_asian else limit
        case Unit.BYTES:
            return limit // 3 if east_asian else limit
        case Unit.SMS:
            single, part = SMS_CAPACITY[SmsEncoding.UCS2 if east_asian else SmsEncoding.GSM7]
            return single if limit == 1 else limit * part
        case Unit.WORDS:
            return limit if east_asian else limit * 6


def check(text: str, unit: Unit | str, soft: int | None, hard: int | None) -> Finding | None:
    """The finding where `text` is longer than `hard` (blocking) or else than `soft` (warning), in `unit`; else None.

    Its span is the part of the text that does not fit. Raises ValueError for an unknown unit, a limit below 1 and a
    soft limit above the hard one.
    """
    counted = Unit(unit)
    for name, limit in (("soft", soft), ("hard", hard)):
        if limit is not None:
            _require_limit(name, limit)
    if soft is not None and hard is not None and soft > hard:
        raise ValueError(f"the soft limit {soft} is above the hard limit {hard}")
    measured = measure(text, counted)
    if hard is not None and measured > hard:
        return _over(text, counted, measured, hard, Code.LENGTH_OVER_HARD, Severity.BLOCKING)
    if soft is not None and measured > soft:
        return _over(text, counted, measured, soft, Code.LENGTH_OVER_SOFT, Severity.WARNING)
    return None


def _over(text: str, unit: Unit, measured: int, limit: int, code: Code, severity: Severity) -> Finding:
    params: dict[str, str | int] = {"unit": unit.value, "measured": measured, "limit": limit}
    if unit is Unit.SMS:
        sms = measure_sms(text)
        params |= {"encoding": sms.encoding.value, "units": sms.units}
    start = fitting_length(text, unit, limit)
    return Finding.in_text(text, code=code, severity=severity, start=start, end=len(text), params=params)


def _require_limit(name: str, limit: int) -> None:
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
        raise ValueError(f"a {name} limit is a whole number from 1, not {limit!r}")

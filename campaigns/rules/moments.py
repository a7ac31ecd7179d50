"""Dates, times of day and years in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from campaigns.rules.claim import Claim, ClaimKind
from campaigns.rules.numerals import CHINESE, parse_number

_MONTHS = {
    name: number
    for number, names in enumerate(
        [
            "jan january",
            "feb february",
            "mar march",
            "apr april",
            "may",
            "jun june",
            "jul july",
            "aug august",
            "sep sept september",
            "oct october",
            "nov november",
            "dec december",
        ],
        start=1,
    )
    for name in names.split()
}
_MONTH = "(?:" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\.?"
_DAY = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_ISO = re.compile(rf"(?<![\d.]){_YEAR}(?P<mark>[-/.])(?P<month>[01]?\d)(?P=mark)(?P<day>[0-3]?\d)(?!\d)")
_SLASHED = re.compile(rf"(?<![\d/.-])(?P<first>[0-3]?\d)(?P<mark>[/.-])(?P<second>[0-3]?\d)(?P=mark){_YEAR}(?!\d)")
_SMALL = r"(?:[0-3]?\d|[一二三四五六七八九十]{1,3})"
_CHINESE_DATE = re.compile(
    rf"(?:(?P<year>(?:19|20)\d\d|[12二一][零〇九0][零〇一二三四五六七八九\d]{{2}})\s?年\s?)?"
    rf"(?<![\d零一二三四五六七八九十])(?P<month>{_SMALL})\s?月(?:份|\s?(?P<day>{_SMALL})\s?[日号]?)?(?!饼|嫂|光|亮|子)"
)
_MONTH_FIRST = re.compile(rf"(?i)\b(?P<month>{_MONTH})\s{_DAY}(?![\d:%.]|\s?(?:%|[ap]\.?m|off))(?:,?\s{_YEAR})?\b")
_DAY_FIRST = re.compile(rf"(?i)(?<![\d.]){_DAY}\s(?:of\s)?(?P<month>{_MONTH})(?![A-Za-z])(?:,?\s{_YEAR})?")
_MONTH_YEAR = re.compile(rf"(?i)\b(?P<month>{_MONTH}),?\s{_YEAR}\b")
_DOUBLE_DAY = re.compile(r"(?<![\d.])(?:双(?:1[12]|十[一二]|旦)|双\s?(?P<month>\d{1,2}))(?!\d)")
_CLOCK = re.compile(
    r"(?i)(?<![\d:.])(?P<hour>[0-2]?\d)(?::(?P<minute>[0-5]\d)(?::[0-5]\d)?(?:\s?(?P<half>[ap])\.?m\b\.?)?|\s?(?P<half2>[ap])\.?m\b\.?)(?![\d:])"
)
_CHINESE_CLOCK = re.compile(
    rf"(?:(?<![\d.])(?P<hour>[0-2]?\d)(?:点钟?|时(?![尚间代光刻]))(?P<minute>半|[0-5]?\d分)?|(?P<spoken>{CHINESE})点(?:钟|整|半|开|准|前|后|起|抢))"
)
_COUNTED = "[个只件双套支枚颗粒片张块盒包袋瓶罐桶箱组份台部本页层档种位人名次步倍单抽遍多余%折]"
_BARE_YEAR = re.compile(
    r"(?<![A-Za-z\d.,:/$¥€£#'-])(?:'?(?P<short>[1-9]0)(?:'?s\b|年代)|(?P<year>(?:19|20)\d\d)(?:s\b|\s?年代?)?)"
    rf"(?![A-Za-z\d:/]|[.,]\d|\s?-?{_COUNTED})"
)
_LAST_DAY = 31


def moments(text: str, rest: str) -> Iterator[Claim]:
    """Dates and times of day. `rest` is `text` with earlier claims blanked out; matches may overlap, the first counts."""
    for pattern in (_ISO, _CHINESE_DATE, _MONTH_FIRST, _DAY_FIRST, _MONTH_YEAR):
        for match in pattern.finditer(rest):
            groups = match.groupdict()
            keys = _date_keys(groups.get("year"), groups["month"], groups.get("day"))
            if keys:
                yield _claim(ClaimKind.DATE, match, keys)
    for match in _SLASHED.finditer(rest):
        keys = _date_keys(match["year"], match["first"], match["second"]) + _date_keys(
            match["year"], match["second"], match["first"]
        )
        if keys:
            yield _claim(ClaimKind.DATE, match, keys)
    for match in _DOUBLE_DAY.finditer(rest):
        yield _claim(ClaimKind.DATE, match, (_double_day(match),))
    for match in _CLOCK.finditer(rest):
        yield _claim(
            ClaimKind.TIME, match, _clock_keys(match["hour"], match["minute"], match["half"] or match["half2"])
        )
    for match in _CHINESE_CLOCK.finditer(rest):
        yield _claim(ClaimKind.TIME, match, _chinese_clock_keys(match))


def years(text: str, rest: str) -> Iterator[Claim]:
    """Years that stand alone: 2024, 2024年, 1990s. To be looked for after prices and quantities."""
    for match in _BARE_YEAR.finditer(rest):
        written = match["year"] or "19" + match["short"]
        yield Claim(ClaimKind.YEAR, match.start(), match.end(), "", value=Decimal(written))


def date_keys(year: int | None, month: int, day: int | None) -> tuple[str, ...]:
    """The comparable form of a date: "2024-05-01", "*-05-01" without its year, "2024-05-*" without its day."""
    return (f"{year or '*'}-{month:02}-{f'{day:02}' if day else '*'}",)


def same_date(claimed: str, known: str) -> bool:
    """Whether a date is the known one, as far as it says: "May 1" is 2024-05-01, "May 2" and "May 1, 2025" are not."""
    return all(one in ("*", other) for one, other in zip(claimed.split("-"), known.split("-"), strict=True))


def _claim(kind: ClaimKind, match: re.Match[str], keys: tuple[str, ...]) -> Claim:
    return Claim(kind, match.start(), match.end(), "", keys=keys)


def _date_keys(year: str | None, month: str, day: str | None) -> tuple[str, ...]:
    month_number = _MONTHS.get(month.lower().rstrip(".")) or _small(month)
    day_number = _small(day) if day else None
    if not 1 <= month_number <= 12 or (day_number is not None and not 1 <= day_number <= _LAST_DAY):
        return ()
    return date_keys(_small(year) if year else None, month_number, day_number)


def _small(written: str) -> int:
    if written.isdigit():
        return int(written)
    value = parse_number(written) if re.fullmatch(CHINESE, written) else None
    return int(value) if value is not None else 0


def _double_day(match: re.Match[str]) -> str:
    number = match["month"] or {"双十一": "11", "双11": "11", "双十二": "12", "双12": "12"}.get(match.group(), "1")
    return date_keys(None, int(number), int(number))[0]


def _clock_keys(hour: str, minute: str | None, half: str | None) -> tuple[str, ...]:
    hours, minutes = int(hour), int(minute or 0)
    if half:
        hours = hours % 12 + (12 if half.lower() == "p" else 0)
    return (f"{hours:02}:{minutes:02}",)


def _chinese_clock_keys(match: re.Match[str]) -> tuple[str, ...]:
    hours = int(match["hour"]) if match["hour"] else _small(match["spoken"])
    written = match["minute"] or ("半" if match.group().endswith("半") else "")
    minutes = 30 if written == "半" else int(written.rstrip("分") or 0)
    # 8点 may be in the evening: both readings compare.
    return tuple(
        f"{reading:02}:{minutes:02}" for reading in sorted({hours, (hours + 12) % 24 if hours <= 12 else hours})
    )

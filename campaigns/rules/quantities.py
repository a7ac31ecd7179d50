"""Measured quantities, counts, ordinals, product codes and bare numbers in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from campaigns.rules.claim import Claim, ClaimKind
from campaigns.rules.nouns import CONCEPTS, COUNTERS, latin_nouns, lead_before, nouns_after
from campaigns.rules.numerals import ARABIC, CHINESE, ENGLISH, NUMBER, parse_number
from campaigns.rules.units import UNIT, unit_of

_JOIN = r"(?:\s?[-~—至到×x*、或&+]\s?|(?<=[\d\w])\s(?:to|and|or|by)\s)"
_MEASURED = re.compile(
    rf"(?<![A-Za-z])(?P<numbers>{NUMBER}(?:{_JOIN}{NUMBER}){{0,3}})(?:\+|(?<=[十百千万\d])[多余几来])?(?P<gap>个半|\sof\san?\s|[\s\u00a0]?-?)(?P<unit>{UNIT})(?P<half>半(?![价天]))?"
)
_HALF = re.compile(
    r"(?i:\bhalf[\s-](?:an?\s)?(?P<english>hour|year|kilo|litre|liter|pound|mile|minute))s?\b|半\s?个?(?P<unit>小时|钟头|公斤|斤|升|年|(?<=个)月|分钟)"
)
_GIGA = re.compile(r"(?<![A-Za-z\d.])(?P<number>\d{1,4})G(?![A-Za-z\d])")
_RAM_SIZES = frozenset({8, 16, 32, 64, 128, 256, 512, 1024})
_ONE = frozenset({"一", "one", "a", "壹"})
# A day, a week or a moment of Chinese idiom is no statement where it is just one.
_IDIOMATIC_UNITS = frozenset(
    {
        "天",
        "日",
        "周",
        "度",
        "寸",
        "转",
        "目",
        "day",
        "米",
        "磅",
        "倍",
        "second",
        "minute",
        "匹",
        "卡",
        "foot",
        "hour",
        "秒",
        "秒钟",
        "旦",
    }
)

_HAN_COUNT = re.compile(rf"(?P<number>{CHINESE})(?:[多余几来])?(?P<counter>{COUNTERS})")
_IN_ONE = re.compile(rf"(?i:(?<![\w.])(?P<number>\d{{1,3}}|{ENGLISH})[- ]in[- ](?:1|one)\b)")
_ENGLISH_COUNT = re.compile(rf"(?P<number>{ENGLISH})[\s-](?P<noun>[A-Za-z]+(?:[\s-][A-Za-z]+)?)")
_ORDINAL = re.compile(
    rf"第\s?(?P<han>{NUMBER})|(?i:\b(?:no\.?|number|top|rank(?:ed)?|nr\.?)\s?#?|#)\s?(?P<rank>\d{{1,6}}|(?i:(?<=number\s)one))(?![A-Za-z\d]|\.\d|\s?%)|(?<![\w.,])(?P<th>\d{{1,6}})(?i:st|nd|rd|th)(?![a-z])"
)
_CODE = re.compile(
    r"(?<![A-Za-z\d.])(?!\d+-[A-Za-z]+(?![\d]))(?=[A-Za-z\d-]{0,40}\d)(?=[A-Za-z\d-]{0,40}[A-Za-z])[A-Za-z\d]++(?:[-/][A-Za-z\d]++){0,4}\+{0,4}"
)
_RATIO = re.compile(r"(?<![\d/:.])\d{1,5}(?:\.\d{1,2})?(?:\s?[/:]\s?\d{1,5}(?:\.\d{1,2})?){1,2}(?![\d/:])")
_BARE = re.compile(rf"{ARABIC}\+?")
_LEFT_OVER = re.compile(r"\d+")


def measured(text: str, rest: str) -> Iterator[Claim]:
    """Numbers with a unit of measure, ranges and dimensions as one claim each: 2.5 kg, 3-5年, 10×20×30 cm, 半小时."""
    for match in _GIGA.finditer(rest):
        if int(match["number"]) in _RAM_SIZES:
            value = Decimal(match["number"]) * 1024
            yield Claim(ClaimKind.QUANTITY, match.start(), match.end(), "", value=value, unit="MB")
        elif int(match["number"]) < 7:
            yield _code(match.start(), match.end(), match.group())
    for match in _HALF.finditer(rest):
        unit = "个月" if match["unit"] == "月" else match["unit"] or match["english"]
        dimension, factor = unit_of(unit)
        yield Claim(ClaimKind.QUANTITY, match.start(), match.end(), "", value=factor / 2, unit=dimension)
    for match in _MEASURED.finditer(rest):
        if not _is_idiom(match):
            yield from _quantities(match)


def _is_idiom(match: re.Match[str]) -> bool:
    return match["numbers"].lower() in _ONE and match["unit"].lower() in _IDIOMATIC_UNITS and "-" not in match.group()


def _quantities(match: re.Match[str]) -> Iterator[Claim]:
    dimension, factor = unit_of(match["unit"])
    halves = Decimal("0.5") * bool(match["half"] or "半" in match["gap"])
    parts = list(re.finditer(NUMBER, match["numbers"]))
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        value = parse_number(part.group())
        yield Claim(
            kind=ClaimKind.QUANTITY,
            start=match.start("numbers") + part.start(),
            end=match.end() if last else match.start("numbers") + part.end(),
            text="",
            value=None if value is None else (value + (halves if last else 0)) * factor,
            unit=dimension,
        )


def ordinals(text: str, rest: str) -> Iterator[Claim]:
    """第3代, No. 1, top 10, 21st."""
    for match in _ORDINAL.finditer(rest):
        written = match["han"] or match["rank"] or match["th"]
        yield Claim(
            ClaimKind.ORDINAL,
            match.start(),
            match.end(),
            "",
            value=parse_number(written),
            nouns=nouns_after(text, match.end()),
        )


def counts(text: str, rest: str) -> Iterator[Claim]:
    """Chinese numerals with a counter and English number words with a noun: 三层, two pockets. 一款 and "one" are none."""
    for match in _IN_ONE.finditer(rest):
        value = parse_number(match["number"])
        yield Claim(ClaimKind.COUNT, match.start(), match.end(), "", value=value, nouns=frozenset({"in_one"}))
    for match in _HAN_COUNT.finditer(rest):
        if match["number"] not in _ONE:
            yield _counted(text, match.start(), match.end(), match.end("number"), match["number"])
    for match in _ENGLISH_COUNT.finditer(rest):
        # Number words are everywhere in English ("two of a kind"): only with a noun do they count something.
        large = re.search("hundred|thousand|million", match["number"].lower())
        if match["number"].lower() not in _ONE and (large or _known(latin_nouns(match["noun"]), match["noun"])):
            yield _counted(text, match.start(), match.end("number"), match.end("number"), match["number"])


def _known(nouns: frozenset[str], written: str) -> bool:
    """Whether words are a thing that copy counts: a noun of the table, or what looks like a plural."""
    return bool(nouns & CONCEPTS) or re.search(r"[a-z]{3,}[^su\W]s\b", written.lower()) is not None


def codes(text: str, rest: str) -> Iterator[Claim]:
    """Letters and digits as one word: IPX7, WH-1000XM5, 1080p."""
    for match in _CODE.finditer(rest):
        if re.fullmatch(r"\d+(?:[wk]|\d\dK)\+?", match.group()):
            continue  # 10w+, 20k: numbers
        yield _code(match.start(), match.end(), match.group())


def numbers(text: str, rest: str) -> Iterator[Claim]:
    """Every digit that is left: ratios (24/7, 4.8/5), numbers with a noun, bare ones."""
    for match in _RATIO.finditer(rest):
        key = re.sub(r"\s", "", match.group())
        yield Claim(ClaimKind.NUMBER, match.start(), match.end(), "", keys=(key,))
    for match in _BARE.finditer(rest):
        written = match.group().rstrip("+")
        yield _counted(text, match.start(), match.end(), match.end(), written)


def left_over(text: str, rest: str) -> Iterator[Claim]:
    """Whatever digits no pattern understood, so that none goes unseen."""
    for match in _LEFT_OVER.finditer(rest):
        yield Claim(ClaimKind.NUMBER, match.start(), match.end(), "", keys=(match.group(),))


def _counted(text: str, start: int, end: int, number_end: int, written: str) -> Claim:
    nouns = nouns_after(text, number_end)
    return Claim(
        kind=ClaimKind.COUNT if nouns else ClaimKind.NUMBER,
        start=start,
        end=end,
        text="",
        value=parse_number(written),
        nouns=nouns,
        lead=lead_before(text, start),
    )


def _code(start: int, end: int, written: str) -> Claim:
    return Claim(ClaimKind.CODE, start, end, "", keys=(squashed(written),))


def squashed(text: str) -> str:
    """Letters and digits only, without case: "UPF 50+" and "upf50" are one."""
    return re.sub(r"[\W_]+", "", text).casefold()

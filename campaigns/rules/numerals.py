"""Numbers as copy writes them, in digits, Chinese characters or English words, and their values.

Works on folded text (`campaigns.rules.folding`). The patterns are linear: none starts inside a run of digits or numeral
characters, every loop is bounded or possessive.
"""

from __future__ import annotations

import re
from decimal import Decimal

CHINESE_DIGITS = {
    **{character: value for value, character in enumerate("零一二三四五六七八九")},
    **{character: value for value, character in enumerate("〇壹贰叁肆伍陆柒捌玖")},
    "两": 2,
}
CHINESE_TENS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
CHINESE_MYRIADS = {"万": 10_000, "亿": 100_000_000}
MULTIPLIERS = {
    "百": 100,
    "千": 1000,
    "万": 10_000,
    "亿": 100_000_000,
    "w": 10_000,
    "k": 1000,
    "hundred": 100,
    "thousand": 1000,
    "million": 1_000_000,
    "mn": 1_000_000,
    "billion": 1_000_000_000,
}
ENGLISH_UNITS = {
    word: value
    for value, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
}
ENGLISH_TENS = {
    word: value * 10
    for value, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2
    )
}
# Simplified forms, character for character, so that one table of words serves both scripts.
SIMPLIFIED = str.maketrans(
    "兩萬億圓圆塊點個雙條號週裝層種張顆無級倍釐輸減買贈滿讓價貳參陸時鐘錢紅郵",
    "两万亿元元块点个双条号周装层种张颗无级倍厘输减买赠满让价贰叁陆时钟钱红邮",
)
MAX_DIGITS = 18

_GROUPED = r"\d{1,3}(?:[,'\u00a0]\d{2,3}){0,5}[,'\u00a0]\d{3}(?!\d)(?:[.,]\d{1,4}(?!\d))?"
_GROUPED_BY_DOT = r"\d{1,3}(?:\.\d{3}){1,5}(?!\d)(?:,\d{1,2}(?!\d))?"
_DECIMAL_COMMA = r"(?<!\d,)\d++,\d{1,2}(?!\d|,\d)"
# Digits: 1299, 1,299.00, 1.299,00, 1 299,00 (no-break space), 1'299, 1,29,999, 29,99, .5
DIGITS = rf"(?<!\d)(?:{_GROUPED}|{_GROUPED_BY_DOT}|{_DECIMAL_COMMA}|\d++(?:\.\d++)?|(?<![\w.])\.\d++)"
# Multipliers: 1.5万, 3千, 2w, 10k, 2 million; k and w only where no letter follows.
_MULTIPLIER = r"(?:\s?(?:万亿|百万|千万|[百千万亿])|[kKwW](?![A-Za-z])|\s(?:hundred|thousand|million|billion)\b|mn\b)"
ARABIC = rf"{DIGITS}{_MULTIPLIER}?"
_CHINESE_CLASS = "零〇一二三四五六七八九两十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟"
CHINESE = rf"(?<![{_CHINESE_CLASS}\d])[{_CHINESE_CLASS}]++(?:点[零〇一二三四五六七八九]++)?"
_SMALL = "|".join(ENGLISH_UNITS)
_TENS = "|".join(ENGLISH_TENS)
_SPELLED = rf"(?:(?:{_TENS})(?:[- ](?:{_SMALL}))?|{_SMALL})"
ENGLISH = rf"(?<![A-Za-z\d-])(?i:{_SPELLED}(?:[- ](?:hundred|thousand|million)(?:(?:[- ]and)?[- ]{_SPELLED})?){{0,3}})(?![A-Za-z])"
NUMBER = rf"(?:{ARABIC}|{CHINESE}|{ENGLISH})"

_ARABIC_PARTS = re.compile(rf"(?P<digits>{DIGITS})\s?(?P<multiplier>[A-Za-z百千万亿]*)\Z")


def parse_number(text: str, *, money: bool = False) -> Decimal | None:
    """The value of a number that one of the patterns above matched; None where it is too long to mean anything.

    "1.299" is 1299 as `money` and 1.299 otherwise: prices have no three decimals. Raises ValueError for other text.
    """
    if match := _ARABIC_PARTS.match(text):
        value = _parse_digits(match["digits"], money=money)
        if value is None:
            return None
        for multiplier in re.findall("[A-Za-z]+|[百千万亿]", match["multiplier"]):
            value *= MULTIPLIERS[multiplier.lower()]
        return value
    if text[:1] in CHINESE_DIGITS or text[:1] in CHINESE_TENS or text[:1] in CHINESE_MYRIADS:
        return _parse_chinese(text)
    return _parse_english(text)


def _parse_digits(digits: str, *, money: bool) -> Decimal | None:
    if sum(map(str.isdigit, digits)) > MAX_DIGITS:
        return None
    plain = digits.replace("'", "").replace("\u00a0", "")
    dots, commas = plain.count("."), plain.count(",")
    if dots and commas:
        decimal_mark = max(".,", key=plain.rfind)
        plain = plain.replace("," if decimal_mark == "." else ".", "").replace(",", ".")
    elif commas > 1 or (commas and len(plain) - plain.rfind(",") == 4):
        plain = plain.replace(",", "")
    elif dots > 1 or (dots and money and re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", plain)):
        plain = plain.replace(".", "")
    return Decimal(plain.replace(",", "."))


def _parse_chinese(text: str) -> Decimal | None:
    """一百二十三, 两千五 (2500), 一万五 (15000), 三点五, 二〇二四, 八五."""
    whole, _, fraction = text.partition("点")
    if len(whole) > MAX_DIGITS or len(fraction) > MAX_DIGITS:
        return None
    if all(character in CHINESE_DIGITS for character in whole):
        value = Decimal("".join(str(CHINESE_DIGITS[character]) for character in whole))
    else:
        value = Decimal(_chinese_with_places(whole))
    if fraction:
        value += Decimal("0." + "".join(str(CHINESE_DIGITS[character]) for character in fraction))
    return value


def _chinese_with_places(whole: str) -> int:
    total, section, digit, place = 0, 0, None, 1
    for character in whole:
        if character in CHINESE_DIGITS:
            digit = CHINESE_DIGITS[character]
            if digit == 0:
                place = 10  # after a zero, a last digit counts ones: 一百零五
        elif character in CHINESE_TENS:
            place = CHINESE_TENS[character]
            section += (1 if digit is None else digit) * place
            digit = None
        else:
            place = CHINESE_MYRIADS[character]
            total = (total + section + (digit or 0) or 1) * place
            section, digit = 0, None
    return total + section + (digit or 0) * (place // 10 if place > 10 else 1)


def _parse_english(text: str) -> Decimal:
    total, section = 0, 0
    for word in re.split(r"[-\s]+", text.lower()):
        if word in ENGLISH_UNITS:
            section += ENGLISH_UNITS[word]
        elif word in ENGLISH_TENS:
            section += ENGLISH_TENS[word]
        elif word == "hundred":
            section *= 100
        elif word in ("thousand", "million"):
            total, section = total + section * MULTIPLIERS[word], 0
        elif word != "and":
            raise ValueError(f"not a number: {text!r}")
    return Decimal(total + section)

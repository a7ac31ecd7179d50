"""Discounts, offers and percentages in a text: 20% off, 八折, half price, 买一送一, 95% cotton."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from campaigns.rules.claim import Claim, ClaimKind, Role
from campaigns.rules.numerals import ARABIC, CHINESE, NUMBER, parse_number

_COUNT = rf"(?:{NUMBER})"
_FREE = r"(?:\s(?:for\s)?(?:free|half[ -](?:price|off)|(?:at\s)?\d{1,2}%\soff))?"
_OFFERS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"[买购拍](?P<n>{_COUNT})[件个瓶盒双套]?[送赠免得发](?P<m>{_COUNT})(?:[件个瓶盒双套])?",
        rf"满\s?(?:[¥$]\s?)?(?P<n>{ARABIC})元?(?:立?[减省返]|打)\s?(?:[¥$]\s?)?(?P<m>{ARABIC})[元折]?",
        rf"第(?P<n>{_COUNT})[件双瓶盒个支](?:仅需?|只要)?(?:半价|免费|立?减?[¥]?(?P<m>{_COUNT})[元折]?)",
        rf"(?P<n>{_COUNT})免(?P<m>[一1])(?![\d\w])",
        rf"(?i:\bbuy\s(?P<n>{_COUNT}|any\s{_COUNT}),?\s(?:and\s)?(?:get|receive)\s(?P<m>{_COUNT}|the\s\w{{1,10}}){_FREE})",
        r"(?i:\bbogof?\b)",
        r"(?i:(?<![\d.$£€])(?P<n>\d|two|three|four|five)\sfor\s(?:the\sprice\sof\s)?(?P<m>\d|one|two|three)\b(?!\s?(?:%|[A-Za-z]|\.\d)))",
        rf"(?i:\bspend\s[$£€](?P<n>{ARABIC}),?\s(?:and\s)?(?:save|get)\s[$£€](?P<m>{ARABIC})(?:\soff)?)",
        rf"(?i:[$£€](?P<m>{ARABIC})\soff\s(?:your\s|all\s|any\s)?(?:next\s)?(?:orders?|purchases?|baskets?)\s(?:over|of|above)\s[$£€](?P<n>{ARABIC}))",
        rf"(?i:\d{{1,2}}%\soff\s(?:your\s|all\s|any\s)?(?:(?:first|next)\s)?(?:orders?|purchases?|baskets?)(?:\s(?:over|of|above)\s[$£€](?P<n>{ARABIC}))?)",
    )
)
_ZHE = re.compile(rf"(?P<number>{ARABIC}|{CHINESE})\s?折(?![叠痕射边返磨纸线扇伞页旧刀椅])(?P<extra>起|封顶|优惠)?")
_HALF = re.compile(r"(?i:半价|对折|\bhalf[- ](?:price|off)\b|\b50/50\soff)")
_PERCENT_NUMBER = rf"(?P<number>{NUMBER})"
_RANGE = rf"(?:(?<![$€£¥₹\w.,])(?P<low>{ARABIC})\s?[%]?\s?(?:[-~—至到]|(?<=\s)to)\s?)?"
_PERCENT = re.compile(
    rf"{_RANGE}(?:{_PERCENT_NUMBER}(?:\s?%|\s?(?i:per\s?cent)(?![A-Za-z])|\s?个百分点)|百分之(?P<spoken>{NUMBER})|(?P<all>百分百))"
)
_TENTH = re.compile(
    r"(?<![\w])?(?P<number>[一二三四五六七八九])成(?=新|以上|的?(?:用户|人|顾客|消费者|妈妈|女性|含量))"
)
_DISCOUNT_BEFORE = re.compile(
    r"(?:(?:\b(?:sav(?:e|es|ing|ings)|discounts?|reduc(?:ed|tion)|cut|slash(?:ed)?|drop(?:ped)?|marked down|price cut)"
    r"(?:(?: of| by| up to| over| an? (?:extra|additional)| you| another| as much as| prices?(?: by)?)){0,2}|less|sale[:!]?)\s*"
    r"|(?:立减|直降|降价?|减免?|省下?|优惠|折扣|便宜)[了约达高]*\s*|(?:\A|[\s(:：，。!])-\s?)\Z"
)
_DISCOUNT_AFTER = re.compile(
    r"\s*[-]?(?:off\b|discount|savings?\b|reduction|cheaper|price (?:cut|drop)|markdown|的?(?:优惠|折扣|让利)|off)"
)
_CONDITION_BEFORE = re.compile(
    r"(?:extra|additional|another|further|members? (?:get|save)|首单|新人|会员|再|折上|叠加|另享|满\S{1,4}|任选\S{0,3}|(?:[2-9]|[二两三四五六七八九十])\s?[件双瓶盒套个](?:享|打|立享)?)\s*(?:打|享|立享)?\s*\Z"
)


def reductions(text: str, rest: str) -> Iterator[Claim]:
    """Offers, then discounts, then percentages. `rest` is `text` with earlier claims blanked out; the first match counts."""
    for pattern in _OFFERS:
        for match in pattern.finditer(rest):
            yield Claim(ClaimKind.OFFER, match.start(), match.end(), "", keys=(_offer_key(match),))
    for match in _ZHE.finditer(rest):
        value = parse_number(match["number"])
        if value is not None and 0 < value < 100:
            off = 100 - value * (10 if value < 10 else 1)
            yield _discount(text, match.start(), match.end(), off)
    for match in _HALF.finditer(rest):
        yield _discount(text, match.start(), match.end(), Decimal(50))
    yield from _percentages(text, rest)


def _percentages(text: str, rest: str) -> Iterator[Claim]:
    for match in _PERCENT.finditer(rest):
        is_discount = bool(
            _DISCOUNT_AFTER.match(text[match.end() : match.end() + 24].lower())
            or _DISCOUNT_BEFORE.search(text[max(0, match.start() - 40) : match.start()].lower())
        )
        for start, end, value in _percent_amounts(match):
            if is_discount:
                yield _discount(text, start, end, value)
            else:
                yield Claim(ClaimKind.PERCENT, start, end, "", value=value)
    for match in _TENTH.finditer(rest):
        tenths = parse_number(match["number"])
        yield Claim(ClaimKind.PERCENT, match.start(), match.end(), "", value=tenths and tenths * 10)


def _percent_amounts(match: re.Match[str]) -> Iterator[tuple[int, int, Decimal | None]]:
    """The one or two percentages of "20-30%"."""
    written = match["number"] or match["spoken"]
    start = match.start()
    if match["low"]:
        yield start, match.end("low"), parse_number(match["low"])
        start = match.start("number") if match["number"] else match.end("low")
    yield start, match.end(), Decimal(100) if written is None else parse_number(written)


def _discount(text: str, start: int, end: int, off: Decimal | None) -> Claim:
    before = text[max(0, start - 24) : start].lower()
    conditional = _CONDITION_BEFORE.search(before) is not None
    return Claim(ClaimKind.DISCOUNT, start, end, "", value=off, role=Role.CONDITIONAL if conditional else Role.PLAIN)


def _offer_key(match: re.Match[str]) -> str:
    """The same offer in both languages has the same key: buy1get1."""
    groups = match.groupdict()
    numbers = [_plain_number(groups.get(name)) for name in ("n", "m")]
    written = match.group().lower()
    half = "half" if re.search(r"半价|half", written) else ""
    percent = "".join(re.findall(r"\d+(?=%)", written))
    if re.match(r"buy|bogo|[买购拍]", written):
        return f"buy{numbers[0] or 1}get{numbers[1] or 1}{half}{percent}"
    if re.match("满|spend|[$£€]", written):
        return f"spend{numbers[0]}save{numbers[1]}{'折' if '折' in written else ''}"
    if written.startswith("第"):
        return f"second{numbers[0]}{half}{numbers[1]}{'折' if '折' in written else ''}{'free' if '免费' in written else ''}"
    return re.sub(r"\s+", " ", written)


def _plain_number(written: str | None) -> str:
    if not written:
        return ""
    found = re.search(NUMBER, written)
    value = parse_number(found.group()) if found else None
    return format(value.normalize(), "f") if value is not None else written

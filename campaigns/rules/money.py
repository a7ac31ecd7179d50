"""Amounts of money in copy: where they stand, in which currency, and what they are said to be.

A wrong price is the costliest sentence that copy can have, so this errs on one side: a number after a price word ("only
29.99", 到手199, 199包邮) is a price even without a currency.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from campaigns.rules.amount_roles import role_of
from campaigns.rules.claim import Claim, ClaimKind
from campaigns.rules.nouns import COUNTERS
from campaigns.rules.numerals import ARABIC, CHINESE, DIGITS, NUMBER, parse_number
from campaigns.rules.units import starts_with_unit

_DOLLARS = frozenset({"USD", "CAD", "AUD", "NZD", "HKD", "TWD", "SGD", "MXN"})
# What a sign may stand for; codes stand for themselves.
_SIGNS: dict[str, frozenset[str]] = {
    **dict.fromkeys(("$", "dollar", "dollars", "buck", "bucks"), _DOLLARS),
    **dict.fromkeys(("us$", "美元", "美金"), frozenset({"USD"})),
    **dict.fromkeys(("¥", "¢"), frozenset({"CNY", "JPY"})),
    **dict.fromkeys(("元", "块", "块钱", "毛", "毛钱", "角", "角钱", "分钱"), frozenset({"CNY", "HKD", "TWD"})),
    **dict.fromkeys(("人民币", "rmb", "yuan"), frozenset({"CNY"})),
    **dict.fromkeys(("円", "日元", "yen"), frozenset({"JPY"})),
    **dict.fromkeys(("€", "euro", "euros", "欧元"), frozenset({"EUR"})),
    **dict.fromkeys(("£", "英镑", "quid", "pence", "p"), frozenset({"GBP"})),
    **dict.fromkeys(("₹", "rs", "rs.", "rupee", "rupees"), frozenset({"INR"})),
    **dict.fromkeys(("港币", "港元", "hk$"), frozenset({"HKD"})),
    **dict.fromkeys(("台币", "新台币", "nt$"), frozenset({"TWD"})),
    **dict.fromkeys(("c$", "ca$"), frozenset({"CAD"})),
    **dict.fromkeys(("a$", "au$"), frozenset({"AUD"})),
    "nz$": frozenset({"NZD"}),
    "s$": frozenset({"SGD"}),
    "mx$": frozenset({"MXN"}),
    "r$": frozenset({"BRL"}),
    "₩": frozenset({"KRW"}),
    "₽": frozenset({"RUB"}),
    "฿": frozenset({"THB"}),
    "₺": frozenset({"TRY"}),
    "zł": frozenset({"PLN"}),
    "kr": frozenset({"SEK", "NOK", "DKK"}),
    "fr.": frozenset({"CHF"}),
}
_SIGNS["¢"] = _SIGNS["cent"] = _SIGNS["cents"] = _DOLLARS | {"EUR"}
_HUNDREDTHS = frozenset({"¢", "cent", "cents", "pence", "p", "分钱"})
_TENTHS = frozenset({"毛", "毛钱", "角", "角钱"})

_CODE = (
    r"(?:USD|EUR|GBP|CNY|RMB|JPY|HKD|TWD|CAD|AUD|NZD|SGD|INR|KRW|CHF|BRL|MXN|SEK|NOK|DKK|PLN|RUB|THB|TRY|AED|IDR|VND)"
)
_SYMBOL = r"(?:(?:US|AU|A|CA|C|HK|NT|NZ|S|R|MX)?\$|[¥€£₹₩₽฿₺¤₫₪₦₱₴])"
PREFIX = rf"(?:{_SYMBOL}|(?<![A-Za-z])(?:(?i:{_CODE})|Rs\.?|Fr\.|kr)(?![A-Za-z])|人民币)"
# 块 is a piece of something where one of these follows; 元 is a part of another word.
_PIECE_OF = (
    "蛋糕|巧克|面包|布|屏|石|肉|板|砖|毛巾|香皂|肥皂|腹肌|拼图|手表|滤|玻璃|饼|瓷|地垫|电池|积木|抹布|海绵|糖|奶酪"
)
SUFFIX = (
    rf"(?:[€£₹₩₽฿¢円]|[¥$](?!\s?\d)|(?i:{_CODE}|euros?|dollars?|bucks|cents?|pence|quid|yuan|yen|rupees?|kr|zł)(?![A-Za-z])"
    rf"|(?<=\d)(?<!\d{3})p(?![A-Za-z])|人民币|美元|美金|欧元|英镑|日元|港币|港元|新台币|台币|元(?![素气旦宵件老首宇])"
    rf"|块钱|(?<!一)块(?!{_PIECE_OF})|(?<=一)块(?=[\s,.!，。！\d一二三四五六七八九]|\Z)|[毛角分]钱|毛(?=[,.!，。！\s]|\Z)|角(?=[,.!，。！\s]|\Z))"
)
_RANGE = r"\s?(?:[-~—至到]|、|或|(?<=\s)(?:to|or|and))\s?"
_PREFIXED = re.compile(
    rf"(?:{PREFIX}|(?<![\d\s]){PREFIX}\s|(?<!\d)\s{PREFIX}\s|\A{PREFIX}\s)(?P<first>{ARABIC})(?:{_RANGE}(?:{PREFIX})?(?P<second>{ARABIC})(?!\s?[%折]))?"
)
_SUFFIXED = re.compile(
    rf"(?:(?P<first>{NUMBER}){_RANGE})?(?P<second>{NUMBER})\s?-?(?P<sign>{SUFFIX})(?P<cents>\d{{1,2}}(?!\d)|[一二三四五六七八九](?![十百千万]))?"
)

_WORDS_ZH = (
    "只要|只需|仅需|仅售|仅要|现价|原价|原售价|售价|特价|秒杀价|秒杀|到手价|到手|券后价?|折后价?|活动价|优惠价|促销价|会员价|预售价|首发价|定价|单价|总价|均价|"
    "价格|市场价|专柜价|划线价|日常价|吊牌价|直降|立减|立省|下单减|再减|减|省|满|立返|返|抵|低至|只卖|卖|拍下|价值|标价|今天|今日|现在|如今|仅"
)
_CUE_ZH = re.compile(rf"(?:{_WORDS_ZH})(?:约|近|为|是|只|仅|要)?[:\s]?(?P<number>{ARABIC}|(?=\S{{2}}){CHINESE})")
_CUE_EN = re.compile(
    r"(?i:\b(?P<cue>price[ds]?(?:\sat)?|costs?|rrp|msrp|pay|yours\sfor|as\slow\sas|starting\s(?:at|from)|only|just|now|save|was|"
    rf"for|at|from|under|below))[:\s]\s?(?:only\s|just\s)?(?P<number>{DIGITS})"
)
_WEAK_CUES = frozenset({"for", "at", "from", "under", "below", "was"})
_AFTER_EN = re.compile(
    r"\s?(?:[.,;:!?)\]…—-](?!\d)|\Z|\n|(?:each|only|today|now|instead|online|all-in|plus|and|or|with|while|until|this)\b)"
)
_AFTER_ZH = re.compile(r"\s?(?:[^\w\s]|\Z|\s|[起的包秒抢入带拿封到块，。！]|现在|原价|就能|即可|送|赠)")
# A Chinese numeral of two characters with a place in it: 九十九, not 一 or 三五.
_LARGE = "[一二三四五六七八九两十百千万零]{0,4}[十百千万][一二三四五六七八九两十百千万零]"
_TAIL_ZH = re.compile(
    rf"(?P<number>{DIGITS}|(?={_LARGE}){CHINESE})\s?(?:就?能?)(?:起?包邮|封顶|起售|秒杀|到手(?!价?[\s:]?[¥\d])|入手|买到?|带走|拿下|带回家|起抢|开抢|抢购|起拍|起(?![\w]))"
)
_COUNTED = re.compile(rf"\s?(?:{COUNTERS})")


def currencies(sign: str) -> frozenset[str]:
    """The ISO 4217 codes that a sign may stand for, none where it says nothing about it."""
    lowered = sign.lower()
    if lowered in _SIGNS:
        return _SIGNS[lowered]
    return frozenset({lowered.upper().replace("RMB", "CNY")}) if re.fullmatch("[a-z]{3}", lowered) else frozenset()


def prices_with_currency(text: str, rest: str) -> Iterator[Claim]:
    """Amounts with a sign, code or word of a currency. `rest` is `text` with earlier claims blanked out."""
    taken: set[int] = set()
    for match in _PREFIXED.finditer(rest):
        sign = re.sub(r"[\d.,\s].*", "", match.group().strip().replace("Rs.", "Rs"), flags=re.DOTALL)
        taken |= set(range(match.start(), match.end()))
        yield from _amounts(text, match, sign, scale=Decimal(1), outer=match.end("first"))
    for match in _SUFFIXED.finditer(rest):
        if taken.isdisjoint(range(match.start(), match.end())):
            sign = match["sign"].lower()
            scale = Decimal("0.01") if sign in _HUNDREDTHS else Decimal("0.1") if sign in _TENTHS else Decimal(1)
            yield from _amounts(text, match, sign, scale=scale, outer=match.end())


def _amounts(text: str, match: re.Match[str], sign: str, *, scale: Decimal, outer: int) -> Iterator[Claim]:
    """The one or two amounts of a match. The sign belongs to the span of the amount next to it."""
    prefixed = "sign" not in match.groupdict()
    for name in ("first", "second"):
        written = match[name]
        if written is None or (prefixed and name == "second" and _measures_something(text, match.end(name))):
            continue
        start = match.start() if prefixed and name == "first" else match.start(name)
        end = outer if name == ("first" if prefixed else "second") else match.end(name)
        value = parse_number(written, money=True)
        if value is not None:
            value *= scale
            if name == "second" and not prefixed and match["cents"]:
                value += _cents(match["cents"])
        yield price_claim(text, start, end, value, sign)


def _cents(written: str) -> Decimal:
    """块9 is .9, 块99 is .99, 块九 is .9."""
    value = parse_number(written)
    return Decimal(0) if value is None else value / (100 if len(written) == 2 else 10)


def prices_by_cue(text: str, rest: str) -> Iterator[Claim]:
    """Numbers without a currency that a price word makes a price."""
    for match in _CUE_ZH.finditer(rest):
        start, end = match.span("number")
        if _counts_something(rest, end) or not _AFTER_ZH.match(rest, end):
            continue
        if not re.match(r"\d", match["number"]) and not re.search("[十百千万]", match["number"]):
            continue
        yield price_claim(text, start, end, parse_number(match["number"], money=True), "")
    for match in _CUE_EN.finditer(rest):
        start, end = match.span("number")
        value = parse_number(match["number"], money=True)
        if _counts_something(rest, end) or not _AFTER_EN.match(rest, end) or value is None:
            continue
        if match["cue"].lower() in _WEAK_CUES and (value < 10 or 1900 <= value < 2100):
            continue
        yield price_claim(text, start, end, value, "")
    for match in _TAIL_ZH.finditer(rest):
        start, end = match.span("number")
        yield price_claim(text, start, end, parse_number(match["number"], money=True), "")


def _counts_something(rest: str, end: int) -> bool:
    return _measures_something(rest, end) or bool(_COUNTED.match(rest, end))


def _measures_something(rest: str, end: int) -> bool:
    return starts_with_unit(rest, end) or (rest[end : end + 1] in (" ", "-") and starts_with_unit(rest, end + 1))


def price_claim(text: str, start: int, end: int, value: Decimal | None, sign: str) -> Claim:
    """The price `text[start:end]` with the role that its surroundings give it."""
    return Claim(
        kind=ClaimKind.PRICE, start=start, end=end, text="", value=value, unit=sign, role=role_of(text, start, end)
    )

"""Personal data in a text, replaced by a word in brackets, so that no model learns somebody's number by heart.

Finds what can be told by its form: e-mail addresses, telephone numbers, identity numbers, bank cards and accounts, IP
addresses, order and account numbers, web addresses that carry a sign-in. Names and postal addresses have no form of
their own and stay. A number that could be either is taken when it is long (a barcode too) and left when it is short:
prices, sizes, dates and model numbers have to stay.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

Span = tuple[int, int]

# One character for one, so that positions stay those of the text. Full-width commas and colons stay: they separate.
_WIDE = "０１２３４５６７８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ＠．－＋（）＿"
_FOLD = {ord(wide): ord(wide) - 0xFEE0 for wide in _WIDE} | str.maketrans(
    "\xa0\u2007\u2009\u202f\u2010\u2011", "    --"
)
_TAKEN = "\ufffc"  # stands where something was found: neither letter nor digit

# Where a number that is certain by itself may stand, and one that could be part of a size, a range, a date or a price
_START, _END = r"(?<![A-Za-z0-9_])(?<!\d\.)", r"(?![A-Za-z0-9_]|\.\d)"
_ALONE = r"(?<![A-Za-z0-9_])(?<!\d[.,/×*-])(?<![$£€¥])(?<![$£€¥]\ )"
_AND_NO_MORE = r"(?![A-Za-z0-9_]|[.,/×*-]\d|\ ?×)"
_MEASURED = re.compile(
    r" ?(?:[a-zµμ]?[mglw]|mah|wh|lm|lumens?|lux|rpm|k?hz|[kmg]b|kcal|kj|pcs|times|cycles|steps|usd|eur|gbp|cny|rmb)(?![a-z])"
    r"| ?(?:毫|克|千|升|米|瓦|流明|次(?!日)|元|円|件|粒|颗|圈|步|分|单)",
    re.IGNORECASE | re.ASCII,
)
_YEARS = re.compile(r"(?:19|20)\d\d(?:[ .-](?:19|20)?\d\d)+")


def scrub(text: str) -> tuple[str, int]:
    """The text with every piece of personal data replaced by what it was, such as `[phone]`, and how many there were.

    Works on Chinese and English text, full-width digits included. A second pass changes nothing.
    """
    pieces, at, found = [], 0, sorted(_find(text.translate(_FOLD)))
    for start, end, name in found:
        pieces += [text[at:start], f"[{name}]"]
        at = end
    return "".join([*pieces, text[at:]]), len(found)


def _find(text: str) -> Iterator[tuple[int, int, str]]:
    """Where what stands, the certain forms first; what one form took, the next does not see."""
    for form in _FORMS:
        spans = [span for match in form.pattern.finditer(text) if (span := form.span(match))]
        rest = list(text)
        for start, end in spans:
            rest[start:end] = _TAKEN * (end - start)
            if form.name:
                yield start, end, form.name
        text = "".join(rest)


@dataclass(frozen=True, slots=True)
class _Form:
    """What is replaced by `name` (nothing, where it is empty: then it is kept whole): where `pattern` matches, the span
    that `span` makes of the match, if any."""

    name: str
    pattern: re.Pattern[str]
    span: Callable[[re.Match[str]], Span | None] = re.Match.span


def _pattern(text: str) -> re.Pattern[str]:
    """ASCII: a Chinese character borders on a number as a space does."""
    return re.compile(text, re.ASCII | re.VERBOSE | re.IGNORECASE)


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text, flags=re.ASCII)


def _is_measured(match: re.Match[str]) -> bool:
    return _MEASURED.match(match.string, match.end()) is not None


# Web and e-mail addresses

_URL = _pattern(r"""\b[a-z][a-z0-9+]{1,9}:// [^\s"'<>\[\]{}\u2e80-\u9fff\uff00-\uffef\ufffc]{1,2000}""")
_SIGNED_IN = _pattern(
    r"""^[a-z0-9+]+://[^/?\#]*@ | [?&;\#] (?:(?:access|auth|id)_?)?
    (?:token|session(?:_?id)?|sid|user(?:_?id|_?name)?|uid|open_?id|(?:member|customer)(?:_?id)?|e?mail|phone|mobile|tel|
       password|pwd|signature)="""
)
_EMAIL = _pattern(
    r"""(?<![a-z0-9._%+-]) [a-z0-9._%+-]{1,64} (?:@|\ ?[(\[]at[)\]]\ ?) (?:[a-z0-9-]{1,63}\.){1,6} [a-z]{2,24} (?![a-z0-9])"""
)


def _signed_in(match: re.Match[str]) -> Span | None:
    return match.span() if _SIGNED_IN.search(match.group()) or _EMAIL.search(match.group()) else None


# Numbers of persons and of their cards and accounts

_IDENTITY = _pattern(
    rf"""{_START} (?:
        [1-9]\d{{5}}\ ?(?:18|19|20)\d\d\ ?(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\ ?\d{{3}}[\dx]   # GB 11643-1999
      | (?!000|666|9)\d{{3}}-(?!00)\d\d-(?!0000)\d{{4}}                                          # US social security
    ) {_END} (?!-\d)"""
)
_CARD = _pattern(
    rf"""{_START} (?P<card> 4\d{{12}} | 3\d{{13}} | [2-6]\d{{14,18}}
      | [2-6]\d{{3}}(?:[ -]\d{{4}}){{3}} | 3\d{{3}}[ -]\d{{6}}[ -]\d{{5}} | 62\d{{4}}[ -]\d{{13}}
    ) (?P<tail> [ -]\d{{1,3}} )? {_END}"""
)
_IBAN = re.compile(rf"{_START}[A-Z]{{2}}[0-9]{{2}}(?: ?[A-Z0-9]{{4}}){{2,7}}(?: ?[A-Z0-9]{{1,4}})?(?![A-Za-z0-9_])")


def _card(match: re.Match[str]) -> Span | None:
    """With or without what looks like a last group, and could be a month or an amount."""
    if _YEARS.match(match.group()):
        return None
    for end in dict.fromkeys((match.end(), match.end("card"))):
        if _passes_luhn(_digits(match.string[match.start() : end])):
            return match.start(), end
    return None


def _passes_luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2]]
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def _iban(match: re.Match[str]) -> Span | None:
    """The longest beginning whose check digits are right (ISO 13616); else all of it that ends in a digit, if it is
    written in groups or with a bank's letters: a mistyped account is somebody's account."""
    groups = match.group().split(" ")
    for count in range(len(groups), 0, -1):
        beginning = "".join(groups[:count])
        number = int("".join(str(int(character, 36)) for character in beginning[4:] + beginning[:4]))
        if 15 <= len(beginning) <= 34 and number % 97 == 1:
            return match.start(), match.start() + len(" ".join(groups[:count]))
    while groups and not groups[-1][-1:].isdigit():
        groups.pop()
    written_as_one = len(groups) > 3 or any(map(str.isalpha, "".join(groups)[4:]))
    likely = written_as_one and len(_digits("".join(groups))) >= 12
    return (match.start(), match.start() + len(" ".join(groups))) if likely else None


# Addresses of devices

_IP = _pattern(
    r"""(?<![\w.:])(?<!\bv\ )(?<!version\ )(?<!版本)(?<!版本\ )
    (?: (?:\d{1,3}\.){3}\d{1,3} | (?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{1,4}(?!:) ) (?!\w|\.\d)"""
)


def _ip(match: re.Match[str]) -> Span | None:
    try:
        ipaddress.ip_address(match.group())
    except ValueError:  # a time of day, say
        return None
    return match.span()


# Telephones

_PHONE = _pattern(
    rf"""(?: {_START}(?<![$£€¥]) (?:(?:\+?86|0086)[ -]?)? 1[3-9]\d(?:\d{{8}}|[ -]\d{{4}}[ -]\d{{4}})    # China, mobile
        (?![A-Za-z0-9_]|[.-]\d)
      | (?<![A-Za-z0-9_+])(?<!\d[.,/×*-])
        (?:\+|00)[1-9]\d{{0,2}}[ .-]?(?:\(0?\d{{1,4}}\)[ .-]?)?\d{{1,5}}(?:[ .-]?\d{{2,5}}){{1,4}} {_AND_NO_MORE}
      | {_ALONE} (?: [48]00(?:-?\d{{3}}-?\d{{4}}|-\d{{4}}-\d{{3}}|\ \d{{3}}\ \d{{4}})              # China, service lines
          | (?:\(0\d{{1,4}}\)|0\d{{2,4}})[ -]?\d{{3,4}}[ -]?\d{{3,4}} | 0\d{{4}}[ -]\d{{6}}        # with an area code
          | 0[1-9](?:[ .]\d\d){{4}}                                                                # in pairs
          | (?:1[ .-])?(?:\([2-9]\d\d\)[ -]?|[2-9]\d\d[.-])[2-9]\d\d[ .-]\d{{4}}                   # North America
        ) (?: (?:-|转|\ ?(?:ext|x)\.?\ ?)\d{{1,5}} )? {_AND_NO_MORE}
      | (?<![零〇一二三四五六七八九十百幺]) [一幺][三四五六七八九][零〇一二三四五六七八九幺]{{9}} (?![零〇一二三四五六七八九十百])
    )"""
)
_MOBILE = re.compile(r"(?:86)?1[3-9][0-9]{9}")
_CALLED = _pattern(
    r"""(?: \b(?:tel|telephone|phone|call|mobile|cell|whatsapp|text)\b | 电话 | 手机 | 致电 | 热线 | 拨打 )
    (?: [\s:：.,，是为\#]{1,3} | \ (?:us|me|number|no|is|at|on|or)\b | 号码? ){0,4}
    (?P<number> (?!(?:19|20)\d\d[ .-]) \(?\d(?:[ .()-]{0,2}\d){6,14} ) (?![a-z0-9]|[.,]\d)"""
)


def _phone(match: re.Match[str]) -> Span | None:
    """8–15 digits (ITU-T E.164), and no round number that something is measured in."""
    digits = _digits(match.group()).removeprefix("00")
    if not digits or _MOBILE.fullmatch(digits):  # spelled out, or of a form of its own
        return match.span()
    whole = 8 <= len(digits) <= 15 and not digits.endswith("00000")
    return match.span() if whole and not _is_measured(match) else None


# Orders, members, accounts

_NAMED = _pattern(
    r"""(?: \b(?:order|invoice|tracking|booking|ticket|account|member|membership|customer|passport|licen[cs]e|policy|card)\b
            (?:\ (?:no|nr|number|id|code)\b)?
          | 订单 | 单号 | 运单 | 快递 | 发票 | 账号 | 帐号 | 账户 | 会员 | 卡号 | 银行卡 | 护照 | 驾照 | 身份证 )
    (?: [\s:：.\#№是为]{1,2} | 号码? | 编号 | ID | \ is\b ){0,4}
    (?P<number> \d{4}(?:[ -]\d{4}){2,4}(?:[ -]\d{1,3})? | (?=[a-z-]*\d(?:[a-z-]*\d){4}) [a-z0-9][a-z0-9-]{4,31} )
    (?![a-z0-9]|[.,]\d)"""
)
_HANDLE = _pattern(
    r"""(?: \bQQ\ ?(?:号|群)?\ ?(?:[:：]|是)?\ ?(?P<number>[1-9]\d{4,10}) (?![a-z0-9])
      | (?:微信号?|\bwechat(?:\ id)?|\bVX|加V)\ ?(?:[:：]|是|is)\ ?(?P<name>[a-z0-9][\w-]{4,19}) (?![\w-]) )"""
)
_LONG = _pattern(
    rf"""{_START} (?<![$£€¥])(?<![$£€¥]\ )
    (?: 1Z[0-9A-Z]{{16}} | (?:[a-z]{{1,5}}-?)?\d{{3,40}}(?:-\d{{3,20}}){{0,4}}[a-z0-9]{{0,12}} ) {_END} (?!-\d)"""
)


def _named(match: re.Match[str]) -> Span | None:
    return None if _is_measured(match) or _YEARS.fullmatch(match["number"]) else match.span("number")


def _handle(match: re.Match[str]) -> Span | None:
    return match.span("number" if match["number"] else "name")


def _long(match: re.Match[str]) -> Span | None:
    """Ten digits in a row, or twelve in groups of which one is long; a range of dates is none."""
    groups = re.findall(r"[0-9]+", match.group())
    count, longest = sum(map(len, groups)), max(map(len, groups))
    long = count >= 10 if len(groups) == 1 else count >= 12 and longest >= 6
    return match.span() if long and not all(map(_is_day, groups)) and not _is_measured(match) else None


def _is_day(digits: str) -> bool:
    try:
        return len(digits) == 8 and bool(date.fromisoformat(digits))
    except ValueError:
        return False


_FORMS = (
    _Form("url", _URL, _signed_in),
    _Form("", _URL),  # no numbers are looked for in other web addresses
    _Form("email", _EMAIL),
    _Form("id", _IDENTITY),
    _Form("card", _CARD, _card),
    _Form("account", _IBAN, _iban),
    _Form("ip", _IP, _ip),
    _Form("number", _NAMED, _named),
    _Form("phone", _PHONE, _phone),
    _Form("phone", _CALLED, lambda match: match.span("number")),
    _Form("account", _HANDLE, _handle),
    _Form("number", _LONG, _long),
)

"""Reads prices as people write them: "$1,299.00", "29,99 €", "1 299,00", "¥199", "199元", "USD 20", "Rs. 1,29,900"."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from campaigns.feeds.limits import MAX_PRICE
from campaigns.feeds.vocabulary import words

CURRENCIES = words(
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF"
    " CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG"
    " HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA"
    " MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD"
    " RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX"
    " USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWL"
)
# what a sign means; where it means several currencies the first is taken unless the file says otherwise
SIGNS: dict[str, tuple[str, ...]] = {
    "us$": ("USD",), "hk$": ("HKD",), "nt$": ("TWD",), "a$": ("AUD",), "au$": ("AUD",), "c$": ("CAD",), "ca$": ("CAD",),
    "s$": ("SGD",), "sg$": ("SGD",), "nz$": ("NZD",), "r$": ("BRL",), "mx$": ("MXN",),
    "$": ("USD", "CAD", "AUD", "HKD", "SGD", "NZD", "TWD", "MXN", "CLP", "COP", "ARS"),
    "cn¥": ("CNY",), "rmb": ("CNY",), "人民币": ("CNY",), "jp¥": ("JPY",), "¥": ("CNY", "JPY"),
    "元": ("CNY", "TWD", "HKD"), "块": ("CNY",), "圆": ("CNY", "JPY"), "円": ("JPY",), "港元": ("HKD",), "港币": ("HKD",),
    "美元": ("USD",), "欧元": ("EUR",), "英镑": ("GBP",), "日元": ("JPY",), "新台币": ("TWD",), "台币": ("TWD",),
    "€": ("EUR",), "£": ("GBP",), "₹": ("INR",), "rs": ("INR", "PKR", "LKR", "NPR"), "rs.": ("INR", "PKR", "LKR", "NPR"),
    "₩": ("KRW",), "원": ("KRW",), "₽": ("RUB",), "฿": ("THB",), "₫": ("VND",), "₺": ("TRY",), "₪": ("ILS",),
    "₴": ("UAH",), "₦": ("NGN",), "₱": ("PHP",), "zł": ("PLN",), "kč": ("CZK",), "kr": ("SEK", "NOK", "DKK", "ISK"),
    "kr.": ("DKK", "SEK", "NOK", "ISK"), "chf": ("CHF",), "fr.": ("CHF",), "euro": ("EUR",), "eur": ("EUR",),
}  # fmt: skip
COMMA_CURRENCIES = words("EUR BRL CZK DKK HUF IDR ISK NOK PLN RON RUB SEK TRY UAH VND")

MARK = r"[.,' ’]"
NUMBER = re.compile(rf"(?<![\w.,])([-+−(]?)\s*(\.\d+|\d(?:{MARK}?\d)*)(?:[.,](?:-|–|—)?)?\)?(?![\d.,])")
GROUPED = {mark: re.compile(rf"\d{{1,3}}(?:{re.escape(mark)}\d{{2,3}})*{re.escape(mark)}\d{{3}}") for mark in ".,' "}
MINUS = frozenset("-−(")
MAX_PRICE_CHARS = 60


class PriceError(ValueError):
    """The text is not a price that can be taken. ``code`` and ``params`` as in ``messages``."""

    def __init__(self, code: str, **params: str | int) -> None:
        self.code = code
        self.params = params
        super().__init__(code)


class Price(NamedTuple):
    """``amount`` has at most two decimals; ``currencies`` are those that the sign may mean, likeliest first."""

    amount: Decimal
    currencies: tuple[str, ...]


def currency_code(text: str) -> tuple[str, ...]:
    """Return the ISO 4217 codes that ``text`` ("usd", "¥", "人民币") may mean. Raises :class:`PriceError`."""
    folded = unicodedata.normalize("NFKC", text).strip()
    if folded.upper() in CURRENCIES:
        return (folded.upper(),)
    if folded.casefold() in SIGNS:
        return SIGNS[folded.casefold()]
    raise PriceError("currency_unknown", value=text[:40])


def parse_price(text: str, *, decimal_mark: str = "", currency: str = "") -> Price:
    """Read ``text`` as a price.

    ``decimal_mark`` is "." or "," where other prices of the same file have settled it, see :func:`decimal_mark_of`.
    ``currency`` (ISO 4217) helps with "1.299", which is 1299 in euros; where nothing settles it, it is refused.
    Raises :class:`PriceError`: unreadable, negative, ambiguous, too large, more than two decimals.
    """
    spaced = _spaced(unicodedata.normalize("NFKC", text[: MAX_PRICE_CHARS + 1]).replace("’", "'").strip())
    match = NUMBER.search(spaced)
    if match is None or len(text) > MAX_PRICE_CHARS:
        raise PriceError("price_unreadable", value=text[:40])
    sign, digits = match.groups()
    before, after = spaced[: match.start()].strip(), spaced[match.end() :].strip()
    if sign in MINUS or before[:1] in MINUS or before[-1:] in MINUS:
        raise PriceError("price_negative", value=text[:40])
    currencies = _signs(before, after, text)
    amount = _amount(digits.strip(), text, decimal_mark, currency or (currencies[0] if currencies else ""))
    if amount > MAX_PRICE:
        raise PriceError("price_too_large", value=text[:40], limit=str(MAX_PRICE))
    return Price(_two_decimals(amount, text), currencies)


def decimal_mark_of(texts: Iterable[str]) -> str:
    """Return the decimal mark that a column of prices shows ("29,99" → ","), or "" where none or both appear."""
    found: set[str] = set()
    for text in texts:
        match = re.search(r"\d([.,])\d{1,2}(?!\d|[.,]\d)", unicodedata.normalize("NFKC", text))
        if match:
            found.add(match.group(1))
    return found.pop() if len(found) == 1 else ""


def _spaced(text: str) -> str:
    """Set letters and digits apart ("USD20", "199元"), so that a number begins and ends at a boundary."""
    return re.sub(r"(?<=\d)(?=[^\W\d])|(?<=[^\W\d])(?=\d)", " ", text)


def _signs(before: str, after: str, text: str) -> tuple[str, ...]:
    signs = [part.strip() for part in (before, after) if part.strip()]
    found: tuple[str, ...] = ()
    for sign in signs:
        # "US $": the parts belong together; "$20 USD": both say the same
        try:
            meant = currency_code(sign.replace(" ", ""))
        except PriceError:
            raise PriceError("price_unreadable", value=text[:40]) from None
        if not found:
            found = meant
            continue
        common = tuple(code for code in found if code in meant)
        if not common:
            raise PriceError("currency_conflict", first=found[0], second=meant[0])
        found = common
    return found


def _amount(digits: str, text: str, decimal_mark: str, currency: str) -> Decimal:
    marks = {char for char in digits if not char.isdigit()}
    spaces = marks & {" ", "'"}
    if not marks:
        return Decimal(digits)
    if len(spaces) == 2 or len(marks) > 2:
        raise PriceError("price_unreadable", value=text[:40])
    if marks <= {".", ","} and len(marks) == 1 and not spaces:
        return _one_mark(digits, marks.pop(), text, decimal_mark, currency)
    # the last mark divides the decimals, unless it is a space or apostrophe, which only ever group
    last = max(".,", key=digits.rfind) if marks & {".", ","} else ""
    whole, _, decimals = digits.rpartition(last) if last else (digits, "", "")
    groups = next(iter(marks - {last}))
    if (last and digits.count(last) > 1) or not GROUPED[groups].fullmatch(whole):
        raise PriceError("price_unreadable", value=text[:40])
    return Decimal(f"{whole.replace(groups, '')}.{decimals or 0}")


def _one_mark(digits: str, mark: str, text: str, decimal_mark: str, currency: str) -> Decimal:
    """Decide what a single kind of mark is: decimals ("29,99") or thousands ("1,299", "1.299.000")."""
    grouped = GROUPED[mark].fullmatch(digits) is not None
    if digits.count(mark) > 1:
        if not grouped:
            raise PriceError("price_unreadable", value=text[:40])
        return Decimal(digits.replace(mark, ""))
    whole, _, decimals = digits.partition(mark)
    if len(decimals) != 3 or not grouped or whole == "0":
        return Decimal(f"{whole or 0}.{decimals}")
    if decimal_mark and decimal_mark != mark:
        return Decimal(whole + decimals)
    if not decimal_mark and (mark == "," or currency in COMMA_CURRENCIES):
        return Decimal(whole + decimals)
    if decimals.endswith("0") and decimal_mark == mark:  # "12.500" in a column of "12.50": trailing zero
        return Decimal(f"{whole}.{decimals}")
    raise PriceError("price_ambiguous", value=text[:40], small=f"{whole}.{decimals}", large=f"{whole}{decimals}")


def _two_decimals(amount: Decimal, text: str) -> Decimal:
    rounded = amount.quantize(Decimal("0.01"))
    if rounded != amount:
        raise PriceError("price_precision", value=text[:40])
    return rounded

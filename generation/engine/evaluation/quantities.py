"""Numbers with their units in a text, English or Chinese, so that "14 h", "14-hour", "十四小时" and "14 小时" are one.

Only for asking whether a fact's number stands in a text: units are named, not converted (2,600 g is not 2.6 kg here).
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

# what a unit is called; the first name is the one that quantities carry
_NAMES = """
kg kgs kilo kilos kilogram kilograms 公斤 千克
g gram grams gramme grammes 克
mg milligram milligrams 毫克
oz ounce ounces 盎司
lb lbs pound pounds 磅
ml millilitre millilitres milliliter milliliters 毫升
l litre litres liter liters 升
mm millimetre millimetres millimeter millimeters 毫米
cm centimetre centimetres centimeter centimeters 厘米 公分
m metre metres meter meters 米
km kilometre kilometres kilometer kilometers 公里 千米
in inch inches 英寸 寸
ft foot feet 英尺
s sec second seconds 秒 秒钟
min mins minute minutes 分钟
h hr hrs hour hours 小时 个小时 钟头 个钟头
day days 天 日
week weeks 周 星期 个星期
month months 月 个月
year years 年
w watt watts 瓦
kw kilowatt kilowatts 千瓦
mah 毫安时 毫安
wh 瓦时
v volt volts 伏
hz 赫兹
db 分贝
gb
tb
mb
lm lumen lumens 流明
kcal 千卡 大卡
rpm 转
g/m2 gsm 克/平方米
°c 度 摄氏度 degree degrees °
k 开
% percent 百分
€ eur euro euros 欧元
£ gbp 英镑
$ usd dollar dollars 美元
¥ cny rmb yuan 元 块钱
"""
_UNITS = {name: line.split()[0] for line in _NAMES.strip().splitlines() for name in line.split()}
_LONGEST_FIRST = sorted(_UNITS, key=len, reverse=True)
_LATIN = "|".join(re.escape(name) for name in _LONGEST_FIRST if name[-1].isascii() and name[-1].isalnum())
_OTHER = "|".join(re.escape(name) for name in _LONGEST_FIRST if not (name[-1].isascii() and name[-1].isalnum()))
_WORDS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
    "nineteen twenty"
)
_ENGLISH = {word: value for value, word in enumerate(_WORDS.split(), 1)}
_HAN_DIGITS = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_DIGITS = r"(?<![a-z0-9.])(?:\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?)"
_HAN = "一二三四五六七八九十百千万"
_HAN_NUMBER = rf"(?<![{_HAN}第])(?:[一二两三四五六七八九]?十[一二三四五六七八九]?|[一二两三四五六七八九])(?![{_HAN}])"
_NUMBER = rf"{_DIGITS}|\b(?:{'|'.join(_ENGLISH)})\b|{_HAN_NUMBER}"
_QUANTITY = re.compile(
    rf"(?P<currency>[$€£¥])?\s?(?P<number>{_NUMBER})(?:[\s-]?(?P<unit>(?:{_LATIN})(?![a-z])|{_OTHER}))?"
)
_HAN_UNITS = "|".join(name for name in _LONGEST_FIRST if "\u4e00" <= name[0] <= "\u9fff")
# ten 周年 are no weeks, and two thousand 年历史 no date
_HAN_DATE = (
    r"(?<!\d)(?P<year>(?:19|20)\d\d)\s?年(?!历史|之久|以上|传承|质保|保修)度?"
    r"(?:\s?(?P<month>1[0-2]|0?[1-9])\s?月(?:份|\s?(?P<day>[0-3]?\d)\s?[日号])?)?"
)
_HAN_DATE_OR_UNIT = re.compile(rf"{_HAN_DATE}|(?P<number>{_DIGITS})\s?(?P<unit>{_HAN_UNITS})(?!年)")
_WRITTEN = {
    "l": "L", "w": "W", "kw": "kW", "mah": "mAh", "wh": "Wh", "v": "V", "hz": "Hz", "db": "dB", "k": "K", "g/m2": "g/m²", "°c": "°C"
}  # fmt: skip
_JOIN = re.compile(r"\s*(?:[x*~/、,-]|to|and|or|by|至|到|和|或)\s*\Z")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−~〜", "-") | {"×": "x", "’": "'", "‘": "'"})


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number and the unit's first name, empty where it has no unit that is known; where it stands in the folded text."""

    number: Decimal
    unit: str
    start: int
    end: int

    def matches(self, other: "Quantity") -> bool:
        return self.number == other.number and self.unit == other.unit


def folded(text: str) -> str:
    """The text without case, width, invisible characters and kinds of dashes."""
    plain = unicodedata.normalize("NFKC", text).translate(_DASHES).casefold()
    return "".join(character for character in plain if unicodedata.category(character) != "Cf")


def quantities(text: str, *, spelled: bool = True) -> list[Quantity]:
    """Every number of the folded text in order; those spelled out, up to twenty or 九十九, only with `spelled`.

    In "52 x 44 x 18 cm", "30-52 cm" and "0.5 l, 1 l" a number without a unit takes that of the next.
    """
    found = list(_found(text, spelled))
    for place in range(len(found) - 2, -1, -1):
        this, following = found[place], found[place + 1]
        if not this.unit and following.unit and _JOIN.match(text[this.end : following.start]):
            found[place] = Quantity(this.number, following.unit, this.start, this.end)
    return found


def _found(text: str, spelled: bool) -> Iterator[Quantity]:
    for match in _QUANTITY.finditer(text):
        written = match["number"]
        if written[0].isdigit():
            number = Decimal(written.replace(",", ""))
        elif spelled:
            number = Decimal(_ENGLISH.get(written) or _han_value(written))
        else:
            continue
        unit = _UNITS[match["unit"]] if match["unit"] else match["currency"] or ""
        yield Quantity(number, unit, match.start(), match.end())


def _han_value(written: str) -> int:
    tens, ten, ones = written.rpartition("十")
    return (10 * _HAN_DIGITS.get(tens, 1) if ten else 0) + _HAN_DIGITS.get(ones, 0)


def with_latin_units(text: str) -> str:
    """The text with the Latin names of Chinese units after digits: "5000 毫米" becomes "5000 mm", "199 元" "¥199". Dates are no
    lengths of time: "2024年3月15日" becomes "2024-03-15"."""
    return _HAN_DATE_OR_UNIT.sub(_in_latin, text)


def _in_latin(match: re.Match[str]) -> str:
    if year := match["year"]:
        date = "-".join([year, *(f"{int(one):02}" for one in (match["month"], match["day"]) if one)])
        following = match.string[match.end() : match.end() + 1]
        return f"{date} " if following.isascii() and following.isalnum() else date
    number, unit = match["number"], _UNITS[match["unit"]]
    if match["unit"] == "度":  # of an angle as often as of heat
        return f"{number}°"
    if unit in "€£$¥":
        return f"{unit}{number}"
    if unit in ("day", "week", "month", "year") and number != "1":
        unit += "s"
    return f"{number}{' ' if unit != '%' else ''}{_WRITTEN.get(unit, unit)}"

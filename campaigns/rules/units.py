"""Units of measure in English and Chinese, by dimension, with exact factors to the base unit of each.

Only units of one dimension compare. A month is no fixed number of days, so months and years are a dimension of their
own. Inch, foot, pound and ounce have their exact legal factors (international yard and pound agreement, 1959).
"""

from __future__ import annotations

import re
from decimal import Decimal

# dimension: [(factor, aliases)]; "_" in an alias is optional white space. Latin aliases ignore case.
_TABLE: dict[str, list[tuple[str, str]]] = {
    "g": [
        ("1", "g gram grams gramme grammes 克"),
        ("1000", "kg kgs kilo kilos kilogram kilograms 公斤 千克"),
        ("0.001", "mg milligram milligrams 毫克"),
        ("0.000001", "mcg μg ug 微克"),
        ("500", "斤"),
        ("28.349523125", "oz ounce ounces 盎司"),
        ("453.59237", "lb lbs pound pounds 磅"),
        ("1000000", "tonne tonnes 吨"),
    ],
    "ml": [
        ("1", "ml mls millilitre millilitres milliliter milliliters cc 毫升"),
        ("10", "cl"),
        ("1000", "l ltr litre litres liter liters 升 公升"),
        ("29.5735295625", "fl_oz fl._oz fluid_ounce fluid_ounces"),
        ("473.176473", "pint pints"),
        ("3785.411784", "gal gallon gallons 加仑"),
    ],
    "mm": [
        ("1", "mm millimetre millimetres millimeter millimeters 毫米"),
        ("10", "cm cms centimetre centimetres centimeter centimeters 厘米 公分"),
        ("1000", "metre metres meter meters 米"),
        ("1000000", "km kms kilometre kilometres kilometer kilometers 公里 千米"),
        ("25.4", 'inch inches 英寸 寸 吋 " ″'),
        ("304.8", "ft foot feet 英尺"),
        ("914.4", "yd yard yards 码长"),
        ("1609344", "mile miles 英里"),
        ("0.001", "μm um micron microns 微米"),
        ("0.000001", "nm 纳米"),
    ],
    "m2": [
        ("1", "m2 sqm sq_m square_metre square_metres square_meter square_meters 平方米 平米"),
        ("0.0001", "cm2 平方厘米"),
        ("0.09290304", "sq_ft sqft square_foot square_feet 平方英尺"),
    ],
    "s": [
        ("1", "sec secs second seconds 秒钟 秒"),
        ("0.001", "ms millisecond milliseconds 毫秒"),
        ("60", "min mins minute minutes 分钟"),
        ("3600", "h hr hrs hour hours 个小时 小时 个钟头 钟头"),
        ("86400", "day days 天 日 昼夜"),
        ("604800", "week weeks wk wks 个星期 个礼拜 星期 礼拜 周"),
    ],
    "month": [("1", "month months mo mos 个月"), ("12", "year years yr yrs 年"), ("120", "decade decades 个世纪十年")],
    "anniversary": [("1", "周年")],
    "age": [("1", "years_old year_old year-old yrs_old 周岁 岁")],
    "W": [("1", "watt watts 瓦特 瓦"), ("1000", "kw kilowatt kilowatts 千瓦")],
    "mAh": [("1", "mah 毫安时 毫安"), ("1000", "ah 安时")],
    "Wh": [("1", "wh watt-hours"), ("1000", "kwh 千瓦时")],
    "V": [("1", "volt volts 伏特 伏")],
    "A": [("1", "amp amps ampere amperes 安培")],
    "Hz": [("1", "hz 赫兹"), ("1000", "khz"), ("1000000", "mhz 兆赫"), ("1000000000", "ghz")],
    "dB": [("1", "db dba decibel decibels 分贝")],
    "MB": [("1", "mb"), ("1024", "gb"), ("1048576", "tb"), ("0.0009765625", "kb")],
    "MP": [("1", "mp megapixel megapixels"), ("0.000001", "像素 px pixel pixels")],
    "dpi": [("1", "dpi ppi")],
    "rpm": [("1", "rpm 转/分 转每分 转")],
    "lm": [("1", "lm lumen lumens 流明")],
    "nit": [("1", "nit nits 尼特")],
    "kcal": [("1", "kcal calorie calories 千卡 大卡 卡路里 卡"), ("0.2390057361376673", "kj 千焦")],
    "IU": [("1", "iu 国际单位")],
    "bar": [("1", "bar bars 巴")],
    "psi": [("1", "psi")],
    "Pa": [("1", "pa 帕"), ("1000", "kpa 千帕")],
    "km/h": [("1", "km/h kmh kph 公里/小时 公里每小时"), ("1.609344", "mph")],
    "°C": [("1", "°c celsius degrees_celsius 摄氏度")],
    "°F": [("1", "°f fahrenheit degrees_fahrenheit 华氏度")],
    "°": [("1", "° degree degrees 度")],
    "fps": [("1", "fps 帧")],
    "g/m2": [("1", "gsm g/m2 克/平方米 克每平方米")],
    "bpm": [("1", "bpm")],
    "fold": [("1", "x_faster x_more x_stronger x_longer 倍")],
    "denier": [("1", "denier 旦尼尔 旦")],
    "mesh": [("1", "目")],
    "carat": [("1", "carat carats 克拉")],
    "hp": [("1", "hp horsepower 匹 马力")],
}
_EXACT_CASE = {"m": ("mm", "1000"), "W": ("W", "1"), "V": ("V", "1"), "A": ("A", "1"), "s": ("s", "1"), "K": ("K", "1")}
# Chinese characters that make another word out of a unit: 秒杀 is a flash sale, 米色 a colour, 天然 a property.
_NOT_BEFORE = {
    "秒": "杀变懂开回到级表",
    "天": "然猫地生使鹅空丝才",
    "米": "色饭粉其奇白兰家糊勒",
    "克": "服隆制莱",
    "升": "级温华职",
    "度": "假过身",
    "日": "常用系夜本期光历式",
    "年": "代轻货会度龄终级味前末",
    "周": "年岁边末到一二三四五六日",
    "寸": "衫步",
    "转": "发换账让",
    "卡": "片通其路包扣",
    "码": "头字",
    "帕": "子",
    "倍": "感加护",
    "目": "标的前录",
    "旦": "尼",
    "瓦": "片楞",
    "巴": "西黎士",
    "磅": "礴秤",
    "斤": "斤",
    "匹": "配马布",
    "月": "",
}


def _alias_map() -> dict[str, tuple[str, Decimal]]:
    return {
        re.sub(r"[\s_]", "", alias).lower(): (dimension, Decimal(factor))
        for dimension, rows in _TABLE.items()
        for factor, aliases in rows
        for alias in aliases.split()
    }


_ALIASES = _alias_map()


def _alternative(alias: str) -> str:
    pattern = re.escape(alias).replace("_", r"\s?")
    if alias[-1] in _NOT_BEFORE and _NOT_BEFORE[alias[-1]]:
        pattern += f"(?![{_NOT_BEFORE[alias[-1]]}])"
    return pattern


def _unit_pattern() -> str:
    written = [alias for rows in _TABLE.values() for _, aliases in rows for alias in aliases.split()]
    written.sort(key=len, reverse=True)
    latin = "|".join(_alternative(alias) for alias in written if alias[-1].isascii() and alias[-1].isalnum())
    other = "|".join(_alternative(alias) for alias in written if not (alias[-1].isascii() and alias[-1].isalnum()))
    # "5in" and "5-in bezel", but not "5 in stock" and "2-in-1"; "90s" is a decade.
    inch = r"(?:(?<=\d)|(?<=-))(?i:in)(?!-?\s?\d|-?one\b)|in(?=[.,;)]|\s?[x×]|\s(?:wide|long|tall|high|deep|screen|display)|\Z)"
    exact = r"m|(?<=\d{4})K|W(?!\+)|V|A(?!\d)|(?<![5-9]0)(?<!\d{3}0)s"
    return rf"(?:(?:(?i:{latin})|{inch}|{exact})(?![A-Za-z])|(?i:{other}))"


UNIT = _unit_pattern()
_UNIT = re.compile(UNIT)


def unit_of(written: str) -> tuple[str, Decimal]:
    """The dimension and the factor to its base unit of a unit that UNIT matched. Raises ValueError for other text."""
    if written in _EXACT_CASE:
        dimension, factor = _EXACT_CASE[written]
        return dimension, Decimal(factor)
    key = re.sub(r"\s", "", written).lower()
    if key in ("in", "in."):
        return "mm", Decimal("25.4")
    if key not in _ALIASES:
        raise ValueError(f"not a unit: {written!r}")
    return _ALIASES[key]


def starts_with_unit(text: str, position: int) -> bool:
    """Whether a unit stands at `position` of the folded `text`."""
    return _UNIT.match(text, position) is not None

"""Facts out of cells: lists of specifications in whatever notation, and units split off values."""

from __future__ import annotations

import json
import re
import unicodedata

from campaigns.feeds.vocabulary import words

UNITS = words(
    "ml cl dl l L µl mm cm dm m km µm nm micron microns mg g kg t lb lbs oz in inch inches ft feet yd W kW V mV kV mA mAh"
    " Ah Wh kWh Hz kHz MHz GHz B KB MB GB TB KiB MiB GiB TiB dB lm lx cd K °C °F % ° degree degrees rpm bar psi kPa MPa Pa"
    " N Nm J kJ kcal cal MP Mp px dpi ppi gsm GSM denier D den tex ply s sec seconds min minutes h hr hrs hour hours day"
    " days week weeks month months year years pc pcs piece pieces pair pairs pack packs sheet sheets page pages cup cups"
    " sq·ft m² cm² m³ cm³ cc"
    " 毫升 升 克 千克 公斤 斤 两 吨 毫克 微克 毫米 厘米 分米 米 千米 公里 微米 英寸 寸 英尺 尺 瓦 千瓦 伏 安 毫安 毫安时 赫兹"
    " 小时 分钟 秒 天 周 个月 月 年 件 片 个 双 套 包 瓶 盒 支 条 张 只 台 粒 袋 罐 卷 把 对 度 摄氏度 平方米 像素 万像素 千卡 大卡"
)
FOLDED_UNITS = frozenset(unit.casefold() for unit in UNITS if len(unit) > 1)
LONG_UNITS = frozenset(unit.replace("·", " ") for unit in UNITS if "·" in unit) | {
    "fl oz",
    "fl. oz",
    "fl. oz.",
    "sq ft",
}

QUANTITY = re.compile(r"([+-]?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:[.,]\d+)?))\s*([^\d\s][^\d]{0,14})")
UNIT_IN_NAME = re.compile(r"(.*\S)\s*[(（\[]\s*([^()（）\[\]]{1,15}?)\s*[)）\]]")
NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)*")

RUBY_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|=>|\bnil\b', re.DOTALL)
RUBY_ESCAPE = re.compile(r'\\(?!["\\/bfnrt]|u[0-9a-fA-F]{4})(.)', re.DOTALL)
PAIR_BREAK = re.compile(r"[;；|\n\r*]+")
PAIR = re.compile(r"\s*([^:：=#]{1,120}?)\s*[:：=#]\s*(\S.*?)\s*", re.DOTALL)

NAME_KEYS = ("key", "name", "attribute", "attribute_name", "label", "属性", "名称")
VALUE_KEYS = ("value", "attribute_value", "val", "text", "值")


def split_unit(value: str) -> tuple[str, str]:
    """Return number and unit of a clean quantity ("500 ml", "1,5 kg", "75%"); anything else whole, with no unit."""
    match = QUANTITY.fullmatch(value.strip())
    if match and is_unit(match.group(2)):
        return match.group(1), match.group(2).strip()
    return value, ""


def is_unit(text: str) -> bool:
    """Tell whether ``text`` is a unit. Single letters count only as written ("m", "L"): "5 M" is a shoe size."""
    text = unicodedata.normalize("NFC", text.strip())
    return text in UNITS or text.casefold() in FOLDED_UNITS or text.casefold() in LONG_UNITS


def split_fact(attribute: str, value: str) -> tuple[str, str, str]:
    """Return attribute, value and unit. The unit may stand in the name ("Weight (g)": 500) or by the number."""
    named = UNIT_IN_NAME.fullmatch(attribute)
    if named and is_unit(named.group(2)) and NUMBER.fullmatch(value):
        return named.group(1), value, named.group(2)
    number, unit = split_unit(value)
    return attribute, number, unit


def parse_specifications(text: str) -> list[tuple[str, str]]:
    """Read attribute–value pairs. Raises ``ValueError`` where ``text`` is none of the known notations.

    JSON (``{"Color": "Red"}``, ``[{"name": "Color", "value": "Red"}]``), the same with Ruby's ``=>`` and ``nil`` as in
    Flipkart's ``{"product_specification"=>[{"key"=>…, "value"=>…}]}``, and lines such as ``颜色：红；材质：棉``,
    ``Color: Red | Fabric: Cotton`` or ``类型#裙*材质#棉``. Nothing is evaluated. A value without a name is left out.
    """
    text = text.strip()
    if not text:
        return []
    if text[0] in "{[":
        return _pairs_of(_loads(text))
    pairs = [PAIR.fullmatch(part) for part in PAIR_BREAK.split(text) if part.strip()]
    if not pairs or any(pair is None for pair in pairs):
        raise ValueError("no notation of specifications")
    return [(pair.group(1), pair.group(2)) for pair in pairs if pair is not None]


def _loads(text: str) -> object:
    for candidate in (text, RUBY_TOKEN.sub(_ruby_token, text)):
        try:
            return json.loads(candidate, parse_int=str, parse_float=str, parse_constant=str)
        except (ValueError, RecursionError):
            continue
    raise ValueError("neither JSON nor a Ruby hash")


def _ruby_token(match: re.Match[str]) -> str:
    """Turn one token of a Ruby hash literal into JSON: the arrow, nil, and escapes that JSON does not know."""
    if match.group() == "=>":
        return ":"
    if match.group() == "nil":
        return "null"
    return RUBY_ESCAPE.sub(r"\1", match.group()).replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def _pairs_of(data: object) -> list[tuple[str, str]]:
    if isinstance(data, list):
        if data and all(isinstance(item, str) for item in data):
            return [pair for item in data for pair in parse_specifications(item)]
        return [pair for item in data for pair in _pairs_of(item)]
    if not isinstance(data, dict):
        raise ValueError("specifications are neither a list nor an object")
    name = next((data[key] for key in NAME_KEYS if key in data), None)
    value_key = next((key for key in VALUE_KEYS if key in data), None)
    if value_key is not None and len(data) <= 4:
        return [(name, scalar_text(data[value_key]))] if isinstance(name, str) and name.strip() else []
    pairs: list[tuple[str, str]] = []
    for key, value in data.items():
        if isinstance(value, list | dict) and not _is_scalar_list(value):
            pairs += _pairs_of(value)
        elif (text := scalar_text(value)) != "":
            pairs.append((str(key), text))
    return pairs


def _is_scalar_list(value: object) -> bool:
    return isinstance(value, list) and not any(isinstance(item, list | dict) for item in value)


def scalar_text(value: object) -> str:
    """Return a JSON value as text: lists joined with commas, true and false in words, null as nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(text for item in value if (text := scalar_text(item)))
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)

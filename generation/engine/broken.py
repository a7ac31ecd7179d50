"""Texts with a hole: where a number may not be written because no fact has it, a small model writes on without it. And
other nonsense of small models that can be told without the brief."""

import re
from collections.abc import Iterable

from generation.engine.config import Fact

_SIGN = re.compile(r"[£￡¥￥€$¢]")
_UNIT = re.compile(r"(?<![\w°/-])(?:cm|mm|km|kg|ml|mAh|ft|°C)(?![\w-])")
_HAN_UNIT = re.compile(
    r"(?<![\d½¼¾一二两三四五六七八九十百千万半几数每按方\s])(?<!一面)\s*(?:厘米|毫米|毫升|千克|公斤)(?!级)"
)
_CHOICE = re.compile(  # between a thing and itself: "Black or black", 棕色和棕色
    r"\b(?!again\b|more\b|over\b|on\b|year|day\b|hour|time)([a-z]{3,20}) (?:or|and) \1\b|([\u4e00-\u9fff]{2,4})[和或与]\2(?![\u4e00-\u9fff])",
    re.IGNORECASE,
)
_AMOUNT = r"\s*(?:of|约|只有|仅|才|only|about|just|up to)?\s*\d[\d.,]*(?:\s*[×x]\s*\d[\d.,]*)*\s*"
_OTHER_MEASURE = re.compile(  # "weighs 10.5 × 5.5 cm": a weight or a time said in the unit of something else
    rf"(?:\bweigh(?:s|ing)?\b|重量?){_AMOUNT}(?:(?:cm|mm|km|m|hours?|h|days?|minutes?|min|dB|mAh|W)(?![a-z])|厘米|毫米|米|小时|天|分钟|分贝)"
    rf"|(?:\b(?:battery (?:life|lasts)|standby)(?: of)?|续航|待机){_AMOUNT}(?:(?:cm|mm|kg|g|dB)(?![a-z])|厘米|毫米|千克|公斤|克|分贝)",
    re.IGNORECASE,
)
_BARE_UNIT_AFTER = re.compile(
    r"(?:\d|½|¼|¾|\b(?:per|in|the|a|an|each|one|two|three|four|five|six|ten|half)|[×x/+–-])\s*$", re.IGNORECASE
)
_STUTTER = re.compile(
    r"(?!哈)([\u4e00-\u9fff])\1\1|([\u4e00-\u9fff]{1,2})\s+\2(?![\u4e00-\u9fff])|约\s*约|(?<!\S)(\S{1,20})(?:\s\3(?!\S)){2}",
    re.IGNORECASE,
)
# a value that begins with a verb or a participle, and what neither of them can stand behind
_VALUE = re.compile(
    r"([a-z]{4,}s) (to|into|after|up|out|its|your)\b|([a-z]{3,}ed) (to|in|at|on|against|over|through|from|by|with)\b"
)
_CARRIES_NO_VERB, _CARRIES_NO_PARTICIPLE = r"\b(?:with|has|have|an?) ", r"\b(?:with|an?|of|from|for) "
_TORN = re.compile(  # what only goes with another emoji, without it: a sign of sex, a colour of skin, a joiner
    "(?<!\u200d)[\u2640\u2642]|\u200d(?![\u2600-\u27bf\U0001f000-\U0001faff])|(?<![\u261d\u26f9\u270a-\u270d\U0001f385-\U0001faf8])[\U0001f3fb-\U0001f3ff]"
)
_HOLES = (_STUTTER, _CHOICE, _HAN_UNIT, _OTHER_MEASURE, _TORN)


def is_broken(text: str, names: Iterable[str] = ()) -> bool:
    """Whether a currency sign or a unit of measure stands without its number, a word is stuttered, a thing is offered as
    the choice beside itself, a weight or time is said in another measure, or an emoji is torn apart; but for names that are written
    so."""
    for name in names:
        if name in text and is_broken(name):
            text = text.replace(name, "")
    if any(hole.search(text) for hole in _HOLES):
        return True
    signs = (match.span() for match in _SIGN.finditer(text))
    if any(not (text[end:].lstrip()[:1].isdigit() or text[:start].rstrip()[-1:].isdigit()) for start, end in signs):
        return True
    return any(
        not _BARE_UNIT_AFTER.search(text[max(0, match.start() - 8) : match.start()]) for match in _UNIT.finditer(text)
    )


def pastes(text: str, facts: Iterable[Fact]) -> bool:
    """Whether the value of a fact that begins with a verb stands where only a thing can: "with darkens to chestnut", "a
    shielded against reading"."""
    for fact in facts:
        for verb, to, participle, by in _VALUE.findall(fact.value[:200]):
            pasted = f"{_CARRIES_NO_VERB}{verb} {to}" if verb else f"{_CARRIES_NO_PARTICIPLE}{participle} {by}"
            if re.search(rf"{pasted}\b", text):
                return True
    return False

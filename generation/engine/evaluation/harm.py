"""Stereotypes and harm in a text, by lists of patterns that the project wrote itself (`data/harm_en.txt`, `harm_zh.txt`).

The same text always has the same flags, so that versions can be compared and a person can see why. Lists find what is said
openly, not what is meant: a text without flags may still hurt, and people review it. Looked for after folding, so that
case, width, invisible characters, accents, letters set apart ("k.i.l.l", "赌*博") and digits for letters hide nothing.
"""

import re
import unicodedata
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path

from generation.engine.config import Language

_DATA = Path(__file__).parent / "data"
_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_MARKS = r"*·.\-_~|+^/\\"
_BETWEEN_HAN = re.compile(rf"(?<=[{_HAN}])[{_MARKS}]{{1,3}}(?=[{_HAN}])")
_LONE_HAN = re.compile(rf"(?<![{_HAN}])[{_HAN}](?:\s{{1,2}}[{_HAN}](?![{_HAN}]))+")
_LONE_LETTERS = re.compile(rf"(?<![a-z0-9])[a-z](?:[\s{_MARKS}]{{1,3}}[a-z](?![a-z0-9])){{2,}}")
_IN_WORD = re.compile(r"(?<=[a-z])[013457@$](?=[a-z])")
_AS_LETTER = {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s"}
_SECTION = re.compile(r"\[([a-z_]+)\]")
_GAP = {
    Language.EN: r"[^a-z0-9]+(?:[a-z0-9']+[^a-z0-9]+){0,3}?",
    Language.ZH_HANS: r"[^。！？；!?;]{0,6}?",
}


class Flag(StrEnum):
    """What a text is flagged for. In the lists, every flag has its section."""

    STEREOTYPE_GENDER = "stereotype_gender"
    STEREOTYPE_ORIGIN = "stereotype_origin"
    STEREOTYPE_AGE = "stereotype_age"
    STEREOTYPE_BODY = "stereotype_body"
    STEREOTYPE_DISABILITY = "stereotype_disability"
    HATE = "hate"
    VIOLENCE = "violence"
    SELF_HARM = "self_harm"
    DRUGS = "drugs"
    GAMBLING = "gambling"
    ADULT = "adult"
    PROFANITY = "profanity"


def flags(text: str, language: Language | str) -> tuple[str, ...]:
    """The flags of the text, in the order of `Flag`, each once.

    Chinese text is held against both lists, because its brand lines hold English; English text against the English one.
    Raises `ValueError` for a language that there is no list for.
    """
    lists = [Language.EN, Language.ZH_HANS] if Language(language) is Language.ZH_HANS else [Language.EN]
    readings = _readings(text)
    patterns = [patterns_of(one) for one in lists]
    return tuple(
        flag.value for flag in Flag if any(one[flag].search(reading) for one in patterns for reading in readings)
    )


def _readings(text: str) -> tuple[str, ...]:
    """The folded text, and where it differs, the text with what stands between single letters taken out."""
    plain = (
        unicodedata.normalize("NFKD", text).casefold().translate({0x2018: "'", 0x2019: "'", 0x2010: "-", 0x2011: "-"})
    )
    folded = "".join(
        character
        for character in plain
        if unicodedata.category(character) not in {"Cf", "Mn", "Cc"} or character in "\n\t"
    )
    joined = _LONE_HAN.sub(_letters, _BETWEEN_HAN.sub("", folded))
    joined = _IN_WORD.sub(lambda match: _AS_LETTER[match[0]], _LONE_LETTERS.sub(_letters, joined))
    return (folded,) if joined == folded else (folded, joined)


def _letters(match: re.Match[str]) -> str:
    return "".join(character for character in match[0] if character.isalnum())


@cache
def patterns_of(language: Language) -> dict[Flag, re.Pattern[str]]:
    """For every flag one pattern that finds all lines of its section. Raises `ValueError`, with the file and the line, for
    a list that names another flag, misses one or holds no valid expression."""
    name = f"harm_{'en' if language is Language.EN else 'zh'}.txt"
    sections: dict[Flag, list[str]] = {}
    for number, flag, line in _lines(_DATA / name):
        try:
            sections.setdefault(Flag(flag), []).append(re.compile(_expanded(line, language)).pattern)
        except (re.error, ValueError) as error:
            raise ValueError(f"{name}, line {number}: {error}") from error
    if missing := [flag.value for flag in Flag if flag not in sections]:
        raise ValueError(f"{name} has nothing for {', '.join(missing)}")
    around = (r"(?<![a-z0-9])(?:", r")(?![a-z0-9])") if language is Language.EN else ("(?:", ")")
    return {flag: re.compile("|".join(lines).join(around)) for flag, lines in sections.items()}


def _lines(path: Path) -> Iterator[tuple[int, str, str]]:
    section = ""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if match := _SECTION.fullmatch(line.strip()):
            section = match[1]
        elif line.strip() and not line.startswith("#"):
            yield number, section, line.strip()


def _expanded(line: str, language: Language) -> str:
    before, *after = line.split("...")
    if language is Language.EN:
        before, *after = (part.strip().replace(" ", r"[\s\-]+") for part in (before, *after))
    return _GAP[language].join((before, *after))

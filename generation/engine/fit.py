"""Shorten a text that is over its limit to the longest beginning that reads as a whole."""

import re

from generation.engine.config import Language
from generation.engine.measure import measure

_LEAST = 0.5  # of the limit; a shorter sentence gives way to a longer clause
_CLOSING = "[\"'”’」』)）】]*"
_SENTENCE_END = re.compile(rf"(?:[!?…]|\.(?!\d))+{_CLOSING}(?=\s|$|[^\x00-\x7f])|[。！？]+{_CLOSING}")
_CLAUSE_END = re.compile(r"[，；：]|——?|[,;:](?=\s|$|[^\x00-\x7f])|(?<=\s)[–-](?=\s)")
_CLAUSE_LAST = frozenset("%％\"'”’」』)）】")  # what may stand before the mark, beside letters and digits
_ABBREVIATION = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|St|No|vs|approx|incl|e\.g|i\.e|[A-Z])\.$")
_UNIT = re.compile(r"\d ?(?:oz|in|ft|lbs?|yd|qt|gal|hrs?|min|sec|max|dia)\.$", re.IGNORECASE)
_STOPS = {Language.EN: ".", Language.ZH_HANS: "。"}


def fit(text: str, limit: int, unit: str, language: Language | str) -> str:
    """The longest beginning of `text` within `limit` of `unit` (one of `measure.UNITS`) that does not break off.

    A text that fits comes back as it is. Otherwise it ends with a sentence if that leaves at least half of the limit,
    else at a clause: the mark there becomes a full stop where the text ends with one or has one, and is dropped in
    text without any. Empty where neither is within the limit. Raises `ValueError` for a limit below 1 and an unknown
    unit or language.
    """
    if limit < 1:
        raise ValueError(f"a limit is at least 1, not {limit}")
    stop, whole = _STOPS[Language(language)], text.strip()
    if measure(whole, unit) <= limit:
        return whole
    sentence = _last(beginnings(whole), limit, unit)
    if sentence and (measure(sentence, unit) >= _LEAST * limit or unit == "sms"):
        return sentence
    ending = stop if beginnings(whole) else ""
    return _last(_clauses(whole, ending), limit, unit)


def beginnings(text: str) -> list[str]:
    """Every beginning that ends with a sentence, the shortest first."""
    found = [text[: match.end()] for match in _SENTENCE_END.finditer(text)]
    return [one for one in found if not _ABBREVIATION.search(one) and not _goes_on(text, one) and _is_whole(one)]


def _goes_on(text: str, beginning: str) -> bool:
    """Whether the stop is that of a unit within a sentence: "Holds 12 oz. and more"."""
    return text[len(beginning) :].lstrip()[:1].islower() and _UNIT.search(beginning) is not None


def _clauses(text: str, ending: str) -> list[str]:
    """Every beginning that ends with a clause, its mark replaced by `ending`, the shortest first."""
    found = [text[: match.start()].rstrip() for match in _CLAUSE_END.finditer(text)]
    found = [one for one in found if one and (one[-1].isalnum() or one[-1] in _CLAUSE_LAST)]
    return [f"{one}{ending}" for one in found if _is_whole(one)]


def _is_whole(text: str) -> bool:
    """Whether every bracket and quotation that opens also closes."""
    pairs = (("“", "”"), ("「", "」"), ("『", "』"), ("（", "）"), ("(", ")"), ("【", "】"), ("《", "》"))
    return all(text.count(opening) == text.count(closing) for opening, closing in pairs) and text.count('"') % 2 == 0


def _last(texts: list[str], limit: int, unit: str) -> str:
    """The longest one within the limit; empty without any."""
    return next((one for one in reversed(texts) if measure(one, unit) <= limit), "")

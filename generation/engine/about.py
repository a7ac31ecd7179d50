"""What a prompt quotes of a description: the sentences that tell most about the product, as many as there is room for.

A shop's description begins with a mood and comes to the product later; a prompt has room for a sentence or two. Counted are
content words, against words that speak to the reader or of the shop.
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from generation.engine.evaluation.coverage import content_words
from generation.engine.language import script_of
from generation.engine.prompt_data import clean_data

MOST_ABOUT = 160  # characters that a prompt has room for
_MOST_READ, _MOST_SENTENCES = 2000, 16  # characters read, sentences
_SENTENCE = re.compile(r"[\u4e00-\u9fff]{2}|.{4}")  # the least of one: 纯棉, Soft
_BREAK = re.compile(r"(?<=[.!?])\s|(?<=[。！？])|[\r\n]|\s[•·]\s")
_BULLET = re.compile(r"^[-*•·]\s+")
_ABBREVIATION = re.compile(r"\b(?:approx|incl|excl|e\.g|i\.e|vs|No|St|Dr|Mr|Mrs|Ms)\.$")
_STOPS = ("。", "！", "？", ".", "!", "?")
_ADDRESS = re.compile(
    r"\b(?:you|your|you['’]re|we|our|us|who|when|was|that['’]s|there['’]s|it['’]s|let['’]s)\b|你|您|我们|咱",
    re.IGNORECASE,
)
_ADDRESS_COSTS, _QUESTION_COSTS = 2.0, 1.5  # content words; deviations of a sentence among those of its description


def sentences(description: str) -> tuple[str, ...]:
    """The different sentences of a description, in order; its lines and bullets count as sentences too."""
    found: list[str] = []
    for part in _BREAK.split(description[:_MOST_READ]):
        sentence = clean_data(_BULLET.sub("", part.strip()), _MOST_READ)
        if found and _ABBREVIATION.search(found[-1]):
            found[-1] = f"{found[-1]} {sentence}".strip()
        else:
            found.append(sentence)
    return tuple(dict.fromkeys(one for one in found if _SENTENCE.search(one)))[:_MOST_SENTENCES]


def informative(found: Sequence[str]) -> NDArray[np.float32]:
    """How much each sentence tells of the product, [n], as deviations from the mean of them."""
    told = np.array([len(content_words(one)) - _ADDRESS_COSTS * len(_ADDRESS.findall(one)) for one in found])
    calls = np.array([one.endswith(("?", "!", "？", "！")) for one in found])
    return np.asarray(standing_out(told) - _QUESTION_COSTS * calls, dtype=np.float32)


def standing_out(figures: NDArray[np.floating]) -> NDArray[np.float32]:
    """Deviations from the mean in standard deviations, down each column."""
    return np.asarray((figures - figures.mean(axis=0)) / (figures.std(axis=0) + 1e-6), dtype=np.float32)


def quoted(ordered: Sequence[str], most: int = MOST_ABOUT) -> str:
    """Of sentences in the order of their worth as many whole ones as fit into `most` characters, the last with its stop;
    the beginning of the first where none fits."""
    text = ""
    for sentence in ordered:
        longer = _after(text, sentence)
        if len(longer) <= most:
            text = longer
    return text or clean_data(ordered[0], most) if ordered else ""


def whole(description: str, most: int = MOST_ABOUT) -> str:
    """The description on one line, where it fits into `most` characters, else nothing."""
    text = clean_data(description, 4 * most)
    return _ended(text) if text and len(_ended(text)) <= most else ""


def _after(text: str, sentence: str) -> str:
    """Sentences one after the other; Chinese goes on without a space."""
    return _ended(sentence) if not text else f"{text}{'' if text[-1] in '。！？' else ' '}{_ended(sentence)}"


def _ended(sentence: str) -> str:
    if sentence.endswith(_STOPS):
        return sentence
    return f"{sentence}{'。' if script_of(sentence[-1]) == 'han' else '.'}"

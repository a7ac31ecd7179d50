"""What a prompt quotes of a description: the sentences that tell most about the product, as many as there is room for.

A shop's description begins with a mood and comes to the product later; a prompt has room for a sentence or two. Counted are
content words, against words that speak to the reader or of the shop.
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from generation.engine.evaluation.coverage import content_words
from generation.engine.prompt_data import clean_data

MOST_ABOUT = 160  # characters that a prompt has room for
_MOST_READ, _MOST_SENTENCES, _LEAST = 2000, 16, 6  # characters read, sentences, characters of one
_END = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])|\s*[\r\n]+\s*|\s+[•·*]\s+")
_STOPS = ("。", "！", "？", ".", "!", "?")
_ADDRESS = re.compile(
    r"\b(?:you|your|you're|we|our|us|who|when|was|that's|there's|it's|let's)\b|你|您|我们|咱", re.IGNORECASE
)
_ADDRESS_COSTS, _QUESTION_COSTS = 2.0, 1.5  # content words; deviations of a sentence among those of its description


def sentences(description: str) -> tuple[str, ...]:
    """The different sentences of a description, in order; its lines and bullets count as sentences too."""
    parts = (clean_data(part.strip(" \t•·*-"), MOST_ABOUT) for part in _END.split(description[:_MOST_READ]))
    return tuple(dict.fromkeys(part for part in parts if len(part) >= _LEAST))[:_MOST_SENTENCES]


def informative(found: Sequence[str]) -> NDArray[np.float32]:
    """How much each sentence tells of the product, [n], as deviations from the mean of them."""
    told = np.array([len(content_words(one)) - _ADDRESS_COSTS * len(_ADDRESS.findall(one)) for one in found])
    calls = np.array([one.endswith(("?", "!", "？", "！")) for one in found])
    return np.asarray(standing_out(told) - _QUESTION_COSTS * calls, dtype=np.float32)


def standing_out(figures: NDArray[np.floating]) -> NDArray[np.float32]:
    """Deviations from the mean in standard deviations, down each column."""
    return np.asarray((figures - figures.mean(axis=0)) / (figures.std(axis=0) + 1e-6), dtype=np.float32)


def quoted(ordered: Sequence[str], most: int = MOST_ABOUT) -> str:
    """Of sentences in the order of their worth as many whole ones as fit into `most` characters."""
    text = ""
    for sentence in ordered:
        longer = _after(text, sentence)
        if len(longer) <= most:
            text = longer
    return text


def _after(text: str, sentence: str) -> str:
    if not text:
        return sentence
    if text.endswith(("。", "！", "？")):
        return f"{text}{sentence}"
    return f"{text} {sentence}" if text.endswith(_STOPS) else f"{text}. {sentence}"

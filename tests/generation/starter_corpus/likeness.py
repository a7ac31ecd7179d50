"""Texts that are too much like another: the same words in a row, a filled-in template, a near copy, a look-alike sister."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from generation.engine.encoder import Encoder, near_pairs
from generation.starter.examples import Example

SHINGLE = 12  # words, numbers or Chinese characters in a row that no two texts share
NEAR = 0.97  # cosine from which two texts are one; with a word or two changed, half of the copies lie above 0.99
# Only texts that share this part of their words with another are encoded: one in ten, or it would take minutes. When all
# that share a quarter were encoded, the pairs from 0.97 shared 44 % and more.
SHARED = 0.4
# Sisters, two texts on one product for two segments: when there were 435 pairs, they shared 10 % of their words in the middle
# and 31 % at most; their cosine was 0.87 in the middle and 0.947 at most. Those that share less than SISTERS_READ are not
# encoded: of 1,397 pairs 240 are.
SISTERS_SHARED, SISTERS_NEAR, SISTERS_READ = 1 / 3, 0.955, 0.25

_UNIT_OF_TEXT = re.compile(r"[a-z]+(?:['’-][a-z]+)*|\d+(?:[.,]\d+)*|[\u3400-\u9fff]", re.IGNORECASE)
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")


def units_of(text: str) -> list[str]:
    """Words, numbers and Chinese characters, in order, without case."""
    return _UNIT_OF_TEXT.findall(text.casefold())


def shared_shingles(examples: Iterable[Example]) -> Iterator[str]:
    """Pairs of texts that share `SHINGLE` units in a row."""
    seen: dict[tuple[str, ...], str] = {}
    for example in examples:
        units = units_of(example.text)
        for shingle in {tuple(units[i : i + SHINGLE]) for i in range(len(units) - SHINGLE + 1)}:
            other = seen.setdefault(shingle, example.id)
            if other != example.id:
                yield f"{example.id} and {other} share: {' '.join(shingle)}"
                break


def masked(example: Example) -> str:
    """The text with its product's name, brand, fact values and numbers blanked: what a filled-in template would share."""
    text = example.text.casefold()
    names = [example.brief.product_title, example.brief.brand_name, *(fact.value for fact in example.brief.facts)]
    names += [word for word in example.brief.product_title.split() if len(word) > 2]
    for name in sorted(filter(None, names), key=len, reverse=True):
        text = text.replace(name.casefold(), "#")
    return " ".join(re.findall(r"[^\W\d_]+|#", _NUMBER.sub("#", text)))


def filled_templates(examples: Iterable[Example]) -> Iterator[str]:
    """Texts that equal another once names, numbers and values are masked."""
    seen: dict[str, str] = {}
    for example in examples:
        other = seen.setdefault(masked(example), example.id)
        if other != example.id:
            yield f"{example.id} is {other} with other names or numbers: {example.text}"


def closest(examples: Sequence[Example], encoder: Encoder, above: float = 0.93) -> list[tuple[float, Example, Example]]:
    """Pairs with a cosine from `above`, the closest first, among the texts that share `SHARED` of their words."""
    shares = shared_words(examples)
    alike = [example for example, row in zip(examples, shares, strict=True) if row.max(initial=0) >= SHARED]
    found = near_pairs(encoder.encode([example.text for example in alike]), above)
    return sorted(((cosine, alike[i], alike[j]) for i, j, cosine in found), key=lambda pair: -pair[0])


def near_copies(pairs: Iterable[tuple[float, Example, Example]]) -> Iterator[str]:
    """Those of the `closest` pairs that are one text."""
    for cosine, one, other in pairs:
        if cosine >= NEAR:
            yield f"{one.id} and {other.id} are nearly one text ({cosine:.3f}): {one.text} | {other.text}"


def shared_words(examples: Sequence[Example]) -> NDArray[np.float32]:
    """[N, N]: of the different units in two texts, the part that both have (Jaccard); 0 for a text and itself."""
    numbers: dict[str, int] = {}
    rows = [[numbers.setdefault(unit, len(numbers)) for unit in set(units_of(example.text))] for example in examples]
    table = np.zeros((len(examples), len(numbers)), np.float32)
    for row, units in zip(table, rows, strict=True):
        row[units] = 1
    both = table @ table.T
    count = table.sum(axis=1)
    shares: NDArray[np.float32] = both / np.maximum(count[:, None] + count[None, :] - both, 1)
    np.fill_diagonal(shares, 0)
    return shares


def sisters(examples: Iterable[Example]) -> Iterator[tuple[Example, Example]]:
    """Pairs of texts on the same product, channel and language for two segments, with another lead."""
    groups: dict[tuple[str, str, str], list[Example]] = defaultdict(list)
    for example in examples:
        groups[example.product, example.brief.channel.key, example.brief.language].append(example)
    for group in groups.values():
        for one, other in combinations(group, 2):
            if one.segment != other.segment and one.uses[0] != other.uses[0]:
                yield one, other


def paired(examples: Iterable[Example]) -> set[str]:
    """The ids of texts that have a sister."""
    return {example.id for pair in sisters(examples) for example in pair}


def alike_sisters(examples: Iterable[Example], encoder: Encoder) -> Iterator[str]:
    """Sisters of which a reader would say that they are one text."""
    read: list[tuple[Example, Example]] = []
    for one, other in sisters(examples):
        share = float(shared_words([one, other])[0, 1])
        if share > SISTERS_SHARED:
            yield f"{one.id} and {other.id} share {share:.0%} of their words: {one.text} | {other.text}"
        elif share >= SISTERS_READ:
            read.append((one, other))
    vectors = encoder.encode([example.text for pair in read for example in pair])
    for number, (one, other) in enumerate(read):
        cosine = float(vectors[2 * number] @ vectors[2 * number + 1])
        if cosine >= SISTERS_NEAR:
            yield f"{one.id} and {other.id} say the same ({cosine:.3f}): {one.text} | {other.text}"

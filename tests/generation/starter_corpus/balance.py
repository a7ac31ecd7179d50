"""Whether the corpus as a whole holds enough of everything, and whether its test side can measure anything."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence

from generation.engine.config import Language
from generation.starter.examples import Example
from tests.generation.starter_corpus.corpus import channels
from tests.generation.starter_corpus.likeness import paired
from tests.generation.starter_corpus.single import PURPOSES, TONES

EXAMPLES, PRODUCTS = 2000, 250
CHINESE = (0.45, 0.55)  # of all texts; of each category and of the test side within 10 points more
PAIRED = 0.2
MUST, NEVER = 0.3, 0.2
TEST = (0.08, 0.16)
CATEGORY = 100  # texts in each category
CHANNEL_TEXTS = 10  # in each channel that the studio has

# name: (least number of different ones, least share of each of so many in the texts of each language, how to read it)
KINDS: dict[str, tuple[int, float, Callable[[Example], str]]] = {
    "categories": (14, 0.025, lambda example: example.category),
    "channels": (12, 0.02, lambda example: example.brief.channel.key),
    "segments": (16, 0.03, lambda example: example.segment),
    "tones": (len(TONES), 0.06, lambda example: example.tone),
    "purposes": (len(PURPOSES), 0.06, lambda example: example.purpose),
}


def shortfalls(examples: Sequence[Example]) -> Iterator[str]:
    """Everything that the corpus has too little of, in words."""
    if len(examples) < EXAMPLES:
        yield f"{len(examples)} examples of {EXAMPLES}"
    yield from _languages(examples)
    yield from _kinds(examples)
    yield from _products(examples)
    yield from _shares(examples)
    yield from _sides(examples)


def share(part: Sequence[object] | set[str], whole: Sequence[object]) -> float:
    return len(part) / max(1, len(whole))


def _chinese(examples: Sequence[Example]) -> float:
    return share([example for example in examples if example.brief.language is Language.ZH_HANS], examples)


def _languages(examples: Sequence[Example]) -> Iterator[str]:
    low, high = CHINESE
    if not low <= _chinese(examples) <= high:
        yield f"{_chinese(examples):.0%} of the texts are Chinese"
    for category, own in _by(examples, lambda example: example.category).items():
        if not low - 0.1 <= _chinese(own) <= high + 0.1:
            yield f"{_chinese(own):.0%} of the texts in {category} are Chinese"
        if len(own) < CATEGORY:
            yield f"{len(own)} texts in {category}, of {CATEGORY}"


def _kinds(examples: Sequence[Example]) -> Iterator[str]:
    for language, own in _by(examples, lambda example: example.brief.language.value).items():
        for name, (least, part, key) in KINDS.items():
            common = [kind for kind, count in Counter(map(key, own)).items() if count >= part * len(own)]
            if len(common) < least:
                yield f"{len(common)} {name} of {least} have {part:.0%} of the {language} texts"
    used = Counter(example.brief.channel.key for example in examples)
    for channel in sorted({key.partition("/")[0] for key in channels()}):
        if used[channel] < CHANNEL_TEXTS:
            yield f"{used[channel]} texts for channel {channel}, of {CHANNEL_TEXTS}"


def _products(examples: Sequence[Example]) -> Iterator[str]:
    """Different products have different names and different facts, in either language."""
    products = {example.product for example in examples}
    if len(products) < PRODUCTS:
        yield f"{len(products)} products of {PRODUCTS}"
    for language, own in _by(examples, lambda example: example.brief.language.value).items():
        named: dict[object, str] = {}
        for example in {example.product: example for example in own}.values():
            facts = [fact for fact, theme in zip(example.brief.facts, example.themes, strict=True) if theme != "price"]
            for what, key in (("name", example.brief.product_title.casefold()), ("facts", tuple(facts))):
                if (other := named.setdefault(key, example.product)) != example.product:
                    yield f"{example.product} has the {what} of {other} ({language})"


def _shares(examples: Sequence[Example]) -> Iterator[str]:
    for name, part, least in (
        ("have a sister", paired(examples), PAIRED),
        ("have must words", [example for example in examples if example.brief.must_words], MUST),
        ("have never words", [example for example in examples if example.brief.never_words], NEVER),
    ):
        if share(part, examples) < least:
            yield f"{share(part, examples):.0%} of the texts {name}, of {least:.0%}"


def _sides(examples: Sequence[Example]) -> Iterator[str]:
    """By product, so that nothing in the test side was learned; every category, purpose and language in both sides."""
    test = [example for example in examples if example.is_test]
    train = [example for example in examples if not example.is_test]
    low, high = TEST
    if not low <= share(test, examples) <= high:
        yield f"{share(test, examples):.1%} of the texts are for testing"
    for product in sorted({example.product for example in test} & {example.product for example in train}):
        yield f"{product} is in both sides"
    if not CHINESE[0] - 0.1 <= _chinese(test) <= CHINESE[1] + 0.1:
        yield f"{_chinese(test):.0%} of the texts for testing are Chinese"
    for name in ("categories", "purposes", "tones", "segments"):
        key = KINDS[name][2]
        for kind in sorted({*map(key, test)} ^ {*map(key, train)}):
            yield f"{kind} is in one side only"


def _by(examples: Sequence[Example], key: Callable[[Example], str]) -> dict[str, list[Example]]:
    groups: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        groups[key(example)].append(example)
    return groups

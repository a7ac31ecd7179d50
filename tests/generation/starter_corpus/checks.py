"""What every text of the starter corpus must hold to. Run as a program to check the categories that are being written:

python -m tests.generation.starter_corpus.checks garden kitchen
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from campaigns.rules import limits, wording
from campaigns.rules.evidence import SupportedValue
from campaigns.rules.grounding import unsupported
from generation.engine.config import ChannelView, Language
from generation.engine.language import script_of
from generation.starter.examples import CORPUS, Example, read_corpus

CHANNELS_FILE = Path(__file__).resolve().parents[3] / "campaigns" / "data" / "channels.json"
PURPOSES = ("promotion", "recommendation", "limited_time", "care", "brand", "service_answer", "ad")
TONES = ("plain", "calm", "warm", "caring", "professional", "elegant", "confident", "casual", "playful", "lively")
SHINGLE = 12  # words, numbers or Chinese characters in a row that no two texts share
LEAST_LENGTH = {"headline": (10, 5), "body": (25, 12)}  # characters, English and Chinese

# Absolute and medical words that advertising law or platform rules keep out of copy (China: Advertising Law art. 9, 17).
_LAW_ZH = (
    "最好|最佳|最强|最大|最新|最高|最低|最先进|最优|最便宜|最美|最受欢迎|第一品牌|全网第一|销量第一|行业第一|国家级|世界级|"
    "宇宙级|顶级|顶尖|极致|极品|极佳|绝佳|绝无仅有|独一无二|史无前例|前所未有|空前|绝后|唯一|首选|首个|独家|万能|永久|永不|"
    "百分之百|100%|零风险|零添加|无敌|完美|王者|冠军|之王|遥遥领先|领导品牌|驰名|特供|专供|治疗|治愈|疗效|药用|根治|抗癌|防癌|"
    "消炎|抗炎|杀菌|减肥|瘦身|排毒|祛斑|美白|壮阳|降血压|降血糖|助眠|失眠|包退包换|稳赚|秒杀|抢疯|仅此一次|错过不再|最后一天"
)
_LAW_EN = (
    "best|greatest|number one|no\\. ?1|#1|world[- ]class|world's|ultimate|unbeatable|unrivalled|unrivaled|perfect|perfectly|"
    "guaranteed?|miracle|cures?|heals?|treats?|detox|clinically|100 ?%|forever|never again|risk-free|only one|lowest price|"
    "cheapest|revolutionary|game[- ]chang\\w+|must-have|act now|last chance|anti-ag(?:e|ing)|chemical-free|non-toxic"
)
_LAW = re.compile(rf"{_LAW_ZH}|(?<![\w-])(?:{_LAW_EN})(?!\w)", re.IGNORECASE)
_UNIT_OF_TEXT = re.compile(r"[a-z]+(?:['’-][a-z]+)*|\d+(?:[.,]\d+)*|[\u3400-\u9fff]", re.IGNORECASE)
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")


def channels() -> dict[str, ChannelView]:
    """Every channel in both languages, its limit the recommended length where it has one, else what the platform takes."""
    found = {}
    for one in json.loads(CHANNELS_FILE.read_text(encoding="utf-8")):
        limit = one["soft_limit"] or one["hard_limit"]
        for language, name in ((Language.EN, one["name_en"]), (Language.ZH_HANS, one["name_zh"])):
            found[f"{one['key']}/{language}"] = ChannelView(one["key"], name, one["unit"], limit)
    return found


def problems(example: Example) -> Iterator[str]:
    """What is wrong with one example by itself."""
    brief, text = example.brief, example.text
    if text != text.strip() or "\n" in text or "  " in text:
        yield "white space at an end, doubled, or a line break"
    if brief.channel.limit and (measured := limits.measure(text, brief.channel.unit)) > brief.channel.limit:
        yield f"too long: {measured} of {brief.channel.limit} {brief.channel.unit}"
    yield from _language(example)
    yield from _words(example)
    yield from _facts(example)
    if example.purpose not in PURPOSES:
        yield f"purpose {example.purpose} is none of {', '.join(PURPOSES)}"
    if example.tone not in TONES:
        yield f"tone {example.tone} is none of {', '.join(TONES)}"
    if (example.purpose == "service_answer") != (brief.channel.key == "service_answer"):
        yield "purpose and channel service_answer belong together"
    if example.purpose == "service_answer" and not brief.instructions:
        yield "a service answer needs the shopper's question as note"


def _language(example: Example) -> Iterator[str]:
    scripts = Counter(script_of(character) for character in example.text if character.isalpha())
    if example.brief.language is Language.EN and scripts["han"]:
        yield "Chinese characters in an English text"
    if example.brief.language is Language.ZH_HANS and scripts["han"] < 4:
        yield "hardly any Chinese in a Chinese text"
    if example.brief.language is Language.ZH_HANS and re.search(r"(?<=[\u3400-\u9fff])[,!?;:]", example.text):
        yield "half-width punctuation after a Chinese character"


def _words(example: Example) -> Iterator[str]:
    brief, text = example.brief, example.text
    for finding in wording.missing_must_words(text, brief.must_words):
        yield f"must word missing: {finding.params['word']}"
    for finding in wording.present_never_words(text, brief.never_words):
        yield f"never word present: {finding.params['word']}"
    for match in _LAW.finditer(text):
        yield f"advertising-law term: {match.group()}"


def _facts(example: Example) -> Iterator[str]:
    brief, text = example.brief, example.text
    facts = [SupportedValue(fact.attribute, fact.value, fact.unit) for fact in brief.facts]
    known = (brief.product_title, brief.brand_name, brief.instructions)
    for finding in unsupported(text, facts, allowed_texts=known):
        yield f"no fact supports: {finding.excerpt}"
    start = text.find(example.lead)
    if start < 0 or not example.lead:
        yield f"the lead wording does not stand in the text: {example.lead!r}"
    elif start > 0.6 * len(text):
        yield "the lead stands in the last part of the text"
    theme = example.themes[example.uses[0]]
    cared = _cared_for(example)
    if theme not in cared:
        yield f"leads with {theme}, but {example.segment} cares about {', '.join(sorted(cared))}"


def _cared_for(example: Example) -> set[str]:
    return _themes()[example.segment]


def _themes() -> dict[str, set[str]]:
    lines = (CORPUS / "segments.jsonl").read_text(encoding="utf-8").splitlines()
    return {line["key"]: {one["theme"] for one in line["interests"]} for line in map(json.loads, lines)}


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


def paired(examples: Sequence[Example]) -> set[str]:
    """The ids of texts that have a sister: same product, channel and language, another segment, a different lead."""
    groups: dict[tuple[str, str, str], list[Example]] = defaultdict(list)
    for example in examples:
        groups[example.product, example.brief.channel.key, example.brief.language].append(example)
    return {
        example.id
        for group in groups.values()
        for example in group
        if any(other.segment != example.segment and other.uses[0] != example.uses[0] for other in group)
    }


def main(categories: list[str]) -> int:
    examples = read_corpus(channels())
    mine = [example for example in examples if not categories or example.category in categories]
    found = [f"{example.id}: {problem}" for example in mine for problem in problems(example)]
    for line in (*shared_shingles(examples), *filled_templates(examples)):
        if any(line.startswith(f"{category}/") for category in categories) or not categories:
            found.append(line)
    for line in found:
        print(line)
    print(f"{len(mine)} texts, {len(found)} problems, {len(paired(mine))} in pairs")
    for name, values in (
        ("language", [example.brief.language for example in mine]),
        ("purpose", [example.purpose for example in mine]),
        ("tone", [example.tone for example in mine]),
        ("channel", [example.brief.channel.key for example in mine]),
        ("segment", [example.segment for example in mine]),
        ("with must/never", [f"{bool(e.brief.must_words)}/{bool(e.brief.never_words)}" for e in mine]),
    ):
        print(name, dict(Counter(values).most_common()))
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

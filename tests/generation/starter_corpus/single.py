"""What is wrong with one example by itself."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from campaigns.rules import limits, wording
from campaigns.rules.evidence import SupportedValue
from campaigns.rules.grounding import unsupported
from generation.engine.config import Language
from generation.engine.language import script_of
from generation.starter.examples import Example
from tests.generation.starter_corpus.corpus import themes

PURPOSES = ("promotion", "recommendation", "limited_time", "care", "brand", "service_answer", "ad")
TONES = ("plain", "calm", "warm", "caring", "professional", "elegant", "confident", "casual", "playful", "lively")
LEAST_LENGTH = {Language.EN: 15, Language.ZH_HANS: 8}  # characters
LEAD_WITHIN = 0.6  # of the text

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
LAW = re.compile(rf"{_LAW_ZH}|(?<![\w-])(?:{_LAW_EN})(?!\w)", re.IGNORECASE)


def problems(example: Example) -> Iterator[str]:
    """Every fault of one example, in words."""
    brief, text = example.brief, example.text
    if text != text.strip() or "\n" in text or "  " in text:
        yield "white space at an end, doubled, or a line break"
    if brief.channel.limit and (measured := limits.measure(text, brief.channel.unit)) > brief.channel.limit:
        yield f"too long: {measured} of {brief.channel.limit} {brief.channel.unit}"
    if len(text) < LEAST_LENGTH[brief.language]:
        yield f"hardly a text: {len(text)} characters"
    yield from _language(example)
    yield from _words(example)
    yield from _facts(example)
    yield from _lead(example)
    yield from _labels(example)


def _labels(example: Example) -> Iterator[str]:
    if example.purpose not in PURPOSES:
        yield f"purpose {example.purpose} is none of {', '.join(PURPOSES)}"
    if example.tone not in TONES:
        yield f"tone {example.tone} is none of {', '.join(TONES)}"
    if (example.purpose == "service_answer") != (example.brief.channel.key == "service_answer"):
        yield "purpose and channel service_answer belong together"
    if example.purpose == "service_answer" and not example.brief.instructions:
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
    for match in LAW.finditer(text):
        yield f"advertising-law term: {match.group()}"


def _facts(example: Example) -> Iterator[str]:
    brief = example.brief
    facts = [SupportedValue(fact.attribute, fact.value, fact.unit) for fact in brief.facts]
    known = (brief.product_title, brief.product_description, brief.brand_name, brief.instructions)
    for finding in unsupported(example.text, facts, allowed_texts=known):
        yield f"no fact supports: {finding.excerpt}"
    if len(set(example.uses)) < len(example.uses):
        yield "a fact is used twice"


def _lead(example: Example) -> Iterator[str]:
    start = example.text.find(example.lead)
    if start < 0 or not example.lead:
        yield f"the lead wording does not stand in the text: {example.lead!r}"
    elif start > LEAD_WITHIN * len(example.text):
        yield "the lead stands in the last part of the text"
    theme, cared = example.themes[example.uses[0]], themes()[example.segment]
    if theme not in cared:
        yield f"leads with {theme}, but {example.segment} cares about {', '.join(sorted(cared))}"

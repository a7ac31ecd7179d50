"""Prompt template `few-shot-1`: samples, then the brief in the same form, for a base model that only continues text.

    Product: …            商品：…
    Facts: …; …           卖点：…；…
    For: …                人群：…
    Tone: …               语气：…
    Headline: <copy>      标题：<copy>

Copy is one line; a newline ends it. Data is put in as single lines without control tokens, so that nothing a feed or a
marketer wrote can begin a field of its own. The words that copy must not say are left out on purpose: naming a word to
a base model brings it up; the check drops it instead.
"""

import re
import unicodedata
from collections.abc import Iterable

from generation.engine.config import ChannelView, CopyBrief, Fact, Language, Prompt, SegmentView
from generation.engine.few_shot_1_examples import SAMPLES, Kind, ProductText
from generation.engine.language import script_of

TEMPLATE_ID = "few-shot-1"
_STOP = "\n"
_MOST_FACTS = 6
_MOST_TITLE, _MOST_FACT, _MOST_DESCRIPTION, _MOST_FIELD = 90, 70, 220, 90

_INTRO = {
    Language.EN: "Copy from the shop's marketing team. It is short, true to the facts and speaks to the reader.",
    Language.ZH_HANS: "商店营销团队的文案，简短，符合卖点，对读者说话。",
}
_LABELS = {
    Language.EN: {"product": "Product", "facts": "Facts", "audience": "For", "tone": "Tone", "must": "Words", "note": "Note"},
    Language.ZH_HANS: {
        "product": "商品", "facts": "卖点", "audience": "人群", "tone": "语气", "must": "用词", "note": "备注",
    },
}  # fmt: skip
_COPY_LABELS = {
    Language.EN: {
        Kind.HEADLINE: "Headline", Kind.SUBJECT: "Subject line", Kind.NOTICE: "Notice", Kind.BLURB: "Description",
        Kind.POST: "Post", Kind.TITLE: "Title",
    },
    Language.ZH_HANS: {
        Kind.HEADLINE: "短标题", Kind.SUBJECT: "标题", Kind.NOTICE: "通知", Kind.BLURB: "介绍",
        Kind.POST: "笔记", Kind.TITLE: "商品标题",
    },
}  # fmt: skip
# tokens that a text of the kind can need, English and Chinese alike
_TOKENS = {Kind.HEADLINE: 16, Kind.SUBJECT: 24, Kind.NOTICE: 48, Kind.BLURB: 90, Kind.POST: 100, Kind.TITLE: 32}
_CONTROL_TOKEN = re.compile(r"<[|/]?[A-Za-z_][^<>\n]{0,40}>|\[/?INST\]|\[multimodal\]|```", re.IGNORECASE)
_LINE_WORDS = ("title", "headline", "subject", "preheader")


def clean_data(text: str, most: int) -> str:
    """Data as one plain line of at most `most` characters: no line breaks, no invisible or control characters, no
    control tokens or tags. Cut at a word where one ends near."""
    text = "".join(
        " " if character.isspace() or unicodedata.category(character) == "Cc" else character
        for character in unicodedata.normalize("NFC", text)
        if unicodedata.category(character) not in {"Cf", "Co", "Cn", "Cs"}
    )
    while (cleaned := _CONTROL_TOKEN.sub(" ", text)) != text:  # what is left may form another
        text = cleaned
    text = " ".join(text.split())
    if len(text) <= most:
        return text
    cut = text[:most]
    head, _, _ = cut.rpartition(" ")
    return (head if len(head) > most * 0.7 else cut).rstrip(" ,;.，；。、")


def kind_of(channel: ChannelView, language: Language) -> Kind:
    """The kind of text that fits the channel's name and room."""
    key = channel.key.casefold()
    if "taobao" in key:
        return Kind.TITLE
    if "xiaohongshu" in key and "body" in key:
        return Kind.POST
    room = room_of(channel, language)
    wide = language is Language.ZH_HANS
    if room is not None and room <= (20 if wide else 34):
        return Kind.HEADLINE
    if any(word in key for word in _LINE_WORDS):
        return Kind.SUBJECT
    if key.startswith(("push", "sms")) or (room is not None and room <= (130 if wide else 180)):
        return Kind.NOTICE
    return Kind.BLURB


def room_of(channel: ChannelView, language: Language) -> int | None:
    """About how many characters of the language fit; the caller's check measures exactly."""
    if channel.limit is None:
        return None
    wide = language is Language.ZH_HANS
    per_unit = {"display_width": 0.5 if wide else 1.0, "bytes": 1 / 3 if wide else 1.0, "sms": 67.0 if wide else 153.0}
    per_unit["words"] = 1.0 if wide else 5.5
    return max(1, int(channel.limit * per_unit.get(channel.unit, 1.0)))


def order_facts(facts: Iterable[Fact], segment: SegmentView | None) -> list[Fact]:
    """The facts that the segment cares about first, otherwise as given.

    A fact's weight is the sum over interests, and over the segment's words at half the least weight, that share a word
    (or two Chinese characters in a row) with its attribute or value.
    """
    if segment is None:
        return list(facts)
    wishes = [(_terms(item.name), item.weight) for item in segment.interests]
    least = min((weight for _, weight in wishes), default=1.0)
    wishes += [(_terms(word), least / 2) for word in segment.words]

    def weight(fact: Fact) -> float:
        terms = _terms(f"{fact.attribute} {fact.value}")
        return sum(worth for wish, worth in wishes if wish & terms)

    return sorted(facts, key=weight, reverse=True)


def _terms(text: str) -> frozenset[str]:
    """Words of four letters or more by their first five (so that "breathable" meets "breathability"), and pairs of
    Chinese characters."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    words = {word[:5] for word in re.findall(r"[^\W\d_]{4,}", folded) if script_of(word[0]) != "han"}
    pairs = {folded[i : i + 2] for i in range(len(folded) - 1) if all(script_of(c) == "han" for c in folded[i : i + 2])}
    return frozenset(words | pairs)


def render(brief: CopyBrief) -> Prompt:
    """The prompt for one brief. Always the same for the same brief."""
    kind = kind_of(brief.channel, brief.language)
    labels = _LABELS[brief.language]
    copy_label = _COPY_LABELS[brief.language][kind]
    colon = "：" if brief.language is Language.ZH_HANS else ": "
    samples, examples = [_INTRO[brief.language] + "\n"], []
    data_language = _data_language(brief)
    for sample in SAMPLES:
        text = sample.copy[brief.language][kind]
        lines = _sample_lines(sample.product[data_language], sample.product[brief.language], labels, colon)
        samples.append("\n".join([*lines, f"{copy_label}{colon}{text}"]) + "\n")
        examples.append(text)
    beginning = "\n".join(samples) + "\n"
    own = "\n".join([*_brief_lines(brief, labels, colon), f"{copy_label}{colon}".rstrip()])
    return Prompt(
        text=beginning + own,
        stop=_STOP,
        shared=len(beginning),
        max_tokens=_TOKENS[kind],
        examples=tuple(examples),
        labels=(*labels.values(), *_COPY_LABELS[brief.language].values()),
    )


def _data_language(brief: CopyBrief) -> Language:
    """The language that the product is described in: samples in the same show the model what to do with it."""
    letters = [script_of(character) for character in f"{brief.product_title} {brief.product_description}"]
    han, latin = letters.count("han"), letters.count("latin")
    return Language.ZH_HANS if han * 3 > latin else Language.EN


def _sample_lines(data: ProductText, own: ProductText, labels: dict[str, str], colon: str) -> list[str]:
    between = "；" if colon == "：" else "; "
    return [
        f"{labels['product']}{colon}{data.title}",
        f"{labels['facts']}{colon}{between.join(data.facts)}",
        f"{labels['audience']}{colon}{own.audience}",
        f"{labels['tone']}{colon}{own.tone}",
    ]


def _brief_lines(brief: CopyBrief, labels: dict[str, str], colon: str) -> list[str]:
    title = clean_data(brief.product_title, _MOST_TITLE)
    brand = clean_data(brief.brand_name, _MOST_FIELD)
    if brand and brand.casefold() not in title.casefold():
        title = f"{brand} {title}"
    comma = "，" if colon == "：" else ", "
    segment = brief.segment
    tone = comma.join(part for part in (clean_data(brief.tone, 40), clean_data(brief.brand_voice, 50)) if part)
    if not tone and segment is not None:
        tone = clean_data(segment.tone, _MOST_FIELD)
    audience = clean_data(segment.name, _MOST_FIELD) if segment is not None else ""
    fields = {
        "product": title,
        "facts": _facts_line(brief, "；" if colon == "：" else "; "),
        "audience": audience,
        "tone": tone,
        "must": comma.join(clean_data(word, 30) for word in brief.must_words[:6]),
        "note": clean_data(brief.instructions, _MOST_FIELD),
    }
    return [f"{labels[name]}{colon}{value}" for name, value in fields.items() if value]


def _facts_line(brief: CopyBrief, between: str) -> str:
    facts = []
    for fact in order_facts(brief.facts, brief.segment)[:_MOST_FACTS]:
        value = clean_data(f"{fact.value} {fact.unit}".strip(), _MOST_FACT)
        attribute = clean_data(fact.attribute, 30)
        facts.append(f"{attribute} {value}" if attribute and value[:1].isdigit() else value)
    description = clean_data(brief.product_description, _MOST_DESCRIPTION)
    return between.join(part for part in (*facts, description) if part)

"""Prompt template `few-shot-1`: samples, then the brief in the same form, for a base model that only continues text.

    For: …                人群：…
    Tone: …               语气：…
    Product: …            商品：…
    Facts: …; …           卖点：…；…
    Headline: <copy>      标题：<copy>

The facts stand last because a small model holds on to what it read last. Copy is one line; a newline ends it. Data is put in as single lines without control tokens, so that nothing a feed or a
marketer wrote can begin a field of its own. The words that copy must not say are left out on purpose: naming a word to
a base model brings it up; the check drops it instead.
"""

from generation.engine.config import ChannelView, CopyBrief, Fact, Language, Prompt
from generation.engine.few_shot_1_examples import SAMPLES, Kind, ProductText
from generation.engine.language import script_of
from generation.engine.prompt_data import (
    MOST_FIELD,
    MOST_TITLE,
    clean_data,
    fact_weight,
    first_sentences,
    known_names,
    order_facts,
    own_words,
    room_of,
)

TEMPLATE_ID = "few-shot-1"
_STOP = "\n"
_MOST_FACTS = 6
_MOST_FACT, _MOST_DESCRIPTION = 70, 220

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
# characters that a text has at least; Chinese says the same in a third of them
_LEAST = {Kind.HEADLINE: 12, Kind.SUBJECT: 15, Kind.NOTICE: 30, Kind.BLURB: 60, Kind.POST: 45, Kind.TITLE: 15}
_LINE_WORDS = ("title", "headline", "subject", "preheader")


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
        examples=(*examples, *own_words(brief)),
        labels=(*labels.values(), *_COPY_LABELS[brief.language].values()),
        language=brief.language,
        names=known_names(brief),
        aim=_aim(kind, brief),
        least=_LEAST[kind] if brief.language is Language.EN else _LEAST[kind] // 3,
    )


def _aim(kind: Kind, brief: CopyBrief) -> int | None:
    """Half the room of a text that has little: from there on, an end is welcome."""
    room = room_of(brief.channel, brief.language)
    return room // 2 if room is not None and kind in {Kind.HEADLINE, Kind.SUBJECT, Kind.NOTICE} else None


def _data_language(brief: CopyBrief) -> Language:
    """The language that the product is described in: samples in the same show the model what to do with it."""
    letters = [script_of(character) for character in f"{brief.product_title} {brief.product_description}"]
    han, latin = letters.count("han"), letters.count("latin")
    return Language.ZH_HANS if han * 3 > latin else Language.EN


def _sample_lines(data: ProductText, own: ProductText, labels: dict[str, str], colon: str) -> list[str]:
    between = "；" if colon == "：" else "; "
    return [
        f"{labels['audience']}{colon}{own.audience}",
        f"{labels['tone']}{colon}{own.tone}",
        f"{labels['product']}{colon}{data.title}",
        f"{labels['facts']}{colon}{between.join(data.facts)}",
    ]


def _brief_lines(brief: CopyBrief, labels: dict[str, str], colon: str) -> list[str]:
    title = clean_data(brief.product_title, MOST_TITLE)
    brand = clean_data(brief.brand_name, MOST_FIELD)
    if brand and brand.casefold() not in title.casefold():
        title = f"{brand} {title}"
    comma = "，" if colon == "：" else ", "
    segment = brief.segment
    tone = comma.join(part for part in (clean_data(brief.tone, 40), clean_data(brief.brand_voice, 50)) if part)
    if not tone and segment is not None:
        tone = clean_data(segment.tone, MOST_FIELD)
    audience = clean_data(segment.name, MOST_FIELD) if segment is not None else ""
    fields = {
        "audience": audience,
        "tone": tone,
        "note": clean_data(brief.instructions, MOST_FIELD),
        "product": title,
        "facts": _facts_line(brief, "；" if colon == "：" else "; "),
        "must": comma.join(clean_data(word, 30) for word in brief.must_words[:6]),
    }
    return [f"{labels[name]}{colon}{value}" for name, value in fields.items() if value]


def _facts_line(brief: CopyBrief, between: str) -> str:
    """The facts that the segment cares about, then the description, then the other facts, as far as there is room."""
    ordered = order_facts(brief.facts, brief.segment)
    leading = sum(1 for fact in ordered if fact_weight(fact, brief.segment) > 0)
    facts = [_fact_text(fact) for fact in ordered[:_MOST_FACTS]]
    description = first_sentences(clean_data(brief.product_description, 4 * _MOST_DESCRIPTION), _MOST_DESCRIPTION)
    parts = [*facts[:leading], description, *facts[leading:]]
    return between.join(part.rstrip(".。;；") for part in parts if part)


def _fact_text(fact: Fact) -> str:
    """The value alone where it speaks for itself, otherwise with what it is a value of."""
    value = clean_data(f"{fact.value} {fact.unit}".strip(), _MOST_FACT)
    attribute = clean_data(fact.attribute, 40)
    return f"{attribute} {value}".strip() if len(value) < 8 or value[:1].isdigit() else value

"""Prompt template `brief-1`: the brief as labelled lines, for a model that was trained on such briefs.

    Channel: E-mail subject, up to 50 characters    渠道：邮件主题，不超过 50 字
    Tone: …                                         语气：…
    For: …                                          人群：…
    Cares about: …                                  看重：…
    Words: …                                        用语：…
    Product: …                                      商品：…
    About: …                                        简介：…
    Facts: attribute: value; …                      卖点：属性：值；…
    Say: … / Never say: … / Note: …                 必须：… / 不用：… / 备注：…
    Copy:                                           文案：
    <copy>                                          <文案>

Training and generation read the very same lines. Facts stand in the order of the plan: what leads comes first. Labels are
the instruction, what follows them is data: single lines without control tokens, so that nothing a feed or a marketer wrote
can begin a line of its own. Copy is one line; a newline ends it.
"""

from generation.engine.config import CopyBrief, Fact, Language, Prompt
from generation.engine.prompt_data import (
    MOST_FIELD,
    MOST_TITLE,
    clean_data,
    first_sentences,
    known_names,
    own_words,
    room_of,
)

TEMPLATE_ID = "brief-1"
MOST_FACTS = 8
_STOP = "\n"
_MOST_FACT, _MOST_DESCRIPTION, _MOST_WORD = 70, 160, 30
_MOST_INTERESTS, _MOST_WORDS = 4, 6
_LABELS = {
    Language.EN: {
        "channel": "Channel", "tone": "Tone", "audience": "For", "interests": "Cares about", "words": "Words",
        "product": "Product", "about": "About", "facts": "Facts", "must": "Say", "never": "Never say", "note": "Note",
        "copy": "Copy",
    },
    Language.ZH_HANS: {
        "channel": "渠道", "tone": "语气", "audience": "人群", "interests": "看重", "words": "用语",
        "product": "商品", "about": "简介", "facts": "卖点", "must": "必须", "never": "不用", "note": "备注",
        "copy": "文案",
    },
}  # fmt: skip
# tokens that a character of copy can need, and the most that any channel gets: no channel wants an essay
_TOKENS_PER_CHARACTER = {Language.EN: 0.45, Language.ZH_HANS: 1.0}
_SPARE_TOKENS, _MOST_TOKENS = 12, 220
_LEAST = {Language.EN: 8, Language.ZH_HANS: 4}


def render(brief: CopyBrief) -> Prompt:
    """The prompt for one brief. Always the same for the same brief."""
    labels = _LABELS[brief.language]
    colon = "：" if brief.language is Language.ZH_HANS else ": "
    lines = [f"{labels[name]}{colon}{value}" for name, value in _fields(brief, colon).items() if value]
    return Prompt(
        text="\n".join([*lines, f"{labels['copy']}{colon}".rstrip()]) + "\n",
        stop=_STOP,
        shared=0,
        max_tokens=_most_tokens(brief),
        examples=tuple(own_words(brief)),
        labels=tuple(labels.values()),
        language=brief.language,
        names=known_names(brief),
        least=_LEAST[brief.language],
    )


def _fields(brief: CopyBrief, colon: str) -> dict[str, str]:
    comma, between = ("，", "；") if brief.language is Language.ZH_HANS else (", ", "; ")
    segment = brief.segment
    title = clean_data(brief.product_title, MOST_TITLE)
    brand = clean_data(brief.brand_name, MOST_FIELD)
    if brand and brand.casefold() not in title.casefold():
        title = f"{brand} {title}"
    tone = [clean_data(brief.tone or (segment.tone if segment else ""), 40), clean_data(brief.brand_voice, 60)]
    return {
        "channel": _channel(brief),
        "tone": comma.join(filter(None, tone)),
        "audience": _audience(brief),
        "interests": comma.join(_interests(brief)),
        "words": comma.join(_short(segment.words)) if segment else "",
        "product": title,
        "about": first_sentences(clean_data(brief.product_description, 4 * _MOST_DESCRIPTION), _MOST_DESCRIPTION),
        "facts": between.join(_fact(fact, colon) for fact in brief.facts[:MOST_FACTS]),
        "must": comma.join(_short(brief.must_words)),
        "never": comma.join(_short(brief.never_words)),
        "note": clean_data(brief.instructions, 2 * MOST_FIELD),
    }


def _channel(brief: CopyBrief) -> str:
    name, room = clean_data(brief.channel.name, MOST_FIELD), room_of(brief.channel, brief.language)
    if room is None:
        return name
    return f"{name}，不超过 {room} 字" if brief.language is Language.ZH_HANS else f"{name}, up to {room} characters"


def _audience(brief: CopyBrief) -> str:
    if brief.segment is None:
        return ""
    name, about = clean_data(brief.segment.name, MOST_FIELD), clean_data(brief.segment.description, MOST_FIELD)
    return f"{name}。{about}" if about and brief.language is Language.ZH_HANS else f"{name}. {about}" if about else name


def _interests(brief: CopyBrief) -> list[str]:
    """What the segment cares about most, the heaviest first."""
    ordered = sorted(brief.segment.interests, key=lambda one: -one.weight) if brief.segment else []
    return [clean_data(one.name, _MOST_WORD) for one in ordered[:_MOST_INTERESTS]]


def _short(words: tuple[str, ...]) -> list[str]:
    return [clean_data(word, _MOST_WORD) for word in words[:_MOST_WORDS]]


def _fact(fact: Fact, colon: str) -> str:
    value = clean_data(f"{fact.value} {fact.unit}".strip(), _MOST_FACT).rstrip(".。;；")
    return f"{clean_data(fact.attribute, 40)}{colon}{value}"


def _most_tokens(brief: CopyBrief) -> int:
    room = room_of(brief.channel, brief.language)
    if room is None:
        return _MOST_TOKENS
    return min(_MOST_TOKENS, int(room * _TOKENS_PER_CHARACTER[brief.language]) + _SPARE_TOKENS)

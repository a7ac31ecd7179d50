"""What one item of a run is made of: the brief as the engine reads it, and beside it what only the worker needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from campaigns.models import AudienceSegment, Brief, Channel, Emoji, Length, Product, ProductFact, Unit
from campaigns.rules.telling import is_tellable
from campaigns.services.copy_check import check_data
from generation.engine.config import ChannelView, CopyBrief, Fact, Interest, Language, SegmentView
from generation.engine.prompt_data import room_of
from generation.starter.examples import TONES

# What the prompt gets of a product: small models lose the thread of long ones.
MOST_FACTS = 40
MOST_DESCRIPTION = 2000
# keys of a payload that are no part of the brief
BESIDE = frozenset({"check", "wish", "ran", "taken", "with", "siblings"})
SHARES = {Length.SHORT: 0.45, Length.MEDIUM: 0.70, Length.LONG: 0.95}
_EMOJI = {Emoji.YES: True, Emoji.NO: False}


@dataclass(frozen=True)
class BriefPart:
    """What one item of a run is about."""

    product: Product
    segment: AudienceSegment | None
    channel: Channel


def copy_brief_of(payload: Mapping[str, Any]) -> CopyBrief:
    """The brief of a payload. Raises ValueError where there is none."""
    return CopyBrief.from_dict({name: value for name, value in payload.items() if name not in BESIDE})


def _tellable(product: Product) -> list[ProductFact]:
    return [
        fact
        for fact in product.facts.all()
        if fact.attribute.strip() and fact.value.strip() and is_tellable(fact.attribute, fact.value)
    ]


def item_payload(*, brief: Brief, part: BriefPart, ran: Sequence[str] = (), after: int = 0) -> dict[str, Any]:
    """What the prompt is made of, under "check" what a text is checked against, under "wish" what the better texts are
    like, under "ran" the texts that it must not come near (``selectors.ran.ran_texts``). ``after`` says how many facts the
    fields lead with that are read before this one.

    The brief's number stands among it: two briefs that ask for the same are still two runs.
    """
    check = check_data(
        channel=part.channel,
        language=brief.language,
        campaign=brief.campaign,
        product=part.product,
        segment=part.segment,
        must_words=brief.must_words,
        never_words=brief.never_words,
        instructions=brief.instructions,
    )
    brand, language = brief.campaign.brand, Language(brief.language)
    wanted = CopyBrief(
        product_title=part.product.title,
        product_description=part.product.description[:MOST_DESCRIPTION],
        facts=tuple(Fact(fact.attribute, fact.value, fact.unit) for fact in _tellable(part.product)[:MOST_FACTS]),
        brand_name=brand.name if brand else "",
        brand_voice=brand.voice if brand else "",
        segment=_segment_view(part.segment),
        channel=channel_view(channel=part.channel, language=language, length=brief.length),
        language=language,
        tone=tone_of(brief.style, brief.tone, language) or _inherited_tone(brief, part.segment),
        must_words=tuple(check["must_words"]),
        never_words=tuple(check["never_words"]),
        instructions=brief.instructions,
        emoji=_EMOJI.get(Emoji(brief.emoji)) if brief.emoji else None,
    )
    # the dial's words, for those who ask for another text from one of this item
    dials = {"style": brief.style, "tone": brief.tone, "length": brief.length}
    payload = {**wanted.to_dict(), "check": {**check, **dials, "brief": brief.pk}}
    wish = {"sentiment": brief.sentiment, "after": after, "fills": brief.length in (Length.MEDIUM, Length.LONG)}
    if any(wish.values()):
        payload["wish"] = {name: value for name, value in wish.items() if value}
    if ran:
        payload["ran"] = list(ran)
    return payload


def tone_of(style: str, tone: str, language: Language) -> str:
    """The style's word in the language of the copy, then what was written about the tone."""
    word = (TONES[style] if language is Language.ZH_HANS else style) if style else ""
    return ("，" if language is Language.ZH_HANS else ", ").join(filter(None, [word, tone]))


def channel_view(*, channel: Channel, language: Language, length: str = "") -> ChannelView:
    """The channel as the prompt names it, with the limit that the writer is told: the advised one, or a share of it.

    A limit in parts of an SMS is told in characters where a share of it is asked for.
    """
    limit = channel.soft_limit or channel.hard_limit
    name = channel.name_zh if language is Language.ZH_HANS else channel.name_en
    view = ChannelView(channel.key, name, channel.unit, limit)
    if not length:
        return view
    unit, room = channel.unit, limit
    if unit == Unit.SMS:
        unit, room = Unit.CHARACTERS.value, room_of(view, language) or limit
    return ChannelView(channel.key, name, unit, min(room, max(1, round(room * SHARES[Length(length)]))))


def _inherited_tone(brief: Brief, segment: AudienceSegment | None) -> str:
    """Where the brief says nothing of its own: the segment's tone, else the brand's."""
    brand = brief.campaign.brand
    return (segment.tone if segment else "") or (brand.tone if brand else "")


def _segment_view(segment: AudienceSegment | None) -> SegmentView | None:
    if segment is None:
        return None
    return SegmentView(
        name=segment.name,
        description=segment.description,
        interests=tuple(
            Interest(one["name"], float(one["weight"])) for one in segment.interests if one["name"].strip()
        ),
        words=tuple(word for word in segment.words if word.strip()),
        avoid_words=tuple(word for word in segment.avoid_words if word.strip()),
        tone=segment.tone,
    )

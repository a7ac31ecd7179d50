"""What prompt templates share: data as plain lines, the room of a channel, which facts lead, which names may be drawn."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace

from generation.engine.config import ChannelView, CopyBrief, Fact, Language, SegmentView
from generation.engine.language import script_of

MOST_TITLE, MOST_FIELD = 90, 90  # characters of a title and of any other single field of a prompt
_MOST_KNOWN = 10_000  # characters in which numbers are looked for
_CONTROL_TOKEN = re.compile(r"<[|/]?[A-Za-z_][^<>\n]{0,40}>|\[/?INST\]|\[multimodal\]|```", re.IGNORECASE)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*\s?[A-Za-z%°℃²³]{0,3}")
_SENTENCE = re.compile(r"[.!?](?=\s|$)|[。！？]")


def clean_data(text: str, most: int) -> str:
    """Data as one plain line of at most `most` characters: no line breaks, no invisible or control characters, no
    control tokens or tags. Cut at a word where one ends near."""
    text = "".join(
        " " if character.isspace() or unicodedata.category(character) == "Cc" else character
        for character in unicodedata.normalize("NFC", text[: 8 * most + 400])
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


def room_of(channel: ChannelView, language: Language) -> int | None:
    """About how many characters of the language fit; the caller's check measures exactly."""
    if channel.limit is None:
        return None
    wide = language is Language.ZH_HANS
    per_unit = {"display_width": 0.5 if wide else 1.0, "bytes": 1 / 3 if wide else 1.0, "sms": 67.0 if wide else 153.0}
    per_unit["words"] = 1.0 if wide else 5.5
    return max(1, int(channel.limit * per_unit.get(channel.unit, 1.0)))


def order_facts(facts: Iterable[Fact], segment: SegmentView | None) -> list[Fact]:
    """The facts that the segment cares about first, otherwise as given."""
    return sorted(facts, key=lambda fact: fact_weight(fact, segment), reverse=True)


def in_order(brief: CopyBrief) -> CopyBrief:
    """The brief with the facts first that its segment cares about: what leads, a trained model is told by their order."""
    return replace(brief, facts=tuple(order_facts(brief.facts, brief.segment)))


def fact_weight(fact: Fact, segment: SegmentView | None) -> float:
    """How much the segment cares about the fact: the sum over its interests, and over its words at half the least
    weight, that share a word (or two Chinese characters in a row) with the fact's attribute or value."""
    if segment is None:
        return 0.0
    wishes = [(_terms(item.name), item.weight) for item in segment.interests]
    least = min((weight for _, weight in wishes), default=1.0)
    wishes += [(_terms(word), least / 2) for word in segment.words]
    terms = _terms(f"{fact.attribute} {fact.value}")
    return sum(worth for wish, worth in wishes if wish & terms)


def _terms(text: str) -> frozenset[str]:
    """Words of four letters or more by their first five (so that "breathable" meets "breathability"), and pairs of
    Chinese characters."""
    folded = unicodedata.normalize("NFKC", text[:500]).casefold()
    words = {word[:5] for word in re.findall(r"[^\W\d_]{4,}", folded) if script_of(word[0]) != "han"}
    pairs = {folded[i : i + 2] for i in range(len(folded) - 1) if all(script_of(c) == "han" for c in folded[i : i + 2])}
    return frozenset(words | pairs)


def own_words(brief: CopyBrief) -> list[str]:
    """What stands in the prompt around the copy: repeating it alone is not copy."""
    own = [brief.product_title, brief.tone, brief.brand_voice, brief.instructions]
    if brief.segment is not None:
        own += [brief.segment.name, brief.segment.tone]
    return [text for text in own if text]


def known_names(brief: CopyBrief) -> tuple[str, ...]:
    """What keeps its own script in copy of any language, and every number that the brief knows: a small model makes
    numbers up wherever it can."""
    words = [brief.brand_name, brief.product_title, *brief.must_words]
    words += [part for fact in brief.facts for part in (fact.unit, fact.value) if len(part) <= 24]
    known = " ".join([brief.product_title, brief.product_description, *(f"{f.value} {f.unit}" for f in brief.facts)])
    words += _NUMBER.findall(f"{known[:_MOST_KNOWN]} {brief.instructions[:MOST_FIELD]}")
    return tuple(dict.fromkeys(clean_data(word, MOST_TITLE) for word in words if word.strip()))


def first_sentences(text: str, most: int) -> str:
    """As many whole sentences as fit into `most` characters; the beginning of the first where it is longer."""
    ends = [match.end() for match in _SENTENCE.finditer(text) if match.end() <= most]
    return text[: ends[-1]].strip() if ends else clean_data(text, most)

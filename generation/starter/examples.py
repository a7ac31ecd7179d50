"""Reads the starter corpus: products, segments and copy as lines of JSON, put together into briefs and their texts.

    corpus/segments.jsonl             who copy is written for; the same for all categories
    corpus/products-<category>.jsonl  one fictional product a line, described in English and Chinese
    corpus/copy-<category>.jsonl      one text a line, with what its brief asked for

A fact belongs to a theme (weight, safety, taste …), and so does an interest of a segment: that is how a text can be held
to leading with what its readers care about.

Shops know their products in different ways, and a model has to learn from all of them: of some products the description or
the title tells what others have as facts (`about`). A catalogue in the other language is told in that of the copy before
anything is written (`engine.abroad`), so that none needs to be learned from.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from generation.engine.about import quoted, sentences
from generation.engine.config import ChannelView, CopyBrief, Fact, Interest, Language, SegmentView
from generation.engine.evaluation.coverage import is_expressed
from generation.engine.training.dataset import Source, TrainingExample, is_held_out

CORPUS = Path(__file__).parent / "corpus"
# a brief names its tone in the language of its copy
TONES = {
    "plain": "平实", "calm": "平和", "warm": "温暖", "caring": "体贴", "professional": "专业",
    "elegant": "优雅", "confident": "自信", "casual": "随性", "playful": "俏皮", "lively": "活泼",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Example:
    """A text and its brief. `lead` is the wording in the text that speaks of the leading fact; `uses` are positions in
    `brief.facts` of all that the text speaks of, the leading one first, and `themes` are those of `brief.facts`.
    `told` are those that the shop has not as facts: its description or its title tells them."""

    id: str
    category: str
    product: str
    segment: str
    purpose: str
    tone: str
    brief: CopyBrief
    text: str
    uses: tuple[int, ...]
    lead: str
    themes: tuple[str, ...]
    told: frozenset[int]

    @property
    def is_test(self) -> bool:
        """Whether the product is one of those kept for testing; every text of a product stands on the same side."""
        return is_held_out(self.product)

    def to_training(self) -> TrainingExample:
        """As the shop's brief would have it: what description or title tells is no fact, unless the text speaks of it and there
        is no room for that sentence."""
        about = self._quoted()
        facts, said = self.brief.facts, f"{self.brief.product_title}. {about}"
        told = {place for place in self.told if is_expressed(facts[place], said)}
        left = [place for place in range(len(facts)) if place not in (told if place in self.uses else self.told)]
        brief = replace(self.brief, product_description=about, facts=tuple(facts[place] for place in left))
        return TrainingExample(
            id=f"starter/{self.id}",
            brief=brief,
            text=self.text,
            source=Source.STARTER,
            product=self.product,
            uses=tuple(left.index(place) for place in self.uses if place in left),
        )

    def _quoted(self) -> str:
        """The sentences of the description, those first that the text speaks of."""
        used = [self.brief.facts[place] for place in self.uses if place in self.told]
        found = sentences(self.brief.product_description)
        return quoted(sorted(found, key=lambda one: -sum(is_expressed(fact, one) for fact in used)))


def read_corpus(channels: Mapping[str, ChannelView], folder: Path = CORPUS) -> list[Example]:
    """All examples by file and line. `channels` knows every channel by "<key>/<language>".

    Raises `ValueError` with file and line for what is not an example.
    """
    segments = {line["key"]: line for _, line in lines_of(folder / "segments.jsonl")}
    return [
        example for path in sorted(folder.glob("copy-*.jsonl")) for example in _read_category(path, segments, channels)
    ]


def _read_category(path: Path, segments: Mapping[str, Any], channels: Mapping[str, ChannelView]) -> Iterator[Example]:
    category = path.stem.removeprefix("copy-")
    products = {line["key"]: line for _, line in lines_of(path.with_name(f"products-{category}.jsonl"))}
    for number, line in lines_of(path):
        try:
            yield _example(f"{category}/{number}", category, line, products[line["product"]], segments, channels)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise ValueError(f"{path.name}, line {number}: {type(error).__name__} {error}") from error


def _example(
    key: str,
    category: str,
    line: dict[str, Any],
    product: dict[str, Any],
    segments: Mapping[str, Any],
    channels: Mapping[str, ChannelView],
) -> Example:
    brief = brief_of(line, product, segments, channels)
    facts = brief.facts
    uses = tuple(line["uses"])
    if not uses or any(not 0 <= use < len(facts) for use in uses):
        raise ValueError(f"uses {uses} of {len(facts)} facts")
    themes = (*(fact["theme"] for fact in product["facts"]), *("price" for _ in line.get("offer", ())))
    return Example(
        id=key,
        category=category,
        product=f"{category}/{line['product']}",
        segment=line["segment"],
        purpose=line["purpose"],
        tone=line["tone"],
        brief=brief,
        text=line["text"],
        uses=uses,
        lead=line["lead"],
        themes=themes,
        told=frozenset(place for place, fact in enumerate(product["facts"]) if fact.get("about")),
    )


def brief_of(
    line: Mapping[str, Any],
    product: Mapping[str, Any],
    segments: Mapping[str, Any],
    channels: Mapping[str, ChannelView],
) -> CopyBrief:
    """The brief of a line, with all facts of its product and what is offered besides."""
    short = line["language"]
    language = Language.ZH_HANS if short == "zh" else Language(short)
    segment = segments[line["segment"]]
    known = (Fact(fact[short][0], fact[short][1], fact.get("unit", "")) for fact in product["facts"])
    facts = (*known, *(Fact(*offer) for offer in line.get("offer", ())))
    return CopyBrief(
        product_title=product[f"title_{short}"],
        product_description=product.get("about", {}).get(short, ""),
        brand_name=product["brand"],
        facts=facts,
        segment=SegmentView(
            name=segment[f"name_{short}"],
            description=segment[f"description_{short}"],
            interests=tuple(Interest(one[f"name_{short}"], one["weight"]) for one in segment["interests"]),
            words=tuple(segment[f"words_{short}"]),
        ),
        channel=channels[f"{line['channel']}/{language}"],
        language=language,
        tone=TONES[line["tone"]] if language is Language.ZH_HANS else line["tone"],
        must_words=tuple(line.get("must", ())),
        never_words=tuple(line.get("never", ())),
        instructions=line.get("note", ""),
    )


def lines_of(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            yield number, json.loads(line)
        except ValueError as error:
            raise ValueError(f"{path.name}, line {number}: {error}") from error

"""What the starter itself wrote and what editors made of it, as examples and preference pairs.

    corpus/edits-<category>.jsonl     one draft a line, with the prompt that it answered and the text that may be sent

The drafts came the way of a generation run, so a line keeps what the plan made of the brief: the order of the facts, what is
quoted of the description, the room. Every text is an example. Where an editor mended a draft, the two are a pair besides; where
hardly anything of it is left they are not: such a pair tells that texts by people are unlike those of a model, not what was
wrong with this one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from generation.engine.config import ChannelView, CopyBrief, Fact
from generation.engine.dedupe import repeated
from generation.engine.training.dataset import PreferencePair, Source, TrainingExample
from generation.starter.examples import CORPUS, brief_of, lines_of

MENDED = 0.4  # of the runs of characters of the shorter text, as much as stands in the other where a draft was mended
NO_TONE = "calm"  # stands for none while the brief is made


@dataclass(frozen=True, slots=True)
class Edit:
    """A draft, the text that an editor made of it, equal where nothing had to be changed, and the brief as it was told."""

    id: str
    product: str
    brief: CopyBrief
    draft: str
    text: str

    def to_example(self) -> TrainingExample:
        source = Source.APPROVED if self.text == self.draft else Source.EDITED
        return TrainingExample(f"edits/{self.id}", self.brief, self.text, source, self.product)

    def to_pair(self) -> PreferencePair | None:
        if self.text == self.draft or repeated(self.text, self.draft) < MENDED:
            return None
        return PreferencePair(
            f"edits/{self.id}", self.brief, self.text, self.draft, Source.EDIT_OVER_DRAFT, self.product
        )


def read_edits(channels: Mapping[str, ChannelView], folder: Path = CORPUS) -> list[Edit]:
    """All edits by file and line. `channels` knows every channel by "<key>/<language>".

    Raises `ValueError` with file and line for what is not an edit.
    """
    segments = {line["key"]: line for _, line in lines_of(folder / "segments.jsonl")}
    return [edit for path in sorted(folder.glob("edits-*.jsonl")) for edit in _read_category(path, segments, channels)]


def _read_category(path: Path, segments: Mapping[str, Any], channels: Mapping[str, ChannelView]) -> Iterator[Edit]:
    category = path.stem.removeprefix("edits-")
    products = {line["key"]: line for _, line in lines_of(path.with_name(f"products-{category}.jsonl"))}
    for number, line in lines_of(path):
        try:
            brief = told_brief(line, products[line["product"]], segments, channels)
            yield Edit(f"{category}/{number}", f"{category}/{line['product']}", brief, line["draft"], line["text"])
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise ValueError(f"{path.name}, line {number}: {type(error).__name__} {error}") from error


def told_brief(
    line: Mapping[str, Any],
    product: Mapping[str, Any],
    segments: Mapping[str, Any],
    channels: Mapping[str, ChannelView],
) -> CopyBrief:
    """The brief of a line as the plan tells it. `facts`, those that lead first, are places in the product's facts, or written
    out where the plan told one in other words; `title` likewise; `room` the characters that the channel is said to have,
    where that is less than it takes; no `tone`, none."""
    brief = brief_of({"tone": NO_TONE, **line}, product, segments, channels)
    channel = brief.channel
    if (room := line.get("room")) is not None:
        channel = replace(channel, unit="characters", limit=room)
    return replace(
        brief,
        product_title=line.get("title", brief.product_title),
        facts=tuple(brief.facts[one] if isinstance(one, int) else Fact(*one) for one in line["facts"]),
        product_description=line.get("about", ""),
        tone=brief.tone if "tone" in line else "",
        channel=channel,
    )

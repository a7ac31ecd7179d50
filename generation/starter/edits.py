"""What the starter itself wrote and what editors made of it, as examples and preference pairs.

    corpus/edits-<category>.jsonl     one draft a line, with the prompt that it answered and the text that may be sent

The drafts came the way of a generation run, so a line keeps what the plan made of the brief: the order of the facts, what is
quoted of the description, the room. Every text is an example. Where an editor mended a draft, the two are a pair besides; where
hardly anything of it is left they are not: such a pair tells that texts by people are unlike those of a model, not what was
wrong with this one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from generation.engine.config import ChannelView, CopyBrief, Fact
from generation.engine.dedupe import repeated
from generation.engine.training.dataset import PreferencePair, Source, TrainingExample
from generation.starter.examples import CORPUS, brief_of, lines_of

MENDED = 0.4  # of the runs of characters of the shorter text, as much as stands in the other where a draft was mended
NO_TONE = "calm"  # stands for none while the brief is made
T = TypeVar("T")
Make = Callable[[str, str, CopyBrief, Mapping[str, Any]], T]


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
    return read_told("edits", _edit, channels, folder)


def _edit(id_: str, product: str, brief: CopyBrief, line: Mapping[str, Any]) -> Edit:
    return Edit(id_, product, brief, line["draft"], line["text"])


def read_told(kind: str, make: Make[T], channels: Mapping[str, ChannelView], folder: Path) -> list[T]:
    """What `make` makes of each line of the files of a kind, from its id, its product, its brief as it was told, and itself.

    Raises `ValueError` with file and line where it cannot.
    """
    segments = {line["key"]: line for _, line in lines_of(folder / "segments.jsonl")}
    found: list[T] = []
    for path in sorted(folder.glob(f"{kind}-*.jsonl")):
        category = path.stem.removeprefix(f"{kind}-")
        products = {line["key"]: line for _, line in lines_of(path.with_name(f"products-{category}.jsonl"))}
        for number, line in lines_of(path):
            try:
                brief = _told_brief(line, products[line["product"]], segments, channels)
                found.append(make(f"{category}/{number}", f"{category}/{line['product']}", brief, line))
            except (KeyError, TypeError, ValueError, IndexError) as error:
                raise ValueError(f"{path.name}, line {number}: {type(error).__name__} {error}") from error
    return found


def _told_brief(
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

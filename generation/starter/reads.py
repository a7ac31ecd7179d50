"""What readers found of drafts that the starter itself wrote, as preference pairs.

    corpus/reads-<category>.jsonl     one brief a line, as a run told it (see `edits`), and its drafts with a verdict each

A verdict is "A", fit to send; "B", after a word or two; or "C", not. `leads` are the places, in the line's facts, of those that
the text was to lead with, `by` is the adapter that wrote the drafts. Its own drafts for one brief differ by little else than
what makes one fit and another not: from such pairs it learns that, from a person's text beside a draft mostly what people write
like, and from another's drafts less.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generation.engine.config import ChannelView, CopyBrief, Fact
from generation.engine.evaluation.coverage import is_expressed
from generation.engine.training.dataset import PreferencePair, Source
from generation.starter.edits import read_told
from generation.starter.examples import CORPUS

PAIRS = 2  # of one brief
VERDICTS = ("A", "B", "C")


@dataclass(frozen=True, slots=True)
class Read:
    """A brief as it was told, its drafts with their verdicts, and the facts with which they were to lead."""

    id: str
    by: str
    product: str
    brief: CopyBrief
    leads: tuple[Fact, ...]
    drafts: tuple[tuple[str, str], ...]

    def to_pairs(self) -> list[PreferencePair]:
        """Drafts that can be used and tell all that they were to lead with, the fittest first, each over one that cannot be
        used, or over one that needs a word and does not tell it."""
        full = [one for one in self.drafts if all(is_expressed(fact, one[0]) for fact in self.leads)]
        better = [text for wanted in VERDICTS[:2] for text, verdict in full if verdict == wanted]
        worse = [text for text, verdict in self.drafts if verdict == "C"]
        worse += [text for text, verdict in self.drafts if verdict == "B" and (text, verdict) not in full]
        return [
            PreferencePair(
                f"reads/{self.id}/{number}", self.brief, chosen, rejected, Source.APPROVED_OVER_REJECTED, self.product
            )
            for number, (chosen, rejected) in enumerate(zip(better[:PAIRS], worse, strict=False))
        ]


def read_reads(channels: Mapping[str, ChannelView], folder: Path = CORPUS) -> list[Read]:
    """All of them by file and line. `channels` knows every channel by "<key>/<language>".

    Raises `ValueError` with file and line for what is not one.
    """
    return read_told("reads", _read, channels, folder)


def _read(id_: str, product: str, brief: CopyBrief, line: Mapping[str, Any]) -> Read:
    leads = tuple(brief.facts[place] for place in line["leads"])
    return Read(id_, line["by"], product, brief, leads, _drafts(line["drafts"]))


def _drafts(found: Sequence[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    drafts = tuple((text, verdict) for text, verdict in found)
    if odd := {verdict for _, verdict in drafts} - {*VERDICTS}:
        raise ValueError(f"no verdict: {', '.join(sorted(odd))}")
    return drafts

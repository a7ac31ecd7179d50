"""The starter corpus as training examples: its briefs need the channels, which only this app knows."""

from __future__ import annotations

from functools import cache

from campaigns.services.setup import channels_known
from generation.engine.config import ChannelView, Language
from generation.engine.training.dataset import PreferencePair, TrainingExample
from generation.starter.edits import read_edits
from generation.starter.examples import Example, read_corpus
from generation.starter.reads import read_reads


def channel_views() -> dict[str, ChannelView]:
    """Every channel in both languages under "<key>/<language>", its limit the advised length where it has one."""
    return {
        f"{one['key']}/{language}": ChannelView(
            one["key"], one[name], one["unit"], one["soft_limit"] or one["hard_limit"]
        )
        for one in channels_known()
        for language, name in ((Language.EN, "name_en"), (Language.ZH_HANS, "name_zh"))
    }


def corpus() -> list[Example]:
    """The corpus as it was written."""
    return read_corpus(channel_views())


def starter_examples() -> list[TrainingExample]:
    """The corpus as examples to train on and to measure with; ``is_held_out`` splits it by product."""
    return list(_examples())


@cache
def _examples() -> tuple[TrainingExample, ...]:
    """Read once: seconds of work, 12 MB, and the files belong to this release."""
    return tuple(example.to_training() for example in corpus())


def starter_edits() -> tuple[list[TrainingExample], list[PreferencePair]]:
    """What editors made of the starter's own drafts: every text as an example, and where they changed it a pair."""
    edits = read_edits(channel_views())
    return [one.to_example() for one in edits], [pair for one in edits if (pair := one.to_pair())]


def starter_reads(by: str = "") -> list[PreferencePair]:
    """Of drafts for one brief that the adapter ``by`` wrote, or any, those that readers found fit over those that they did
    not."""
    return [pair for one in read_reads(channel_views()) if by in ("", one.by) for pair in one.to_pairs()]

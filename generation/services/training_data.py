"""The data of a training: what campaigns hands over, split by product, with its hash."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils.module_loading import import_string

from generation.engine.training.dataset import Datum, PreferencePair, TrainingExample, data_hash, is_held_out


@dataclass(frozen=True)
class Split:
    """Examples and pairs, each apart by product, and what they are by number and hash."""

    examples: list[TrainingExample]
    held_out: list[TrainingExample]
    pairs: list[PreferencePair]
    held_out_pairs: list[PreferencePair]
    counts: dict[str, int]
    sha256: str


def split(examples: Sequence[TrainingExample], pairs: Sequence[PreferencePair] = ()) -> Split:
    """By product: everything about one product stands on one side."""
    everything: list[Datum] = [*examples, *pairs]
    counts = Counter(one.source.value for one in everything)
    return Split(
        examples=[one for one in examples if not is_held_out(one.product)],
        held_out=[one for one in examples if is_held_out(one.product)],
        pairs=[one for one in pairs if not is_held_out(one.product)],
        held_out_pairs=[one for one in pairs if is_held_out(one.product)],
        counts=dict(sorted(counts.items())),
        sha256=data_hash(everything),
    )


def starter_examples() -> list[TrainingExample]:
    """The starter corpus, which the campaigns app puts into briefs: the channels are its own."""
    found: Iterable[TrainingExample] = import_string(settings.STARTER_CORPUS)()
    return list(found)


def starter_edits() -> tuple[list[TrainingExample], list[PreferencePair]]:
    """What editors made of drafts that the starter adapter wrote for products of the corpus: examples, and pairs."""
    examples, pairs = import_string(settings.STARTER_EDITS)()
    return list(examples), list(pairs)


def starter_reads(by: str = "") -> list[PreferencePair]:
    """Of drafts for one brief that this starter adapter wrote, or any, what readers found fit over what they did not. Raises
    ValueError where nobody read any of its drafts."""
    pairs = list(import_string(settings.STARTER_READS)(by))
    if by and not pairs:
        raise ValueError(f"nobody read drafts of {by}")
    return pairs

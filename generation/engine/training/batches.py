"""From examples to token rows to batches: deterministic, and rows of like length together. Imports torch."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch

from generation.engine.config import CopyBrief
from generation.engine.prompts import render
from generation.engine.seeds import derive_seed
from generation.engine.tokens import TextTokenizer
from generation.engine.training.augment import augmented, planned
from generation.engine.training.config import TrainConfig
from generation.engine.training.dataset import PreferencePair, TrainingExample

_POOL = 16  # steps whose examples are sorted by length among themselves: enough to pad little, and still mixed
_WIDTHS = 32  # batches are as wide as a multiple of it: torch keeps memory for every shape that it has met
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Row:
    """Token numbers of prompt and text, where the text begins, and how much the row counts."""

    ids: tuple[int, ...]
    start: int
    weight: float = 1.0

    @property
    def text_tokens(self) -> int:
        return len(self.ids) - self.start

    @property
    def share(self) -> float:
        """What it adds to the divisor of its step's loss."""
        return self.weight * self.text_tokens


@dataclass(frozen=True, slots=True)
class PairRow:
    """A preferred text and the other one, after the same prompt."""

    chosen: Row
    rejected: Row

    @property
    def longest(self) -> int:
        """Tokens of the longer one, prompt and text."""
        return max(len(self.chosen.ids), len(self.rejected.ids))

    @property
    def share(self) -> float:
        """As for a row, but a pair counts as one, however long its texts are."""
        return self.chosen.weight


@dataclass(frozen=True, slots=True)
class Batch:
    """ids [B, L] padded on the right; for every text token [N]: its row, the position before it, itself, its weight."""

    ids: torch.Tensor
    rows: torch.Tensor
    before: torch.Tensor
    targets: torch.Tensor
    weights: torch.Tensor


class RowMaker:
    """Renders and encodes for one tokenizer and prompt template, the same way that generation does."""

    def __init__(self, tokenizer: TextTokenizer, template: str) -> None:
        self._tokenizer = tokenizer
        self._template = template

    def row(self, brief: CopyBrief, text: str, weight: float = 1.0) -> Row:
        prompt = render(self._template, brief)
        before = self._tokenizer.encode(prompt.text)
        after = self._tokenizer.encode(text + prompt.stop, start=False)
        return Row(ids=(*before, *after), start=len(before), weight=weight)

    def example(self, example: TrainingExample, config: TrainConfig, epoch: int) -> Row:
        return self.row(augmented(example, config, epoch), example.text, example.weight)

    def plain(self, example: TrainingExample) -> Row:
        """For measuring: no chance in it, and every example counts alike."""
        return self.row(planned(example), example.text)

    def pair(self, pair: PreferencePair) -> PairRow:
        return PairRow(self.row(pair.brief, pair.chosen, pair.weight), self.row(pair.brief, pair.rejected, pair.weight))


def steps_in_epoch(count: int, config: TrainConfig) -> int:
    return -(-count // config.batch_size)


def epoch_order(count: int, lengths: Sequence[int], config: TrainConfig, name: str, epoch: int) -> list[list[int]]:
    """Which items each step of an epoch works on, as positions. Every item comes once; the last step may have fewer.

    Items are shuffled, then sorted by length within pools of `_POOL` steps, then the full steps are shuffled.
    """
    draw = random.Random(derive_seed(config.seed, name, epoch))  # noqa: S311 (no secret)
    order = list(range(count))
    draw.shuffle(order)
    pool = _POOL * config.batch_size
    sorted_order = [
        item for at in range(0, count, pool) for item in sorted(order[at : at + pool], key=lambda one: -lengths[one])
    ]
    steps = [sorted_order[at : at + config.batch_size] for at in range(0, count, config.batch_size)]
    draw.shuffle(steps)
    return steps


def parts(items: Sequence[T], count: int) -> list[Sequence[T]]:
    """The items in `count` parts of nearly equal size; parts without items are left out."""
    size = -(-len(items) // count)
    return [items[at : at + size] for at in range(0, len(items), size)] if items else []


def batch_of(rows: Sequence[Row], device: torch.device, pad: int = 0) -> Batch:
    """Padding stands on the right, where causal attention never looks back at it: no mask is needed."""
    longest = max(len(row.ids) for row in rows)
    width = longest + -longest % _WIDTHS
    ids = torch.tensor([[*row.ids, *[pad] * (width - len(row.ids))] for row in rows], dtype=torch.long, device=device)
    places = [(number, at) for number, row in enumerate(rows) for at in range(row.start, len(row.ids))]
    return Batch(
        ids=ids,
        rows=torch.tensor([number for number, _ in places], device=device),
        before=torch.tensor([at - 1 for _, at in places], device=device),
        targets=torch.tensor([rows[number].ids[at] for number, at in places], device=device),
        weights=torch.tensor([rows[number].weight for number, _ in places], dtype=torch.float32, device=device),
    )

"""How well an adapter does on what it was not trained on. Imports torch."""

import math
from collections.abc import Callable, Sequence

import torch

from generation.engine.errors import TrainingError
from generation.engine.training.batches import PairRow, Row, batch_of, parts
from generation.engine.training.distributed import World
from generation.engine.training.lora import Adapter

_AT_ONCE = 16  # rows
Between = Callable[[], object]


def batches(rows: int, pairs: int) -> int:
    """How many batches a measurement of so many rows and pairs has."""
    return -(-rows // _AT_ONCE) + -(-pairs // _AT_ONCE)


def by_row(logprobs: torch.Tensor, rows: torch.Tensor, count: int) -> torch.Tensor:
    """Sums of token log-probabilities [N] over the rows [B] that they belong to."""
    return torch.zeros(count, dtype=logprobs.dtype, device=logprobs.device).index_add(0, rows, logprobs)


def measure(
    adapter: Adapter, rows: Sequence[Row], pairs: Sequence[PairRow], world: World, between: Between | None = None
) -> dict[str, float]:
    """`held_out` and, where there are pairs, `pair_accuracy`. Raises `TrainingError` when the loss is no number."""
    found = {"held_out": held_out_loss(adapter, rows, world, between)}
    if not math.isfinite(found["held_out"]):
        raise TrainingError("The held-out loss is no number: a lower learning rate may help.")
    if pairs:
        found["pair_accuracy"] = pair_accuracy(adapter, pairs, world, between)
    return found


@torch.no_grad()
def held_out_loss(adapter: Adapter, rows: Sequence[Row], world: World, between: Between | None = None) -> float:
    """Mean loss of the rows' text tokens, in nats. `between` is called between its batches."""
    ordered = sorted(rows, key=lambda row: len(row.ids))
    sums = torch.zeros(2, dtype=torch.float64, device=adapter.device)
    for part in parts(world.share(ordered), -(-len(ordered) // _AT_ONCE)):
        if between is not None:
            between()
        logprobs = adapter.logprobs(batch_of(part, adapter.device))
        sums += torch.stack([-logprobs.double().sum(), torch.tensor(float(len(logprobs)), device=sums.device)])
    total, count = world.total(sums).tolist()
    return float(total / count)


@torch.no_grad()
def pair_accuracy(adapter: Adapter, pairs: Sequence[PairRow], world: World, between: Between | None = None) -> float:
    """Share of pairs whose chosen text is the likelier one, per token: its length must not decide."""
    right = torch.zeros(1, dtype=torch.float64, device=adapter.device)
    for part in parts(world.share(pairs), -(-len(pairs) // _AT_ONCE)):
        if between is not None:
            between()
        rows = [*(pair.chosen for pair in part), *(pair.rejected for pair in part)]
        batch = batch_of(rows, adapter.device)
        sums = by_row(adapter.logprobs(batch), batch.rows, len(rows))
        means = sums / torch.tensor([row.text_tokens for row in rows], device=sums.device)
        right += (means[: len(part)] > means[len(part) :]).sum()
    return float(world.total(right).item() / len(pairs))

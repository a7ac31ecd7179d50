"""What a training tells while it runs, and what comes out of it. Imports torch."""

from dataclasses import dataclass

import torch

from generation.engine.training.checkpoint import TrainState


@dataclass(frozen=True, slots=True)
class Progress:
    """What the caller hears after every step. `held_out` (nats per token) and `pair_accuracy` only when just measured;
    `left_out` counts the examples and pairs that are longer than the settings allow."""

    step: int
    steps: int  # to be made in all: without those that patience left out
    phase: str  # "examples" or "pairs"
    loss: float
    learning_rate: float
    tokens_per_second: float
    seconds: float
    seconds_left: float
    held_out: float | None = None
    pair_accuracy: float | None = None
    evaluated: bool = False
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class TrainResult:
    """The trained parameters with the lowest held-out loss (after pairs: those at the end), with the share of the parent's that is
    kept; their own held-out loss, how it went, and the steps that were planned."""

    weights: dict[str, torch.Tensor]
    held_out: float
    state: TrainState
    steps: int

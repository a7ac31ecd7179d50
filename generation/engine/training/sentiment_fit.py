"""Fits the sentiment head: logistic regression over sentence vectors, and a temperature. Imports torch."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from generation.engine.encoder import Encoder, Vectors
from generation.engine.sentiment import HeadWeights, SentimentLabel
from generation.engine.training.sentiment_data import LabelledText, Part

LABELS = list(SentimentLabel)
FOLDS = 5
_AT_ONCE = 250  # texts between two reports
Heard = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A head, the penalty that was taken for it, and the loss on texts unseen in turn, in nats."""

    weights: HeadWeights
    penalty: float
    unseen_loss: float


@dataclass(frozen=True, slots=True)
class FitConfig:
    """A penalty is what the sum of the squared weights is multiplied with, over vectors whose every dimension has a spread
    of 1. Of `penalties` that one is taken whose heads find the labels of unseen texts likeliest."""

    penalties: tuple[float, ...] = (1e-3, 3e-3, 1e-2, 3e-2)
    steps: int = 300  # of LBFGS, at most

    def __post_init__(self) -> None:
        if not self.penalties or min(self.penalties) <= 0 or self.steps < 1:
            raise ValueError("there is a penalty, each is above 0, and there is at least one step")


@dataclass(frozen=True, slots=True)
class Rows:
    """What is fitted: `vectors` [N, D], `labels` [N, 3] true where a label is right, `weights` [N] above 0."""

    vectors: Vectors
    labels: NDArray[np.bool_]
    weights: NDArray[np.float64]

    def __post_init__(self) -> None:
        if not len(self.vectors) == len(self.labels) == len(self.weights):
            raise ValueError("vectors, labels and weights are of equal number")
        if not self.labels[self.labels.sum(axis=1) == 1].any(axis=0).all():
            raise ValueError("every label needs at least one text of its own")

    def only(self, keep: NDArray[np.bool_]) -> "Rows":
        return Rows(self.vectors[keep], self.labels[keep], self.weights[keep])


def encoded(encoder: Encoder, texts: Sequence[LabelledText], on_batch: Heard | None = None) -> Vectors:
    """[N, D] in the order of `texts`; `on_batch` hears how many are done, of how many."""
    found = [np.empty((0, encoder.dimensions), np.float32)]
    for start in range(0, len(texts), _AT_ONCE):
        found.append(encoder.encode([one.text for one in texts[start : start + _AT_ONCE]]))
        if on_batch is not None:
            on_batch(min(start + _AT_ONCE, len(texts)), len(texts))
    return np.concatenate(found)


def fit(encoder: Encoder, parts: Sequence[Part], config: FitConfig, on_batch: Heard | None = None) -> Fitted:
    """The head for `encoder`, learned from the parts' `learned` texts. The same parts give the same head on one machine.

    Labels count alike, however many texts each has. Penalty and temperature are those which make the labels likeliest under
    weights that had not seen them: each of five folds is judged by a head that was fitted to the other four. Raises
    `ValueError` when a label has no text.
    """
    texts = [one for part in parts for one in part.learned]
    labels = np.array([[label in (one.label, one.or_else) for label in LABELS] for one in texts])
    weights = np.array([part.weight for part in parts for _ in part.learned], np.float64)
    right = labels / labels.sum(axis=1, keepdims=True)
    balance = right @ (1 / (weights @ right).clip(min=1e-9))
    rows = Rows(encoded(encoder, texts, on_batch), labels, weights * balance)
    folds = np.array([one.order[2] % FOLDS for one in texts])
    loss, penalty, temperature = min(_judged(rows, folds, penalty, config.steps) for penalty in config.penalties)
    weight, bias = _regression(rows, penalty, config.steps)
    head = HeadWeights(weight.astype(np.float32), bias.astype(np.float32), temperature, encoder.model_id)
    return Fitted(head, penalty, loss)


def _judged(rows: Rows, folds: NDArray[np.int64], penalty: float, steps: int) -> tuple[float, float, float]:
    """Loss on unseen folds at the best temperature, the penalty, that temperature."""
    unseen = np.zeros((len(rows.labels), len(LABELS)))
    for fold in range(FOLDS):
        weight, bias = _regression(rows.only(folds != fold), penalty, steps)
        unseen[folds == fold] = rows.vectors[folds == fold].astype(np.float64) @ weight.T + bias
    loss, temperature = _temperature(unseen, rows)
    return loss, penalty, temperature


def _regression(rows: Rows, penalty: float, steps: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights [3, D] and biases [3] over plain vectors, fitted to standardised ones (cosines of E5 are crowded)."""
    mean, spread = rows.vectors.mean(axis=0, dtype=np.float64), rows.vectors.std(axis=0, dtype=np.float64) + 1e-9
    inputs = torch.from_numpy((rows.vectors - mean) / spread)
    labels, shares = torch.from_numpy(rows.labels), torch.from_numpy(rows.weights / rows.weights.sum())
    weight = torch.zeros(len(LABELS), inputs.shape[1], dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(len(LABELS), dtype=torch.float64, requires_grad=True)

    def loss() -> torch.Tensor:
        return (_surprise(inputs @ weight.T + bias, labels) * shares).sum() + penalty * weight.square().sum()

    _minimise(loss, [weight, bias], steps)
    plain = weight.detach().numpy() / spread
    return plain, bias.detach().numpy() - plain @ mean


def _temperature(logits: NDArray[np.float64], rows: Rows) -> tuple[float, float]:
    """The least loss, nats a text, and the temperature that it is reached with."""
    known, labels = torch.from_numpy(logits), torch.from_numpy(rows.labels)
    shares = torch.from_numpy(rows.weights / rows.weights.sum())
    log = torch.zeros((), dtype=torch.float64, requires_grad=True)  # a temperature is above 0

    def loss() -> torch.Tensor:
        return (_surprise(known / log.exp(), labels) * shares).sum()

    _minimise(loss, [log], 100)
    return float(loss().detach()), float(log.exp().detach())


def _surprise(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """[N]: −log of the probability that one of a row's right labels has, nats."""
    return logits.logsumexp(dim=1) - logits.masked_fill(~labels, -torch.inf).logsumexp(dim=1)


def _minimise(loss: Callable[[], torch.Tensor], parameters: list[torch.Tensor], steps: int) -> None:
    optimiser = torch.optim.LBFGS(parameters, max_iter=steps, tolerance_grad=1e-7, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        value = loss()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimiser.step(closure)  # type: ignore[no-untyped-call]


def description(parts: Sequence[Part], fitted: Fitted) -> dict[str, Any]:
    """What a head of `parts` was made from, as JSON takes it."""
    digest = hashlib.sha256()
    for part in parts:
        for one in part.learned:
            digest.update(f"{part.name}\t{part.weight}\t{one.label}\t{one.or_else}\t{one.text}\n".encode())
    return {
        "data_sha256": digest.hexdigest(),
        "penalty": fitted.penalty,
        "unseen_loss": fitted.unseen_loss,
        "sources": [
            {"name": part.name, "learned": len(part.learned), "held_out": len(part.held_out), "weight": part.weight}
            for part in parts
        ],
    }

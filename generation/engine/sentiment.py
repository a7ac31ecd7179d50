"""How a text sounds: negative, neutral or positive, from its sentence vector. No torch.

Method: multinomial logistic regression over the vectors of one encoder (generation/engine/encoder.py), its logits divided
by one temperature that was fitted on texts that it had not learned (Guo et al. 2017, "On Calibration of Modern Neural
Networks", section 4.2). The weights come with the program (generation/starter/sentiment, with a card that says from what
they were learned and how often they are wrong); `manage.py train_sentiment` makes them again.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from generation.engine.encoder import Encoder, Vectors
from generation.engine.errors import ModelFolderError
from generation.engine.manifest import MANIFEST_NAME, Manifest, sha256_of

SHIPPED = Path(__file__).resolve().parent.parent / "starter" / "sentiment" / "head"
WEIGHTS, SETTINGS = "head.safetensors", "head.json"
FORMAT = 1
_AT_ONCE = 256  # texts handed to the encoder in one call


class SentimentLabel(StrEnum):
    """In the order of the weights' rows."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


@dataclass(frozen=True, slots=True)
class Sentiment:
    """Probabilities of the three labels, which sum to 1. Raises `ValueError` for other numbers."""

    negative: float
    neutral: float
    positive: float

    def __post_init__(self) -> None:
        shares = (self.negative, self.neutral, self.positive)
        if not all(0 <= share <= 1 for share in shares) or not math.isclose(sum(shares), 1, abs_tol=1e-6):
            raise ValueError("the probabilities of a sentiment lie in [0, 1] and sum to 1")

    def probability(self, label: SentimentLabel) -> float:
        """How probable `label` is, in [0, 1]: what a candidate is ranked by where its brief has a target."""
        return {
            SentimentLabel.NEGATIVE: self.negative,
            SentimentLabel.NEUTRAL: self.neutral,
            SentimentLabel.POSITIVE: self.positive,
        }[label]

    @property
    def label(self) -> SentimentLabel:
        """The most probable one; the milder of two that are equal."""
        mildest_first = (SentimentLabel.NEUTRAL, SentimentLabel.POSITIVE, SentimentLabel.NEGATIVE)
        return max(mildest_first, key=self.probability)

    @property
    def polarity(self) -> float:
        """From −1, surely negative, to 1, surely positive."""
        return self.positive - self.negative


@dataclass(frozen=True, slots=True)
class HeadWeights:
    """Logits of a vector [D] are `(weight @ vector + bias) / temperature`, rows in the order of `SentimentLabel`.

    `encoder` is the `model_id` of the only encoder whose vectors they fit. Raises `ValueError` for other shapes.
    """

    weight: NDArray[np.float32]  # [3, D]
    bias: NDArray[np.float32]  # [3]
    temperature: float
    encoder: str

    def __post_init__(self) -> None:
        rows = len(SentimentLabel)
        if self.weight.ndim != 2 or self.weight.shape[0] != rows or self.bias.shape != (rows,):
            raise ValueError("a sentiment head has three rows of weights and three biases")
        if not (np.isfinite(self.weight).all() and np.isfinite(self.bias).all()):
            raise ValueError("the weights of the sentiment head are no numbers")
        if not (math.isfinite(self.temperature) and self.temperature > 0):
            raise ValueError("the temperature of the sentiment head is not above 0")
        if not self.encoder:
            raise ValueError("the sentiment head does not name its encoder")

    def probabilities(self, vectors: Vectors) -> NDArray[np.float64]:
        """[N, 3] for vectors [N, D] of length 1. Raises `ValueError` when the dimensions differ."""
        if vectors.ndim != 2 or vectors.shape[1] != self.weight.shape[1]:
            raise ValueError(f"the sentiment head takes vectors of {self.weight.shape[1]} dimensions")
        logits = (vectors.astype(np.float64) @ self.weight.T.astype(np.float64) + self.bias) / self.temperature
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        scaled: NDArray[np.float64] = shares / shares.sum(axis=1, keepdims=True)
        return scaled


class SentimentHead:
    """Scores texts. Holds no state of its own, so threads may share one whose encoder they may share."""

    def __init__(self, weights: HeadWeights, encoder: Encoder, version: str = "") -> None:
        """Raises `ModelFolderError` when the weights belong to another encoder: its vectors mean something else."""
        if weights.encoder != encoder.model_id or weights.weight.shape[1] != encoder.dimensions:
            raise ModelFolderError(
                f"the sentiment head was made for the encoder {weights.encoder}, not for {encoder.model_id}"
            )
        self.weights, self.version, self._encoder = weights, version, encoder

    @classmethod
    def load(cls, encoder: Encoder, folder: Path = SHIPPED) -> Self:
        """The head in `folder`, the shipped one unless another is named; `version` is a short hash of its content.

        Raises `ModelFolderError` when a file is missing, changed or broken, or belongs to another encoder.
        """
        weights = read_head(folder)
        return cls(weights, encoder, sha256_of(folder / MANIFEST_NAME)[:16])

    def score(self, texts: Sequence[str]) -> list[Sentiment]:
        """In the order of `texts`. Raises `ValueError` naming the place of a text that holds nothing but space."""
        for place, text in enumerate(texts):
            if not text.strip():
                raise ValueError(f"text {place + 1} of {len(texts)} is empty: it has no sentiment")
        found: list[Sentiment] = []
        for start in range(0, len(texts), _AT_ONCE):
            rows = self.weights.probabilities(self._encoder.encode(texts[start : start + _AT_ONCE]))
            found += [Sentiment(*(float(share) for share in row)) for row in rows]
        return found


def read_head(folder: Path) -> HeadWeights:
    """The weights in `folder`, each file compared with its hash in `manifest.json` first.

    Raises `ModelFolderError` when a file is missing, changed or broken.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    manifest = Manifest.read(folder)
    for name in (WEIGHTS, SETTINGS):
        if name not in manifest.files:
            raise ModelFolderError(f"{folder.name}: {MANIFEST_NAME} does not list {name}")
    manifest.verify(folder, hashes=True)
    try:
        settings: dict[str, Any] = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
        if settings["format"] != FORMAT or settings["labels"] != [label.value for label in SentimentLabel]:
            raise ValueError(f"format {FORMAT} with the labels negative, neutral, positive was expected")
        tensors = load_file(folder / WEIGHTS)
        weight, bias = tensors["weight"].astype(np.float32), tensors["bias"].astype(np.float32)
        return HeadWeights(weight, bias, float(settings["temperature"]), str(settings["encoder"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, SafetensorError) as error:
        raise ModelFolderError(f"{folder.name} is not a usable sentiment head: {error}") from error


def write_head(folder: Path, weights: HeadWeights, made_from: dict[str, Any]) -> None:
    """A new `folder` that `read_head` takes; `made_from`, JSON, says what the weights were learned from.

    Raises `FileExistsError` when there is one of that name.
    """
    from safetensors.numpy import save_file

    folder.mkdir(parents=True)
    save_file({"weight": weights.weight, "bias": weights.bias}, folder / WEIGHTS)
    settings = {
        "format": FORMAT,
        "labels": [label.value for label in SentimentLabel],
        "encoder": weights.encoder,
        "temperature": weights.temperature,
        "made_from": made_from,
    }
    text = json.dumps(settings, ensure_ascii=False, indent=1, sort_keys=True)
    (folder / SETTINGS).write_text(text + "\n", encoding="utf-8")
    Manifest.describe(
        folder,
        name="sentiment head",
        source="manage.py train_sentiment",
        source_sha256=str(made_from["data_sha256"]),
        licence="Apache-2.0; attribution of its training data in MODEL_CARD.md",
        licence_url="https://creativecommons.org/licenses/by/4.0/",
    ).write(folder)

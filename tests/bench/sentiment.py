"""How often the shipped sentiment head is right, on texts that it did not learn.

    DATA_DIR=/path/to/data python -m tests.bench.sentiment --out figures.json

The English sets and our own sentences are held-out parts of what it learned from; the Chinese sets it never saw, nor any other
Chinese review. A two-way set is judged twice: by the larger of the negative and the positive probability, and by how many of
its texts the head calls neutral. ECE: expected calibration error over ten bins of equal width (Guo et al. 2017). Intervals
are 95 %, Wilson.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generation.engine.encoder import open_encoder
from generation.engine.sentiment import Sentiment, SentimentHead, SentimentLabel
from generation.engine.training.sentiment_data import (
    STARTER,
    THREE_WAY,
    TWO_WAY,
    LabelledText,
    read_set,
    training_parts,
)

LABELS = list(SentimentLabel)


def ece(sure: NDArray[np.float64], right: NDArray[np.bool_], bins: int = 10) -> float:
    """Mean distance, weighted by count, of how sure from how often right."""
    places = np.minimum((sure * bins).astype(int), bins - 1)
    parts = [places == place for place in range(bins)]
    return float(sum(abs(sure[part].mean() - right[part].mean()) * part.mean() for part in parts if part.any()))


def wilson(right: int, of: int) -> tuple[float, float]:
    z = 1.959964
    share = right / of
    middle, half = share + z * z / (2 * of), z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return (middle - half) / (1 + z * z / of), (middle + half) / (1 + z * z / of)


def judged(texts: Sequence[LabelledText], scored: Sequence[Sentiment], two_way: bool) -> dict[str, Any]:
    shares = np.array([[one.negative, one.neutral, one.positive] for one in scored])
    truth = np.array([LABELS.index(one.label) for one in texts])
    called_neutral = float((shares.argmax(axis=1) == 1).mean())
    if two_way:
        shares[:, 1] = 0
        shares /= shares.sum(axis=1, keepdims=True)
    found = shares.argmax(axis=1)
    right = (found == truth) | np.array([LABELS[place] is one.or_else for place, one in zip(found, texts, strict=True)])
    recall = {label.value: float(right[truth == i].mean()) for i, label in enumerate(LABELS) if (truth == i).any()}
    low, high = wilson(int(right.sum()), len(right))
    return {
        "texts": len(texts),
        "accuracy": float(right.mean()),
        "interval": [low, high],
        "balanced": float(np.mean(list(recall.values()))),
        "recall": recall,
        "ece": ece(shares.max(axis=1), right),
        "called_neutral": called_neutral,
        "majority": float(np.bincount(truth).max() / len(truth)),
    }


def copy_by_tone(head: SentimentHead, learned: set[str], most: int) -> dict[str, dict[str, Any]]:
    """What the head says of our corpus' copy that it did not learn: shares of its labels by tone and language."""
    paths = sorted((STARTER / "corpus").glob("copy-*.jsonl"))
    lines = [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
    lines = [line for line in lines if line["text"] not in learned]
    lines = sorted(lines, key=lambda line: LabelledText(line["text"], SentimentLabel.NEUTRAL).order)[:most]
    groups: dict[str, list[Sentiment]] = defaultdict(list)
    for line, one in zip(lines, head.score([line["text"] for line in lines]), strict=True):
        for group in (f"tone {line['tone']}", f"language {line['language']}"):
            groups[group].append(one)
    return {
        group: {"texts": len(some)}
        | {label.value: sum(one.label is label for one in some) / len(some) for label in LABELS}
        for group, some in sorted(groups.items())
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--texts", type=int, default=1_500, help="of each Chinese set, at most")
    parser.add_argument("--copy", type=int, default=500, help="texts of the corpus' copy")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    folder = Path(os.environ["DATA_DIR"]) / "sentiment"
    head = SentimentHead.load(open_encoder())
    parts = training_parts(folder)
    sets = {part.name: (part.held_out, part.name.startswith("en_")) for part in parts}
    for name, column, labels in (
        ("zh_online_shopping_24k", "label", TWO_WAY),
        ("zh_car_reviews_three_way", "label3", THREE_WAY),
    ):
        sets[name] = (read_set(folder / f"{name}.csv.gz", column, labels)[: options.texts], labels is TWO_WAY)
    figures: dict[str, Any] = {"head": head.version, "temperature": head.weights.temperature, "sets": {}}
    for name, (texts, two_way) in sets.items():
        began = time.perf_counter()
        found = judged(texts, head.score([one.text for one in texts]), two_way)
        found["texts_per_second"] = len(texts) / (time.perf_counter() - began)
        figures["sets"][name] = found
        recall = ", ".join(f"{label} {share:.2f}" for label, share in found["recall"].items())
        print(
            f"{name}: {found['texts']} texts, {'two' if two_way else 'three'}-way accuracy {found['accuracy']:.3f} "
            f"({found['interval'][0]:.3f} to {found['interval'][1]:.3f}; majority {found['majority']:.3f}), "
            f"balanced {found['balanced']:.3f}, recall {recall}, ECE {found['ece']:.3f}, "
            f"called neutral {found['called_neutral']:.3f}, {found['texts_per_second']:.0f} texts/s",
            flush=True,
        )
    figures["copy"] = copy_by_tone(head, {one.text for part in parts for one in part.learned}, options.copy)
    for group, shares in figures["copy"].items():
        print(
            group,
            ", ".join(f"{key} {value:.2f}" if key != "texts" else f"{value} texts" for key, value in shares.items()),
        )
    if options.out:
        options.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

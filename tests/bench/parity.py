"""Whether the 8-bit model writes as well as the model it was made from, on held-out briefs of the starter corpus.

    MODEL_ROOT=/path/to/models python -m tests.bench.parity --items 100 --samples 2

Both backends get the same briefs, prompts and seeds; with weights of other digits the texts differ all the same, so shares are
compared. Rules: language, limit, must and never words, no claim that no fact supports, something left of the text. A text
passes if it keeps all of them. Loss: nats a token of the copy that people wrote, by each backend; and of the texts that each
backend wrote, by torch. Prints both and the difference, in points of a hundred for shares and in percent for losses.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import django

from generation.engine import starter_adapter
from generation.engine.config import SamplingConfig
from generation.engine.evaluation.items import EvalItem, Judgement

Texts = list[list[str]]


def writer(name: str, backend: Any, tokenizer: Any, batch: int) -> Any:
    from generation.engine.evaluation.writer import BackendWriter

    return BackendWriter(
        name=name,
        backend=backend,
        template_id="brief-1",
        sampling=SamplingConfig(batch_size=batch),
        count_tokens=lambda text: len(tokenizer.encode(text, start=False)),
    )


def judgements(items: Sequence[EvalItem], texts: Texts) -> list[Judgement | None]:
    """None for a text of which nothing is left."""
    from campaigns.services.evaluation_judge import judge

    return [
        judge(item.judged_by, text) if text else None for item, some in zip(items, texts, strict=True) for text in some
    ]


def shares(found: Sequence[Judgement | None]) -> dict[str, float]:
    """Percent of the texts that keep each rule; an empty text keeps none."""
    rules = {
        "in its language": [one is not None and one.language_ok for one in found],
        "within the limit": [one is not None and one.within_limit for one in found],
        "must words": [one is not None and one.must_ok for one in found],
        "never words": [one is not None and one.never_ok for one in found],
        "no unsupported claim": [one is not None and not one.unsupported for one in found],
    }
    rules["all rules"] = [all(kept) for kept in zip(*rules.values(), strict=True)]
    return {name: 100 * statistics.fmean(kept) for name, kept in rules.items()}


def loss(by: Any, items: Sequence[EvalItem], texts: Texts) -> float:
    """Nats a token of the texts, by one writer; empty ones are left out."""
    pairs = [(item.brief, text) for item, some in zip(items, texts, strict=True) for text in some if text]
    found = by.losses(pairs)
    return math.fsum(nats for nats, _ in found) / sum(count for _, count in found)


def written(by: Any, items: Sequence[EvalItem], samples: int) -> Texts:
    began = time.perf_counter()
    texts: Texts = by.generate(items, seed=1, samples=samples)
    print(f"{by.name}: {len(items) * samples} texts in {time.perf_counter() - began:.0f} s", flush=True)
    return texts


def held_out(count: int) -> list[EvalItem]:
    from generation.services.measuring import eval_items
    from generation.services.training_data import split, starter_examples

    found = eval_items(split(starter_examples()).held_out, most=10**9)
    return random.Random(0).sample(found, min(count, len(found)))


def compare(name: str, torch: float, other: float, difference: float, unit: str) -> None:
    print(f"{name:32} torch {torch:7.2f}   openvino {other:7.2f}   {difference:+.2f} {unit}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--items", type=int, default=100)
    parser.add_argument("--samples", type=int, default=2)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--base", default="gemma-3-270m")
    parser.add_argument("--adapter", default=starter_adapter.NAME)
    parser.add_argument("--exports", type=Path, default=Path("var/openvino"))
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "copystudio.settings")
    django.setup()
    from generation.engine.backends.openvino import OpenVinoBackend
    from generation.engine.backends.torch import TorchBackend
    from generation.engine.loader import load
    from generation.engine.openvino_export import export, load_export

    root = Path(os.environ["MODEL_ROOT"])
    base, adapter = root / options.base, root / options.adapter
    place = export(base, adapter, options.exports, model_root=root)
    exported = load_export(place, threads=options.threads)
    loaded = load(base, model_root=root, adapter=adapter, threads=options.threads)
    torch = writer("torch", TorchBackend(loaded), loaded.tokenizer, options.batch)
    other = writer("openvino", OpenVinoBackend(exported), exported.tokenizer, options.batch)
    items = held_out(options.items)
    texts = [written(one, items, options.samples) for one in (torch, other)]
    kept = [shares(judgements(items, some)) for some in texts]
    for name in kept[0]:
        compare(name, kept[0][name], kept[1][name], kept[1][name] - kept[0][name], "points")
    references = [[item.reference] for item in items]
    people = [loss(one, items, references) for one in (torch, other)]
    compare("loss of what people wrote", people[0], people[1], 100 * (people[1] / people[0] - 1), "%")
    its_own = [loss(torch, items, some) for some in texts]
    compare("loss by torch of what it wrote", its_own[0], its_own[1], 100 * (its_own[1] / its_own[0] - 1), "%")
    same = sum(one == two for first, second in zip(*texts, strict=True) for one, two in zip(first, second, strict=True))
    print(f"{same} of {len(items) * options.samples} texts are the same")


if __name__ == "__main__":
    main()

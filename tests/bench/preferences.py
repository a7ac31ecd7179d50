"""Preference training on 200 simulated edits: does it prefer what people wrote, and does it forget?

    MODEL_ROOT=/path/to/models python -m tests.bench.preferences --rate 1e-4 --epochs 1 --hold 20 --keep 0 0.25

The draft (rejected) is what the parent itself writes for a brief of the starter corpus. The edit (chosen) is the same text
after a simulated editor with a house style: no exclamation marks, no filler words, and never more than two sentences. 200
pairs of products that the parent was trained on; 60 pairs of held-out products measure the preference accuracy (the share of
pairs whose edit the model finds likelier, per token) before and after; the corpus' held-out loss is the forgetting set. Both are
measured of the weights that come out for each share of the parent's that may be kept (`keep_parent` of a training), with an interval
of the change of loss over texts.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import re
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import django

from generation.engine import starter_adapter
from generation.engine.config import SamplingConfig
from generation.engine.prompts import render
from generation.engine.seeds import derive_seed, seed_of_output
from generation.engine.training.augment import planned
from generation.engine.training.config import TrainConfig
from generation.engine.training.dataset import PreferencePair, Source, TrainingExample, is_held_out
from tests.bench.copy_quality import open_backend

PAIRS, HELD_OUT_PAIRS, WATCHED = 200, 60, 128
FOLDS = 16  # parts of the forgetting set, whose changes of loss give the interval
DRAFTS_PER_PAIR = 3  # many drafts need no edit
_SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])")
_FILLERS = re.compile(
    r"\b(?:just|simply|really|truly|perfectly|perfect|very|so|all|every|always|even|still|quite) |"
    r"真正|只需|轻松|完美|非常|十分|总是|依然|更加|都|就|也|便",
    re.IGNORECASE,
)


def drafts(adapter: str, engine: str, examples: Sequence[TrainingExample], threads: int) -> list[str]:
    """One for each, by the adapter over the starter's base."""
    sampling = SamplingConfig(batch_size=16)
    prompts = [render("brief-1", planned(one)) for one in examples]
    seeds = [seed_of_output(derive_seed(1, one.id), 0) for one in examples]
    return [one.text for one in open_backend(adapter, engine, threads).generate(prompts, sampling, seeds)]


def edited(draft: str) -> str:
    """The draft as the simulated editor leaves it."""
    sentences = [part for part in _SENTENCE.split(draft.strip()) if part]
    between = " " if draft.isascii() or " " in draft else ""
    text = between.join(sentences[:2]).replace("！", "。").replace("!", ".")
    text = _FILLERS.sub("", text).strip()
    return text[:1].upper() + text[1:]


def pairs_of(examples: Sequence[TrainingExample], written: Sequence[str]) -> list[PreferencePair]:
    return [
        PreferencePair(f"edit/{one.id}", planned(one), edited(draft), draft, Source.EDIT_OVER_DRAFT, one.product)
        for one, draft in zip(examples, written, strict=True)
        if edited(draft) and draft.strip() != edited(draft)
    ]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--parent", default=starter_adapter.NAME)
    parser.add_argument("--engine", choices=("torch", "openvino"), default="openvino", help="what writes the drafts")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--rate", type=float, default=2e-4)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--replay", type=float, default=1.0)
    parser.add_argument("--hold", type=float, default=0.0, help="hold the examples instead of learning them again")
    parser.add_argument("--keep", type=float, nargs="+", default=[0.0], help="shares of the parent's weights")
    options = parser.parse_args()
    django.setup()
    from generation.engine.loader import load
    from generation.engine.training.adapter_folder import read_lineage
    from generation.engine.training.batches import RowMaker
    from generation.engine.training.held_out import held_out_loss, pair_accuracy
    from generation.engine.training.lora import between_weights, read_weights
    from generation.engine.training.progress import Progress
    from generation.engine.training.trainer import Trainer, TrainingData
    from generation.services.training_data import starter_examples

    root = Path(os.environ["MODEL_ROOT"])
    parent = root / options.parent
    corpus = starter_examples()
    random.Random(1).shuffle(corpus)
    learned = [one for one in corpus if not is_held_out(one.product)][: DRAFTS_PER_PAIR * PAIRS]
    kept = [one for one in corpus if is_held_out(one.product)]
    pairs = pairs_of(learned, drafts(options.parent, options.engine, learned, options.threads))[:PAIRS]
    watched = kept[: DRAFTS_PER_PAIR * HELD_OUT_PAIRS]
    held_out = pairs_of(watched, drafts(options.parent, options.engine, watched, options.threads))[:HELD_OUT_PAIRS]
    for pair in held_out[:4]:
        print(f"draft: {pair.rejected}\nedit:  {pair.chosen}", flush=True)
    trained = read_lineage(parent)["config"]
    config = TrainConfig(
        rank=trained["rank"], alpha=trained["alpha"], dropout=0.0, epochs=0, preference_epochs=options.epochs,
        learning_rate=options.rate, preference_rate=1.0, evaluations=1, threads=options.threads, replay=options.replay, hold=options.hold,
    )  # fmt: skip

    def say(progress: Progress) -> bool:
        print(
            f"step {progress.step}/{progress.steps} loss {progress.loss:.3f} {progress.pair_accuracy or ''}", flush=True
        )
        return False

    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(
            loaded=load(root / "gemma-3-270m", model_root=root, threads=options.threads),
            data=TrainingData(learned if options.replay else [], kept[:WATCHED], pairs, held_out),
            config=config,
            folder=Path(folder),
            template="brief-1",
            on_step=say,
            start_from=parent,
        )
        result = trainer.run()
    print(f"{len(pairs)} pairs, {len(held_out)} held out, {options.epochs} epochs")
    for entry in result.state.history:
        print(
            f"step {entry['step']}: pair accuracy {entry['pair_accuracy']:.3f}, forgetting loss {entry['held_out']:.4f}"
        )
    maker = RowMaker(trainer.loaded.tokenizer, "brief-1")
    rows = [maker.plain(one) for one in kept[:WATCHED]]
    pair_rows = [maker.pair(pair) for pair in held_out]

    def losses_with(weights: Mapping[str, Any]) -> list[float]:
        with trainer.adapter.at(weights):
            return [held_out_loss(trainer.adapter, rows[fold::FOLDS], trainer.world) for fold in range(FOLDS)]

    before = read_weights(parent)
    start = losses_with(before)
    for share in options.keep:
        weights = between_weights(result.weights, before, share)
        with trainer.adapter.at(weights):
            accuracy = pair_accuracy(trainer.adapter, pair_rows, trainer.world)
        changes = [100 * (after / fold - 1) for after, fold in zip(losses_with(weights), start, strict=True)]  # percent
        spread = 2.13 * statistics.stdev(changes) / math.sqrt(FOLDS)  # 95 %: Student's t, 15 degrees of freedom
        print(
            f"{share:.0%} of the parent kept: pair accuracy {accuracy:.3f}, forgetting loss "
            f"{statistics.fmean(changes):+.2f} % (± {spread:.2f})",
            flush=True,
        )


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "copystudio.settings")
    main()

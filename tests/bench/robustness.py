"""Does embedding noise in training (NEFTune) make the model steadier against untidy briefs?

    MODEL_ROOT=/path/to/models python -m tests.bench.robustness --examples 512 --alphas 0 5 10

Trains the same adapter on the same part of the starter corpus with each noise, and measures the held-out loss on the briefs as
they are and on untidy ones: facts in another order, two letters of every fact swapped, case lost, spaces doubled.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
from dataclasses import replace
from pathlib import Path

import django

from generation.engine.config import Fact
from generation.engine.seeds import derive_seed
from generation.engine.training.config import TrainConfig
from generation.engine.training.dataset import TrainingExample, is_held_out

WATCHED = 96


def untidy(example: TrainingExample) -> TrainingExample:
    """The example with the same text and facts as somebody in a hurry would have typed them."""
    draw = random.Random(derive_seed("untidy", example.id))

    def typed(text: str) -> str:
        letters = list(text.lower())
        if len(letters) > 3:
            at = draw.randrange(len(letters) - 1)
            letters[at], letters[at + 1] = letters[at + 1], letters[at]
        return "".join(letters).replace(" ", "  ")

    facts = [Fact(typed(one.attribute), typed(one.value), one.unit) for one in example.brief.facts]
    draw.shuffle(facts)
    brief = replace(example.brief, facts=tuple(facts), product_title=example.brief.product_title.lower())
    return replace(example, brief=brief, uses=())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--examples", type=int, default=512)
    parser.add_argument("--alphas", type=float, nargs="+", default=[0.0, 5.0, 10.0])
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    django.setup()
    from generation.engine.loader import load
    from generation.engine.training.batches import RowMaker
    from generation.engine.training.held_out import held_out_loss
    from generation.engine.training.trainer import Trainer, TrainingData
    from generation.services.training_data import starter_examples

    root = Path(os.environ["MODEL_ROOT"])
    corpus = starter_examples()
    random.Random(1).shuffle(corpus)
    learned = [one for one in corpus if not is_held_out(one.product)][: options.examples]
    kept = [one for one in corpus if is_held_out(one.product)][:WATCHED]
    for alpha in options.alphas:
        config = TrainConfig(
            epochs=1, learning_rate=options.rate, dropout=0.0, noise_alpha=alpha, threads=options.threads, evaluations=1
        )
        with tempfile.TemporaryDirectory() as folder:
            trainer = Trainer(
                loaded=load(root / "gemma-3-270m", model_root=root, threads=options.threads),
                data=TrainingData(learned, kept),
                config=config,
                folder=Path(folder),
                template="brief-1",
                on_step=lambda progress: False,
            )
            result = trainer.run()
            trainer.adapter.put(result.weights)
        maker = RowMaker(trainer.loaded.tokenizer, "brief-1")
        rows = [maker.plain(untidy(one)) for one in kept]
        print(
            f"alpha {alpha:g}: held-out loss {result.state.best_loss:.4f}, "
            f"on untidy briefs {held_out_loss(trainer.adapter, rows, trainer.world):.4f}",
            flush=True,
        )


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "copystudio.settings")
    main()

"""A trial of the training recipe on somebody else's copy: AdvertiseGen, Chinese, clothing. Measured only; nothing is shipped.

    DATA_DIR=/path/to/data MODEL_ROOT=/path/to/models python -m tests.bench.adaptation --train 3000 --epochs 2

Takes `copy_zh/advertisegen_train_5k.jsonl.gz` of DATA_DIR without texts that hold `<UNK>`, keeps 500 for measuring, trains
an adapter over the starter model on `--train` of the others, writes one text for each of the 500 and prints BLEU-4,
ROUGE-1/2/L (by character), the share of attributes that the text expresses, and the curve of the held-out loss.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

from generation.engine.config import ChannelView, CopyBrief, Fact, Language, SamplingConfig
from generation.engine.evaluation.coverage import attribute_coverage
from generation.engine.evaluation.items import EvalItem
from generation.engine.evaluation.overlap import bleu, rouge
from generation.engine.training.config import TrainConfig
from generation.engine.training.dataset import Source, TrainingExample

HELD_OUT, WATCHED = 500, 96
CHANNEL = ChannelView("product_blurb", "商品详情文案", "characters", 200)


def examples(data: Path) -> list[TrainingExample]:
    found = []
    with gzip.open(data / "copy_zh" / "advertisegen_train_5k.jsonl.gz", "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            row = json.loads(line)
            text = " ".join(row["summary"].split())
            if "<UNK>" in text or not text:
                continue
            pairs = [part.partition("#") for part in row["content"].split("*")]
            facts = tuple(Fact(name, value) for name, _, value in pairs if name and value)
            kind = next((fact.value for fact in facts if fact.attribute == "类型"), "服装")
            brief = CopyBrief(product_title=kind, facts=facts, channel=CHANNEL, language=Language.ZH_HANS)
            found.append(TrainingExample(f"ad/{number}", brief, text, Source.APPROVED, f"ad/{number}"))
    random.Random(1).shuffle(found)
    return found


def trained(
    options: argparse.Namespace, root: Path, rows: list[TrainingExample], held_out: list[TrainingExample]
) -> Any:
    from generation.engine.loader import LoadedModel, load
    from generation.engine.training.trainer import Trainer, TrainingData

    config = TrainConfig(
        epochs=options.epochs, learning_rate=options.rate, dropout=0.0, threads=options.threads, preference_epochs=0
    )
    loaded = load(root / "gemma-3-270m", model_root=root, threads=options.threads)

    def say(progress: Any) -> bool:
        if progress.evaluated or progress.step % 25 == 0:
            print(f"step {progress.step}/{progress.steps} {progress.loss:.3f} {progress.held_out or ''}", flush=True)
        return False

    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(
            loaded=loaded,
            data=TrainingData(rows, held_out[:WATCHED]),
            config=config,
            folder=Path(folder),
            template="brief-1",
            on_step=say,
        )
        result = trainer.run()
        trainer.adapter.put(result.weights)
    print("held-out loss:", [(one["step"], round(one["held_out"], 4)) for one in result.state.history])
    return LoadedModel(trainer.adapter.model, loaded.tokenizer, loaded.device, loaded.dtype)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--train", type=int, default=3000)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--rate", type=float, default=8e-4)
    parser.add_argument("--temperature", type=float, default=0.3)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    from generation.engine.backends.torch import TorchBackend
    from generation.engine.evaluation.writer import BackendWriter

    rows = examples(Path(os.environ["DATA_DIR"]))
    held_out, rest = rows[:HELD_OUT], rows[HELD_OUT : HELD_OUT + options.train]
    if not rest:
        sys.exit("too few examples")
    model = trained(options, Path(os.environ["MODEL_ROOT"]), rest, held_out)
    writer = BackendWriter(
        name="trial",
        backend=TorchBackend(model),
        template_id="brief-1",
        sampling=SamplingConfig(temperature=options.temperature, repetition_penalty=1.1, batch_size=16),
        count_tokens=lambda text: len(model.tokenizer.encode(text, start=False)),
    )
    items = [EvalItem(one.id, one.brief, one.text) for one in held_out]
    texts = [written[0] for written in writer.generate(items, seed=1)]
    references = [one.text for one in held_out]
    found = rouge(texts, references)
    print(f"{len(rest)} examples, {options.epochs} epochs, {len(items)} held out")
    print(f"BLEU-4 {bleu(texts, references, [Language.ZH_HANS] * len(items)).value}")
    print({name: scores.value for name, scores in found.items()})
    print(f"attribute coverage {attribute_coverage([one.brief for one in held_out], texts).value}")
    for item, text in list(zip(items, texts, strict=True))[:5]:
        print([f"{fact.attribute}#{fact.value}" for fact in item.brief.facts], "→", text)


if __name__ == "__main__":
    main()

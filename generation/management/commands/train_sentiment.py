"""``manage.py train_sentiment``: make the sentiment head again, from the data that its model card names.

    manage.py train_sentiment --data FOLDER                 FOLDER holds en_pros_cons.csv.gz and en_sentence_polarity.csv.gz
    manage.py train_sentiment --data FOLDER --out NEW       writes it somewhere else than where the program looks for it

About six minutes on one core, nearly all of it for the vectors of some 9,400 texts.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from generation.engine.encoder import open_encoder
from generation.engine.errors import EngineError
from generation.engine.manifest import sha256_of
from generation.engine.sentiment import SHIPPED, WEIGHTS, read_head, write_head
from generation.engine.training.sentiment_data import training_parts


class Command(BaseCommand):
    help = "Train the sentiment head and write its weights, settings and hashes into a folder."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--data", type=Path, required=True, help="folder of the two CC BY 4.0 sets")
        parser.add_argument("--out", type=Path, default=SHIPPED, help="folder to write, in place of what is there")
        parser.add_argument("--most", type=int, default=4_000, help="texts to learn from each of the two sets, at most")

    def handle(self, *args: Any, **options: Any) -> None:
        from generation.engine.training.sentiment_fit import FitConfig, description, fit

        out: Path = options["out"]
        try:
            if out.exists():
                read_head(out)  # whatever else stands there is not ours to replace
            parts = training_parts(options["data"], options["most"])
            fitted = fit(open_encoder(), parts, FitConfig(), self._say)
            _replace(out, lambda folder: write_head(folder, fitted.weights, description(parts, fitted)))
        except (EngineError, ValueError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Loss on unseen texts {fitted.unseen_loss:.4f} nats, penalty {fitted.penalty:g}.")
        self.stdout.write(f"{out}: SHA-256 of the weights {sha256_of(out / WEIGHTS)}")

    def _say(self, done: int, of: int) -> None:
        self.stdout.write(f"{done} of {of} texts have vectors")
        self.stdout.flush()


def _replace(out: Path, write: Callable[[Path], None]) -> None:
    """Written beside and renamed: a stop in between leaves the old folder, or none, never half of one."""
    beside = out.with_name(f".partial-{out.name}")
    if beside.exists():
        shutil.rmtree(beside)
    write(beside)
    if out.exists():
        shutil.rmtree(out)
    beside.rename(out)

"""``manage.py train_adapter``: train an adapter from the command line, as the training worker does.

    manage.py train_adapter --name my-adapter
    manage.py train_adapter --name my-adapter --set epochs=4 learning_rate=0.0003 --examples more.jsonl
    manage.py train_adapter --name my-adapter --parent its-first --edits --set learning_rate=0.0003
    manage.py train_adapter --name my-adapter --search 30      first looks for learning rate, rank and epochs
    manage.py train_adapter --workspace my-shop --label Spring      the same as "Training" does in the browser
    manage.py train_adapter --workspace my-shop --brand Acme        of what people did, only with one brand's copy
    torchrun --nproc-per-node 2 manage.py train_adapter --name my-adapter      several GPUs or machines

With ``--workspace`` it learns from the workspace's own data too and ends in a staged version of it; without one, from files and
in a folder. A training that was stopped or killed goes on from its last checkpoint when the same command is given again; a search that
was goes on after its last trial.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from copystudio.db import JobStatus
from copystudio.errors import InvalidInputError, StudioError
from generation.engine.adapters import check_adapter
from generation.engine.errors import EngineError
from generation.engine.folders import check_folder
from generation.engine.manifest import sha256_of
from generation.engine.training.adapter_folder import WEIGHTS, Lineage
from generation.engine.training.config import TrainConfig
from generation.engine.training.dataset import PreferencePair, TrainingExample, is_held_out, read_lines
from generation.management.folders import model_folder
from generation.management.foreground import step_line, workspace_train
from generation.selectors.training_words import training_error
from generation.services.lineage import base_sha256, code_revision
from generation.services.training_data import Split, split, starter_edits, starter_examples, starter_reads
from generation.services.turn import Turn, compute_turn

if TYPE_CHECKING:
    from generation.engine.training.distributed import World
    from generation.engine.training.job import TrainingJob
    from generation.engine.training.search import Trial

TEMPLATE = "brief-1"
NAMES = ", ".join(sorted(item.name for item in fields(TrainConfig)))


class Command(BaseCommand):
    help = "Train an adapter for a workspace, or on the starter corpus and files of examples, and write it into MODEL_ROOT."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--name", help="name of the adapter's folder in MODEL_ROOT")
        what.add_argument("--workspace", metavar="SLUG", help="short name of a workspace that gets a staged version")
        parser.add_argument(
            "--label", default="", help="with --workspace: name of the training, else its date and time"
        )
        parser.add_argument(
            "--brand", default="", help="with --workspace: learn only from the copy of this brand's campaigns"
        )
        parser.add_argument(
            "--base",
            help=f"folder of the base model in MODEL_ROOT; without it {settings.STARTER_MODEL}, with --workspace the one that "
            "its active version has",
        )
        parser.add_argument("--parent", help="adapter folder in MODEL_ROOT to go on from")
        parser.add_argument(
            "--examples", nargs="*", default=[], help="files of examples, a JSON object a line, beside the corpus"
        )
        parser.add_argument("--pairs", nargs="*", default=[], help="files of preference pairs, the same way")
        parser.add_argument("--without-corpus", action="store_true", help="leave the starter corpus out")
        parser.add_argument(
            "--corpus-share",
            type=float,
            default=1.0,
            metavar="SHARE",
            help="how much of the starter corpus is learned, 0 to 1: what a parent has learned need not be learned again in full",
        )
        parser.add_argument(
            "--edits", action="store_true", help="learn from what editors made of the starter's own drafts as well"
        )
        parser.add_argument(
            "--reads", metavar="ADAPTER", help="learn as pairs which drafts of this starter adapter readers found fit"
        )
        parser.add_argument(
            "--set", nargs="*", default=[], metavar="NAME=VALUE", help=f"settings of the training: {NAMES}"
        )
        parser.add_argument(
            "--search",
            type=float,
            metavar="MINUTES",
            help="search that long for learning rate, rank and epochs before training; what --set says of them is one of "
            "the candidates, and its epochs are the most",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            config = config_of(options["set"])
            if options["search"] is not None:
                config = replace(config, search_minutes=options["search"])
            if options["workspace"] is None:
                if options["brand"]:
                    raise ValueError("files are of no brand: --brand goes with --workspace")
                self._train_files(options, config)
            else:
                self._train_workspace(options, config)
        except StudioError as error:
            raise CommandError(_sentence(error)) from error
        except (EngineError, ValueError, TypeError, OSError) as error:
            raise CommandError(str(error)) from error

    def _train_workspace(self, options: dict[str, Any], config: TrainConfig) -> None:
        if any(options[name] for name in ("examples", "pairs", "edits", "reads")):
            raise ValueError(
                "a workspace learns from its own data: --examples, --pairs, --edits and --reads go with --name"
            )
        if os.environ.get("WORLD_SIZE", "1") != "1":
            raise ValueError("a workspace is trained by one process: without torchrun")
        run = workspace_train(
            slug=options["workspace"],
            label=options["label"],
            config=config,
            base=options["base"] or "",
            parent=options["parent"] or "",
            with_corpus=not options["without_corpus"],
            scope=options["brand"],
            say=self._write,
        )
        if run.status == JobStatus.CANCELLED:
            raise CommandError("The training was cancelled; its last checkpoint is kept.")
        if run.version is None:
            detail = run.error_params.get("detail", "")
            raise CommandError(" ".join(filter(None, [*training_error(run.error_code), detail])))
        self._write(f"{run.version} is staged. {run.version.folder}: SHA-256 {run.version.adapter_sha256}")

    def _train_files(self, options: dict[str, Any], config: TrainConfig) -> None:
        from generation.engine.training.distributed import World
        from generation.engine.training.job import TrainingJob

        root, target = Path(settings.MODEL_ROOT), model_folder(options["name"])
        base = model_folder(settings.STARTER_MODEL if options["base"] is None else options["base"])
        parent = model_folder(options["parent"]) if options["parent"] else None
        data = self._data(options)
        check_folder(base, root)
        if parent is not None:
            check_adapter(parent, root)
        world = World.join()
        job = TrainingJob(
            model_root=root,
            base=base,
            work=root / ".training" / target.name,
            target=target,
            data=_training_data(data),
            config=config,
            lineage=_lineage(base, parent, data, config),
            parent=parent,
        )
        if world.is_first:
            self._write(f"{len(data.examples)} examples, {len(data.held_out)} held out, {data.counts}")
        # of processes that train together one holds the turn for all: the others would wait for it
        with compute_turn() if world.is_first else nullcontext() as turn:
            if config.search_minutes:
                job = self._searched(job, world, turn)
            result, digest = job.run(
                lambda progress, model: self._say(progress, world.is_first) or _step_aside(turn),
                world,
                between=lambda: _step_aside(turn),
            )
        if world.is_first:
            self._write(f"Held-out loss {result.held_out:.4f} after {result.state.step} steps.")
            self._write(f"{job.target.name}: SHA-256 {digest}")

    def _data(self, options: dict[str, Any]) -> Split:
        examples = [] if options["without_corpus"] else some_of(starter_examples(), options["corpus_share"])
        examples += [one for name in options["examples"] for one in read_lines(Path(name), TrainingExample)]
        pairs = [one for name in options["pairs"] for one in read_lines(Path(name), PreferencePair)]
        if options["edits"]:
            edited, preferred = starter_edits()
            examples, pairs = [*examples, *edited], [*pairs, *preferred]
        if options["reads"]:
            pairs += starter_reads(options["reads"])
        return split(examples, pairs)

    def _searched(self, job: TrainingJob, world: World, turn: Turn | None) -> TrainingJob:
        """The job with what the search found. Processes that train together would each run out of time elsewhere."""
        from generation.engine.training.trial import searched

        if world.size > 1:
            raise ValueError("a search runs in one process: search without torchrun, then --set what it found")
        found = searched(
            job, on_trial=self._say_trial, should_stop=lambda: _step_aside(turn), between=lambda: _step_aside(turn)
        )
        self._write(f"Searched: {_found(found.config)} epochs={found.config.epochs}")
        return found

    def _say_trial(self, trial: Trial) -> None:
        losses = ", ".join(f"{loss:.4f}" for loss in trial.losses)
        self._write(
            f"trial {_found(trial.config)}: {trial.examples} examples, {trial.seconds:.0f} s, held-out {losses}"
        )

    def _say(self, progress: Any, is_first: bool) -> bool:
        if is_first and (progress.evaluated or progress.step % 10 == 0):
            self._write(
                step_line(
                    step=progress.step,
                    steps=progress.steps,
                    loss=progress.loss,
                    held_out=progress.held_out,
                    rate=progress.tokens_per_second,
                    left=progress.seconds_left,
                )
            )
        return False

    def _write(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _step_aside(turn: Turn | None) -> bool:
    """Let whoever waits compute first. Never a wish to stop."""
    if turn is not None:
        turn.step_aside()
    return False


def _sentence(error: StudioError) -> str:
    """What was refused; of input, field by field."""
    fields = error.fields if isinstance(error, InvalidInputError) else {}
    named = [f"{name}: {' '.join(map(str, texts))}" for name, texts in fields.items()]
    return " ".join(named) or str(error.message)


def _found(config: TrainConfig) -> str:
    return f"learning_rate={config.learning_rate:g} rank={config.rank} alpha={config.alpha:g}"


def config_of(pairs: Sequence[str]) -> TrainConfig:
    """Settings from NAME=VALUE. Raises `ValueError` for an unknown name, a broken value or one out of range."""
    known = NAMES.split(", ")
    values: dict[str, Any] = {}
    for pair in pairs:
        name, found, value = pair.partition("=")
        if not found or name not in known:
            raise ValueError(f"{pair}: NAME=VALUE expected, NAME one of {NAMES}")
        try:
            values[name] = json.loads(value)
        except ValueError as error:
            raise ValueError(f"{pair}: {value} is no number") from error
    return TrainConfig.from_dict(values)


def some_of(examples: Sequence[TrainingExample], share: float) -> list[TrainingExample]:
    """That share of what is learned from, drawn always alike; all that is held out, in the order given. Raises `ValueError`
    for a share that is none."""
    if not 0 <= share <= 1:
        raise ValueError(f"--corpus-share {share:g}: a share is between 0 and 1")
    learned = [one.id for one in examples if not is_held_out(one.product)]
    kept = set(random.Random(0).sample(learned, round(share * len(learned))))  # noqa: S311 (no secret)
    return [one for one in examples if one.id in kept or is_held_out(one.product)]


def _training_data(data: Split) -> Any:
    from generation.engine.training.trainer import TrainingData

    return TrainingData(data.examples, data.held_out, data.pairs, data.held_out_pairs)


def _lineage(base: Path, parent: Path | None, data: Split, config: TrainConfig) -> Lineage:
    gemma = base.name == "gemma-3-270m"
    return Lineage(
        base_name=base.name,
        base_sha256=base_sha256(base),
        template=TEMPLATE,
        data_sha256=data.sha256,
        data_counts=data.counts,
        config=config.to_dict(),
        code_revision=code_revision(),
        parent="" if parent is None else sha256_of(parent / WEIGHTS),
        licence="Gemma Terms of Use" if gemma else "",
        licence_url="https://ai.google.dev/gemma/terms" if gemma else "",
    )

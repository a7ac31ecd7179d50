"""Trials of a search: train a setting on part of a job's data, measure, leave nothing behind. Imports torch."""

import gc
import math
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from generation.engine.errors import TrainingError
from generation.engine.loader import LoadedModel, load
from generation.engine.seeds import derive_seed
from generation.engine.training.config import TrainConfig
from generation.engine.training.dataset import TrainingExample
from generation.engine.training.held_out import Between
from generation.engine.training.job import TrainingJob
from generation.engine.training.journal import TRIALS
from generation.engine.training.progress import Progress
from generation.engine.training.search import RANKS, SearchRecord, Trial, candidates, search
from generation.engine.training.trainer import Trainer, TrainingData

FILE = "search.json"
MOST_HELD_OUT = 64  # examples that a trial is measured on
_NEVER = 10**9  # steps
_FOUND = ("learning_rate", "rank", "alpha", "epochs")


def searched(
    job: TrainingJob,
    *,
    on_trial: Callable[[Trial], None],
    should_stop: Callable[[], bool] = lambda: False,
    between: Between | None = None,
) -> TrainingJob:
    """The job with the learning rate, rank and epochs that a search of `config.search_minutes` finds.

    The search is recorded in the job's folder: done, it is only read; killed, it goes on after its last trial. Which trials
    there is time for depends on the machine, so two searches may end differently; a training after a search does not.
    `should_stop` is asked after every step; True ends with `TrainingStoppedError`. `between` is called between the batches
    of a measurement. A job that wishes no search, or has no example to learn from, is given back as it is.
    """
    wish = job.config
    if not wish.search_minutes or not job.data.examples:
        return replace(job, config=replace(wish, search_minutes=0.0))
    record = SearchRecord.read(job.work / FILE, _of(job))
    if record.best is None:
        record.best = _search(job, record, on_trial, should_stop, between)
        record.write(job.work / FILE)
    best = replace(record.best, threads=wish.threads)
    told = {**job.lineage.config, **{name: getattr(best, name) for name in _FOUND}}
    return replace(job, config=best, lineage=replace(job.lineage, config=told))


def _of(job: TrainingJob) -> dict[str, Any]:
    """What is searched for. On how many cores does not make it another search."""
    lineage, wish = job.lineage, job.config.identity()
    hashes = {"base": lineage.base_sha256, "data": lineage.data_sha256, "parent": lineage.parent}
    return {"wish": wish, "template": lineage.template, **hashes}


def _search(
    job: TrainingJob,
    record: SearchRecord,
    on_trial: Callable[[Trial], None],
    should_stop: Callable[[], bool],
    between: Between | None,
) -> TrainConfig:
    wish = replace(job.config, search_minutes=0.0, threads=None)
    scratch = job.work / TRIALS
    shutil.rmtree(scratch, ignore_errors=True)  # of a search that was killed

    def note(trial: Trial) -> None:
        record.trials.append(trial)
        record.write(job.work / FILE)
        on_trial(trial)

    try:
        result = search(
            candidates(wish, ranks=RANKS, has_parent=job.parent is not None),
            _part_trainer(job, scratch, should_stop, between),
            budget=60 * job.config.search_minutes,
            most_examples=len(job.data.examples),
            known=tuple(record.trials),
            on_trial=note,
        )
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        gc.collect()  # the training loads its own base: two of them need not fit
    return result.best


def _part_trainer(
    job: TrainingJob, scratch: Path, should_stop: Callable[[], bool], between: Between | None
) -> "PartTrainer":
    job.check_parent()
    return PartTrainer(
        loaded=load(job.base, model_root=job.model_root, threads=job.config.threads),
        examples=spread(job.data.examples, job.config.seed),
        held_out=spread(job.data.held_out, job.config.seed)[:MOST_HELD_OUT],
        template=job.lineage.template,
        scratch=scratch,
        start_from=job.parent,
        should_stop=should_stop,
        between=between,
    )


def spread(examples: Sequence[TrainingExample], seed: int) -> list[TrainingExample]:
    """All of them in a seeded order, every beginning of which holds the languages in nearly the shares of the whole."""
    draw = random.Random(derive_seed(seed, "search"))  # noqa: S311 (no secret)
    ordered = sorted(examples, key=lambda one: one.id)
    draw.shuffle(ordered)
    by_language: dict[str, list[TrainingExample]] = {}
    for one in ordered:
        by_language.setdefault(one.brief.language, []).append(one)
    placed = [((at + 0.5) / len(group), one) for group in by_language.values() for at, one in enumerate(group)]
    return [one for _, one in sorted(placed, key=lambda pair: pair[0])]


@dataclass(frozen=True, slots=True)
class PartTrainer:
    """Trains settings, one after the other, each with a fresh adapter over one base, which is as before afterwards.

    examples  of which a trial takes the first
    scratch   folder for what a trainer writes; a trial removes its own
    """

    loaded: LoadedModel
    examples: Sequence[TrainingExample]
    held_out: Sequence[TrainingExample]
    template: str
    scratch: Path
    start_from: Path | None = None
    should_stop: Callable[[], bool] = lambda: False
    between: Between | None = None

    def __call__(self, config: TrainConfig, examples: int) -> list[float]:
        """The held-out loss in nats per token after each epoch, up to the first that brought nothing; [inf] for a
        training whose loss became no number. Raises `TrainingStoppedError` when asked to stop."""
        steps = 0

        def on_step(progress: Progress) -> bool:
            nonlocal steps
            steps = progress.step
            return self.should_stop()

        self.scratch.mkdir(parents=True, exist_ok=True)
        name = f"rank-{config.rank}-rate-{config.learning_rate:g}-examples-{examples}-"
        with _as_before(self.loaded), tempfile.TemporaryDirectory(dir=self.scratch, prefix=name) as folder:
            trainer = Trainer(
                loaded=self.loaded,
                data=TrainingData(self.examples[:examples], self.held_out),
                config=_for_a_trial(config),
                folder=Path(folder),
                template=self.template,
                on_step=on_step,
                start_from=self.start_from,
                between=self.between,
            )
            try:
                history = trainer.run().state.history
            except TrainingError:
                if not steps:
                    raise  # before the first step no setting can be to blame
                return [math.inf]
            finally:
                trainer.adapter.model.unload()
        return [entry["held_out"] for entry in history if entry["step"]]


def _for_a_trial(config: TrainConfig) -> TrainConfig:
    """Without pairs, measured once an epoch, ended by an epoch that brings nothing, with the fewest checkpoints."""
    return replace(config, preference_epochs=0, evaluations=1, patience=1, checkpoint_every=_NEVER, time_budget=None)


@contextmanager
def _as_before(loaded: LoadedModel) -> Iterator[None]:
    """Takes off the hooks that a trial's adapter put on the embeddings; each would keep its adapter in memory."""
    hooks = loaded.model.get_input_embeddings()._forward_hooks
    before = set(hooks)
    try:
        yield
    finally:
        for key in set(hooks) - before:
            del hooks[key]

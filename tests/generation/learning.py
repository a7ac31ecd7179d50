"""What a workspace learns from, for tests: a few examples in the tiny model's own words, in place of corpus and use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from copystudio.db import JobStatus
from copystudio.models import Workspace
from copystudio.services.jobs import job_cancel
from generation.engine.training.config import TrainConfig
from generation.engine.training.dataset import PreferencePair, Source, TrainingExample
from generation.models import Evaluation, LanguageModel, ModelVersion, TrainingRun
from generation.services.evaluation import evaluation_execute, evaluation_start
from generation.services.registry import model_version_delete
from generation.services.train import training_execute
from generation.services.training import training_start
from tests.generation.engine.training.conftest import example_for, pair_for
from tests.people import Cast

CORPUS = 24  # examples; those about mug and watch are held out: 4 of them
QUICK = TrainConfig(
    epochs=2,
    batch_size=4,
    learning_rate=0.02,
    rank=4,
    alpha=8.0,
    checkpoint_every=3,
    evaluations=1,
    patience=0,
    preference_epochs=0,
    seed=7,
)
STEPS = 10  # 20 examples, 4 at a time, twice


@dataclass
class Learned:
    """What ``settings.TRAINING_DATA`` and ``settings.STARTER_CORPUS`` give in a test; a test may change it."""

    corpus: list[TrainingExample] = field(default_factory=lambda: [example_for(n) for n in range(CORPUS)])
    examples: list[TrainingExample] = field(default_factory=list)
    pairs: list[PreferencePair] = field(default_factory=list)
    excluded: dict[str, int] = field(default_factory=dict)
    windows: list[tuple[datetime | None, datetime]] = field(default_factory=list)
    parts: list[tuple[str, str]] = field(default_factory=list)
    scopes: list[str] = field(default_factory=list)


LEARNED = Learned()


def collect(*, workspace: Workspace, since: datetime | None, until: datetime, scope: str) -> Learned:
    LEARNED.windows.append((since, until))
    LEARNED.scopes.append(scope)
    return LEARNED


def scopes(workspace: Workspace) -> list[tuple[str, str]]:
    return LEARNED.parts


def corpus() -> list[TrainingExample]:
    return list(LEARNED.corpus)


def reads(by: str = "") -> list[PreferencePair]:
    return []


def used(number: int, **values: Any) -> TrainingExample:
    """An example from use, like that of the corpus."""
    return replace(example_for(number), id=f"revision/{number}", **{"source": Source.APPROVED, **values})


def pairs(numbers: Sequence[int]) -> list[PreferencePair]:
    return [pair_for(number) for number in numbers]


def base_of(cast: Cast) -> LanguageModel:
    return LanguageModel.objects.get(workspace=cast.workspace)


def active_of(cast: Cast) -> ModelVersion:
    return ModelVersion.objects.get(workspace=cast.workspace, status=ModelVersion.Status.ACTIVE)


def other_weights(folder: Path) -> None:
    """Put weights of the same shapes in place of the base's."""
    from safetensors.torch import load_file, save_file

    path = folder / "model.safetensors"
    save_file({name: tensor * 0.5 for name, tensor in load_file(path).items()}, path, metadata={"format": "pt"})


def start(cast: Cast, **values: Any) -> TrainingRun:
    """A queued training run by the admin."""
    data = {"label": "Spring", "language_model": base_of(cast), "config": QUICK}
    run, _is_new = training_start(actor=cast.admin, workspace=cast.workspace, **{**data, **values})
    return run


def train(cast: Cast, **values: Any) -> ModelVersion:
    """A staged version that was really trained."""
    run = start(cast, **values)
    training_execute(run_id=run.pk)
    run.refresh_from_db()
    assert run.version is not None, (run.status, run.error_code, run.error_params)
    return run.version


def delete(cast: Cast, version: ModelVersion) -> ModelVersion:
    """Delete the version, after its evaluation was called off."""
    for evaluation in Evaluation.objects.filter(version=version, status=JobStatus.QUEUED):
        job_cancel(actor=cast.admin, job=evaluation)
    return model_version_delete(actor=cast.admin, version=version)


def evaluate(cast: Cast, version: ModelVersion) -> Evaluation:
    """A finished evaluation of the version."""
    evaluation = evaluation_start(actor=cast.admin, version=version)
    evaluation_execute(evaluation_id=evaluation.pk)
    evaluation.refresh_from_db()
    return evaluation

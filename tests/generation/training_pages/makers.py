"""Training runs in any state, as the worker leaves them, and a corpus of a few texts."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from campaigns.services.starter_corpus import starter_examples
from copystudio.db import JobStatus
from copystudio.services.jobs import job_claim, job_end
from generation.engine.training.config import TrainConfig
from generation.engine.training.dataset import TrainingExample
from generation.models import LanguageModel, ModelVersion, TrainingPoint, TrainingRun, TrainingSample
from generation.services.registry import next_number
from generation.services.training_log import note
from tests.people import Cast

HTMX = {"HX-Request": "true"}
BRIEF = {
    "product_title": "Rain jacket",
    "language": "en",
    "channel": {"key": "push", "name": "Push notice", "unit": "characters", "limit": 60},
    "segment": {"name": "Hikers"},
}


@lru_cache(maxsize=1)
def few_examples() -> list[TrainingExample]:
    """Some texts of every category of the starter corpus, for both sides of the split: named by STARTER_CORPUS where
    learning all of it would only take time."""
    examples = starter_examples()
    return examples[:: len(examples) // 60][:60]


def base_of(cast: Cast) -> LanguageModel:
    return LanguageModel.objects.filter(workspace=cast.workspace).earliest("pk")


def make_training(cast: Cast, **values: Any) -> TrainingRun:
    """A queued run of the admin."""
    given = {
        "workspace": cast.workspace,
        "created_by": cast.admin,
        "language_model": base_of(cast),
        "label": "Autumn",
        "config": TrainConfig(seed=7).to_dict(),
        "template": "brief-1",
        "data_sha256": "a" * 64,
        "data_counts": {"starter": 40, "approved": 12, "edit_over_draft": 5},
        "excluded": {"no_product": 3, "near_duplicate": 2, "personal_data_masked": 1},
    }
    return TrainingRun.objects.create(**{**given, **values})


def running(run: TrainingRun, **values: Any) -> TrainingRun:
    """Claimed by a worker, and with ``values`` as its steps left them."""
    claimed = job_claim(TrainingRun, run.pk)
    assert claimed is not None
    TrainingRun.objects.filter(pk=run.pk).update(**{"step": "examples", "done": 20, "total": 100, **values})
    claimed.refresh_from_db()
    return claimed


def ended(run: TrainingRun, status: JobStatus = JobStatus.SUCCEEDED, code: str = "", **params: Any) -> TrainingRun:
    claimed = run if run.status == JobStatus.RUNNING else running(run)
    return job_end(claimed, status, code=code, params=params)


def make_version(cast: Cast, **values: Any) -> ModelVersion:
    """A staged version with an adapter."""
    given = {
        "workspace": cast.workspace,
        "language_model": base_of(cast),
        "number": next_number(cast.workspace),
        "prompt_template": "brief-1",
        "folder": f"adapter-{next_number(cast.workspace)}",
        "name": "Autumn",
        "lineage": {"config": {"rank": 16, "alpha": 32.0}, "code_revision": "0123abc"},
    }
    return ModelVersion.objects.create(**{**given, **values})


def trained(cast: Cast, **values: Any) -> TrainingRun:
    """A run that succeeded, with its version."""
    run = ended(make_training(cast, **values))
    TrainingRun.objects.filter(pk=run.pk).update(version=make_version(cast), best_loss=1.8321)
    run.refresh_from_db()
    return run


def write_points(run: TrainingRun, count: int, *, every: int = 10) -> None:
    """``count`` steps, the held-out loss measured each ``every`` of them."""
    TrainingPoint.objects.bulk_create(
        TrainingPoint(
            workspace_id=run.workspace_id,
            run=run,
            step=step,
            loss=3 - step / count,
            held_out=3.1 - step / count if step % every == 0 else None,
            tokens_per_second=300,
        )
        for step in range(1, count + 1)
    )


def write_samples(run: TrainingRun, *steps: int) -> None:
    TrainingSample.objects.bulk_create(
        TrainingSample(workspace_id=run.workspace_id, run=run, step=step, position=0, brief=BRIEF, text=f"Dry after {step}")
        for step in steps
    )  # fmt: skip


def write_log(run: TrainingRun) -> None:
    note(run, "frozen", examples=1800, held_out=220)
    note(run, "started", attempt=1)

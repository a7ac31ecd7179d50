"""The search for settings that a training run may wish before it trains, told in the run's log."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.db import transaction

from copystudio.services.jobs import job_progress, job_still_mine
from generation.models import TrainingLine, TrainingRun
from generation.services.between_steps import between_steps
from generation.services.turn import Turn

if TYPE_CHECKING:
    from generation.engine.training.job import TrainingJob
    from generation.engine.training.search import Trial


def settings_search(run: TrainingRun, job: TrainingJob, turn: Turn, between: Callable[[], object]) -> TrainingJob:
    """The job with what a search found, or as it is when none is wished.

    A search that is done is not made again, one that was killed goes on. A wish to cancel ends it within a step, with
    ``TrainingStoppedError``; between two steps others compute. ``between`` is called between the batches of a measurement.
    """
    from generation.engine.training.trial import searched  # torch

    job_progress(run, done=run.done, step="searching")
    found = searched(
        job,
        on_trial=lambda trial: _tell_trial(run, trial),
        should_stop=lambda: between_steps(run, turn),
        between=between,
    )
    config = found.config
    _tell(run, "searched", learning_rate=f"{config.learning_rate:g}", rank=config.rank, epochs=config.epochs)
    return found


def _tell_trial(run: TrainingRun, trial: Trial) -> None:
    config = trial.config
    _tell(
        run,
        "tried",
        learning_rate=f"{config.learning_rate:g}",
        rank=config.rank,
        epochs=len(trial.losses),
        examples=trial.examples,
        loss=trial.held_out if math.isfinite(trial.held_out) else None,
    )


def _tell(run: TrainingRun, code: str, **params: Any) -> None:
    with transaction.atomic():
        job_still_mine(run)
        TrainingLine.objects.create(workspace_id=run.workspace_id, run=run, code=code, params=params)

"""The log of a training: codes and parameters, which its page says in the reader's language."""

from __future__ import annotations

from typing import Any

from copystudio.db import JobStatus
from generation.models import TrainingLine, TrainingRun


def note(run: TrainingRun, code: str, **params: Any) -> None:
    """A line for the run's log."""
    TrainingLine.objects.create(workspace_id=run.workspace_id, run=run, code=code, params=params)


def note_end(run: TrainingRun) -> None:
    """That the run was cancelled or failed, for the log of a run that is resumed later. What succeeds notes its loss itself."""
    if run.status == JobStatus.CANCELLED:
        note(run, "cancelled" if run.done else "cancelled_early")
    elif run.status == JobStatus.FAILED:
        note(run, "failed")

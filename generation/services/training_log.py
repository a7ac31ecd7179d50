"""The log of a training: codes and parameters, which its page says in the reader's language."""

from __future__ import annotations

from typing import Any

from copystudio.db import JobStatus
from generation.models import TrainingLine, TrainingRun


def note(run: TrainingRun, code: str, **params: Any) -> None:
    """A line for the run's log."""
    TrainingLine.objects.create(workspace_id=run.workspace_id, run=run, code=code, params=params)


def end_code(run: TrainingRun) -> str:
    """What the log says of the end of a run that was cancelled or failed; empty for others: what succeeds notes its loss itself."""
    if run.status == JobStatus.CANCELLED:
        return "cancelled" if run.done else "cancelled_early"
    return "failed" if run.status == JobStatus.FAILED else ""


def note_end(run: TrainingRun) -> None:
    """Kept in the log, which goes on where the run is resumed."""
    if code := end_code(run):
        note(run, code)

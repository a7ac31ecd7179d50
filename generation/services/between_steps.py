"""What a training does between two steps of long work that writes nothing into the database."""

from __future__ import annotations

from django.db import transaction

from copystudio.services.jobs import job_still_mine
from generation.models import TrainingRun
from generation.services.turn import Turn


def between_steps(run: TrainingRun, turn: Turn) -> bool:
    """Make sure that the run is still ours, let others compute, and say whether somebody wishes that it stops."""
    with transaction.atomic():
        current = job_still_mine(run)
    turn.step_aside()
    return current.cancel_requested_at is not None

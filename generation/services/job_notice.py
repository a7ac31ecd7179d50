"""What the end of a training run or an evaluation means besides: admins are told, and a training's log says it."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from copystudio.db import Job, JobStatus
from copystudio.models import Membership, Role
from copystudio.services.notification import notify
from generation.models import Evaluation, TrainingRun
from generation.services.training_log import note_end


def training_ended(run: TrainingRun) -> None:
    """In the transaction that ends the run, whoever ends it. A cancelled one is no news: an admin asked for it."""
    note_end(run)
    if run.status != JobStatus.CANCELLED:
        _tell(run, f"training.{run.status}", {"label": run.label}, "generation:training_detail")


def evaluation_ended(evaluation: Evaluation) -> None:
    """The same of an evaluation: admins wait for its figures before they promote the version."""
    if evaluation.status != JobStatus.CANCELLED:
        ended = "missed" if evaluation.status == JobStatus.SUCCEEDED and not evaluation.passed else evaluation.status
        _tell(evaluation, f"evaluation.{ended}", {"version": str(evaluation.version)}, "generation:evaluation_detail")


def _tell(job: Job, code: str, params: dict[str, Any], view: str) -> None:
    admins = Membership.objects.filter(workspace_id=job.workspace_id, role=Role.ADMIN, user__is_active=True)
    notify(
        workspace=job.workspace,
        people=[membership.user for membership in admins.select_related("user")],
        code=code,
        params=params,
        url=reverse(view, args=[job.workspace.slug, job.pk]),
    )

"""Telling admins how a training run ended."""

from __future__ import annotations

from django.urls import reverse

from copystudio.db import JobStatus
from copystudio.models import Membership, Role
from copystudio.services.notification import notify
from generation.models import TrainingRun


def training_ended(run: TrainingRun) -> None:
    """In the transaction that ends the run, whoever ends it. A cancelled one is no news: an admin asked for it."""
    if run.status == JobStatus.CANCELLED:
        return
    admins = Membership.objects.filter(workspace_id=run.workspace_id, role=Role.ADMIN, user__is_active=True)
    notify(
        workspace=run.workspace,
        people=[membership.user for membership in admins.select_related("user")],
        code=f"training.{run.status}",
        params={"label": run.label},
        url=reverse("generation:training_detail", args=[run.workspace.slug, run.pk]),
    )

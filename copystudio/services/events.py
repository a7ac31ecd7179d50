"""Writing the audit log."""

from __future__ import annotations

from typing import Any

from django.db import models

from copystudio.models import Event, User, Workspace


def event_record(
    *, actor: User | None, workspace: Workspace, verb: str, target: models.Model, data: dict[str, Any] | None = None
) -> Event:
    """Record one change. Call it inside the transaction of the change itself."""
    return Event.objects.create(
        workspace=workspace,
        actor=actor,
        verb=verb,
        object_type=target._meta.model_name or "",
        object_id=target.pk,
        object_label=str(target)[:200],
        data=data or {},
    )

"""Writing the audit log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import models

from copystudio.models import Event, User, Workspace

_through: ContextVar[dict[str, Any]] = ContextVar("through", default={})  # noqa: B039 (never changed, only replaced)


@contextmanager
def events_through(**data: Any) -> Iterator[None]:
    """Every event recorded in the block says through what its actor acted, such as an API client."""
    token = _through.set({**_through.get(), **data})
    try:
        yield
    finally:
        _through.reset(token)


def event_record(
    *, actor: User | None, workspace: Workspace, verb: str, target: models.Model, data: dict[str, Any] | None = None
) -> Event:
    """Record one change. Call it inside the transaction of the change itself."""
    event = event_of(actor=actor, workspace=workspace, verb=verb, target=target, data=data)
    event.save(force_insert=True)
    return event


def event_of(
    *, actor: User | None, workspace: Workspace, verb: str, target: models.Model, data: dict[str, Any] | None = None
) -> Event:
    """The event, unsaved: for who records many at once."""
    return Event(
        workspace=workspace,
        actor=actor,
        verb=verb,
        object_type=target._meta.model_name or "",
        object_id=target.pk,
        object_label=str(target)[:200],
        data={**_through.get(), **(data or {})},
    )

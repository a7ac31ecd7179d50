"""What people say of themselves."""

from __future__ import annotations

from copystudio.models import User


def person_change(*, actor: User, name: str | None = None, language: str | None = None) -> User:
    """Change the own name or language; None leaves it. No workspace's business, so no workspace's audit log has it."""
    values = {field: value for field, value in (("name", name), ("language", language)) if value is not None}
    for field, value in values.items():
        setattr(actor, field, value)
    actor.save(update_fields=list(values))
    return actor

"""What people say of themselves."""

from __future__ import annotations

from copystudio.models import User


def person_change(
    *, actor: User, name: str | None = None, language: str | None = None, email_notifications: bool | None = None
) -> User:
    """Change the own name or language, or whether notifications come by e-mail too; None leaves it.

    No workspace's business, so no workspace's audit log has it.
    """
    given = {"name": name, "language": language, "email_notifications": email_notifications}
    values = {field: value for field, value in given.items() if value is not None}
    for field, value in values.items():
        setattr(actor, field, value)
    actor.save(update_fields=list(values))
    return actor

"""The first start: one admin with a one-time password, one empty workspace, one demonstration."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import connection, transaction
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from copystudio.models import User, Workspace
from copystudio.services.member import password_generate
from copystudio.services.workspace import workspace_create

ADMIN_EMAIL = "admin@example.com"
FIRST_START_LOCK = 0x436F7079  # an advisory lock: two first starts at once make one admin


@dataclass(frozen=True)
class FirstStart:
    """What to print once."""

    email: str
    password: str


def bootstrap() -> FirstStart | None:
    """Create the first admin and workspace. None, and nothing done, where anybody exists already."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [FIRST_START_LOCK])
        if User.objects.exists() or Workspace.objects.exists():
            return None
        password = password_generate()
        admin = User.objects.create_user(email=ADMIN_EMAIL, password=password, name=_("Admin"))
        workspace_create(actor=None, slug="my-shop", name=_("My shop"), admin=admin)
        if settings.DEMO_LOADER:
            import_string(settings.DEMO_LOADER)(admin=admin)
        return FirstStart(email=ADMIN_EMAIL, password=password)


def admin_reset() -> FirstStart:
    """A new one-time password for the first admin, for whoever has the machine but lost the password."""
    with transaction.atomic():
        people = User.objects.filter(memberships__role="admin", is_active=True)
        real = people.exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX)  # a demonstration's people never sign in
        admin = real.select_for_update(of=("self",)).order_by("id").first()
        if admin is None:
            raise LookupError("there is no active admin")
        password = password_generate()
        admin.set_password(password)
        admin.save(update_fields=["password"])
        return FirstStart(email=admin.email, password=password)


def superuser_set(*, email: str, is_superuser: bool) -> User:
    """Let a person into the Django admin, or out of it, for whoever has the machine. Raises LookupError for nobody."""
    with transaction.atomic():
        user = User.objects.select_for_update().filter(email=email.strip().lower(), is_active=True).first()
        if user is None:
            raise LookupError(f"there is no active person with the address {email}")
        user.is_superuser = is_superuser
        user.save(update_fields=["is_superuser"])
        return user

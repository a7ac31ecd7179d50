"""Making a workspace, and removing a demonstration."""

from __future__ import annotations

import shutil
from functools import partial

from django.apps import apps
from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.core.files.storage import Storage
from django.db import connection, transaction
from django.db.models import FileField
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from copystudio.access import require
from copystudio.db import locked
from copystudio.errors import TransitionError
from copystudio.models import Membership, Role, User, Workspace
from copystudio.services.events import event_record
from copystudio.services.member import sign_out_for_good


def workspace_create(*, actor: User | None, slug: str, name: str, admin: User, is_demo: bool = False) -> Workspace:
    """A furnished workspace (channels, starter model) with its first admin. ``actor`` is None at the first start."""
    with transaction.atomic():
        workspace = Workspace.objects.create(slug=slug, name=name, is_demo=is_demo)
        Membership.objects.create(workspace=workspace, user=admin, role=Role.ADMIN)
        for path in settings.WORKSPACE_SETUP:
            import_string(path)(workspace=workspace)
        event_record(actor=actor, workspace=workspace, verb="workspace.create", target=workspace)
        return workspace


def workspace_remove_demo(*, actor: User, workspace: Workspace) -> None:
    """Delete a demonstration with everything in it, and its invented people. Other workspaces cannot be deleted so."""
    with transaction.atomic():
        row = locked(Workspace, children=True, pk=workspace.pk)
        require(actor=actor, workspace=row, role=Role.ADMIN)
        if not row.is_demo:
            raise TransitionError(_("Only a demonstration can be removed."))
        invented = list(
            User.objects.filter(memberships__workspace=row, password__startswith=UNUSABLE_PASSWORD_PREFIX)
            .exclude(memberships__workspace__is_demo=False)
            .values_list("pk", flat=True)
        )
        others = list(row.memberships.exclude(user=actor).exclude(user__in=invented).values_list("user", flat=True))
        files = _files_of(row)
        folders = [folder for path in settings.WORKSPACE_FOLDERS for folder in import_string(path)(workspace=row)]
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL copystudio.erasing = 'on'")
        row.delete()
        User.objects.filter(pk__in=invented).delete()
        for user in User.objects.filter(pk__in=others, memberships__isnull=True):
            sign_out_for_good(user)
        transaction.on_commit(partial(_delete_files, files))
        for folder in folders:
            transaction.on_commit(partial(shutil.rmtree, folder, ignore_errors=True))


def _delete_files(files: list[tuple[Storage, str]]) -> None:
    for storage, name in files:
        storage.delete(name)


def _files_of(workspace: Workspace) -> list[tuple[Storage, str]]:
    """Every uploaded file of the workspace, whichever table has it."""
    found = []
    for model in apps.get_models():
        names = {field.name: field for field in model._meta.concrete_fields}
        if "workspace" not in names:
            continue
        for field in names.values():
            if isinstance(field, FileField):
                uploaded = model._default_manager.filter(workspace=workspace).exclude(**{field.name: ""})
                found += [(field.storage, name) for name in uploaded.values_list(field.name, flat=True)]
    return found

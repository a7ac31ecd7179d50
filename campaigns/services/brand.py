"""Writing brands."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from campaigns.models import Brand
from campaigns.services.copy_check import clash_text, words_clash
from copystudio.access import require
from copystudio.db import locked
from copystudio.errors import InvalidInputError
from copystudio.models import Role, User, Workspace
from copystudio.services.events import event_record
from generation.models import ModelVersion

FIELDS = ("name", "voice", "tone", "must_words", "never_words", "good_examples", "bad_examples")


def brand_save(*, actor: User, workspace: Workspace, brand: Brand | None = None, **values: Any) -> Brand:
    """Create a brand, or change one; ``values`` are fields of ``FIELDS``, and ``model_version``, which admins choose.

    Raises NotPermittedError where somebody else changes the version, InvalidInputError with fields, also where its words
    exclude each other.
    """
    try:
        with transaction.atomic():
            require(actor=actor, workspace=workspace, role=Role.COPYWRITER)
            row = locked(Brand, pk=brand.pk, workspace=workspace) if brand else Brand(workspace=workspace)
            words = row.must_words, row.never_words
            for field in FIELDS:
                if field in values:
                    setattr(row, field, values[field])
            clash = words_clash(row.must_words, row.never_words)
            if clash and (row.must_words, row.never_words) != words:  # what was saved before this was asked stays
                raise InvalidInputError(fields={"never_words": [clash_text(clash)]})
            version = values.get("model_version", row.model_version)
            chosen = _choose_version(actor=actor, brand=row, version=version)
            row.save()
            verb = "brand.change" if brand else "brand.create"
            event_record(actor=actor, workspace=workspace, verb=verb, target=row, data=chosen)
            return row
    except IntegrityError as error:
        if "campaigns_brand_name" not in str(error):
            raise
        raise InvalidInputError(fields={"name": [_("There is already a brand of this name.")]}) from None


def _choose_version(*, actor: User, brand: Brand, version: ModelVersion | None) -> dict[str, Any]:
    """Let ``version`` write for the brand, None: the active one. Returns what the event says of the change.

    The version stays locked until the brand is saved: who deletes it waits, and then finds the brand.
    """
    if version == brand.model_version:
        return {}
    require(actor=actor, workspace=brand.workspace, role=Role.ADMIN)
    if version is not None:
        current = ModelVersion.objects.select_for_update().filter(pk=version.pk, workspace=brand.workspace).first()
        if current is None:
            raise InvalidInputError(fields={"model_version": [_("This belongs to another workspace.")]})
        if current.status == ModelVersion.Status.DELETED:
            raise InvalidInputError(fields={"model_version": [_("The files of this version were deleted.")]})
    brand.model_version = version
    return {"model_version": version.pk if version else None}

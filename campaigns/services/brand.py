"""Writing brands."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from campaigns.models import Brand
from copystudio.access import require
from copystudio.db import locked
from copystudio.errors import InvalidInputError
from copystudio.models import Role, User, Workspace
from copystudio.services.events import event_record

FIELDS = ("name", "voice", "tone", "must_words", "never_words", "good_examples", "bad_examples")


def brand_save(*, actor: User, workspace: Workspace, brand: Brand | None = None, **values: Any) -> Brand:
    """Create a brand, or change one; ``values`` are fields of ``FIELDS``."""
    try:
        with transaction.atomic():
            require(actor=actor, workspace=workspace, role=Role.COPYWRITER)
            row = locked(Brand, pk=brand.pk, workspace=workspace) if brand else Brand(workspace=workspace)
            for field in FIELDS:
                if field in values:
                    setattr(row, field, values[field])
            row.save()
            verb = "brand.change" if brand else "brand.create"
            event_record(actor=actor, workspace=workspace, verb=verb, target=row)
            return row
    except IntegrityError as error:
        if "campaigns_brand_name" not in str(error):
            raise
        raise InvalidInputError(fields={"name": [_("There is already a brand of this name.")]}) from None

"""Writing audience segments."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from campaigns.models import AudienceSegment
from copystudio.access import require
from copystudio.db import locked
from copystudio.errors import InvalidInputError
from copystudio.models import Role, User, Workspace
from copystudio.services.events import event_record

FIELDS = ("name", "slug", "description", "interests", "words", "avoid_words", "tone")


def _free_slug(*, workspace: Workspace, name: str, own: int | None) -> str:
    """A short name for the API from the name; a Chinese name has no Latin letters to make one of."""
    stem = slugify(name)[:50] or "segment"
    others = AudienceSegment.objects.filter(workspace=workspace, slug__startswith=stem).exclude(pk=own or 0)
    taken = set(others.values_list("slug", flat=True))
    return next(slug for n in range(1, len(taken) + 2) if (slug := stem if n == 1 else f"{stem}-{n}") not in taken)


def segment_save(
    *, actor: User, workspace: Workspace, segment: AudienceSegment | None = None, **values: Any
) -> AudienceSegment:
    """Create a segment, or change one; ``values`` are fields of ``FIELDS``, interests heaviest first."""
    try:
        with transaction.atomic():
            require(actor=actor, workspace=workspace, role=Role.COPYWRITER)
            if segment:
                row = locked(AudienceSegment, pk=segment.pk, workspace=workspace)
            else:
                row = AudienceSegment(workspace=workspace)
            for field in FIELDS:
                if field in values:
                    setattr(row, field, values[field])
            row.interests = sorted(row.interests, key=lambda interest: -interest["weight"])
            row.slug = row.slug or _free_slug(workspace=workspace, name=row.name, own=row.pk)
            row.save()
            verb = "audiencesegment.change" if segment else "audiencesegment.create"
            event_record(actor=actor, workspace=workspace, verb=verb, target=row)
            return row
    except IntegrityError as error:
        names = {"campaigns_segment_name": "name", "campaigns_segment_slug": "slug"}
        taken = next((field for name, field in names.items() if name in str(error)), None)
        if taken is None:
            raise
        raise InvalidInputError(fields={taken: [_("There is already a segment of this name.")]}) from None

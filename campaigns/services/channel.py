"""Changing a channel's limits: a new version, never an overwrite."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models import Channel
from copystudio.access import require
from copystudio.db import locked
from copystudio.errors import ConflictError, InvalidInputError
from copystudio.models import Role, User
from copystudio.services.events import event_record


def channel_revise(
    *, actor: User, channel: Channel, soft_limit: int | None, hard_limit: int, source_url: str = ""
) -> Channel:
    """A new current version with other limits. Copy written under the old version keeps it."""
    if hard_limit < 1 or hard_limit > 100_000:
        raise InvalidInputError(fields={"hard_limit": [_("The limit must lie between 1 and 100,000.")]})
    if soft_limit is not None and not 1 <= soft_limit <= hard_limit:
        raise InvalidInputError(fields={"soft_limit": [_("The advised limit cannot be above the limit.")]})
    with transaction.atomic():
        old = locked(Channel, pk=channel.pk)
        require(actor=actor, workspace=old.workspace, role=Role.ADMIN)
        if not old.is_current:
            raise ConflictError
        Channel.objects.filter(pk=old.pk).update(is_current=False)
        new = Channel.objects.create(
            workspace=old.workspace,
            key=old.key,
            version=old.version + 1,
            platform=old.platform,
            kind=old.kind,
            name_en=old.name_en,
            name_zh=old.name_zh,
            unit=old.unit,
            soft_limit=soft_limit,
            hard_limit=hard_limit,
            source_url=source_url,
            checked_on=timezone.now().date(),
        )
        data = {"from": [old.soft_limit, old.hard_limit], "to": [soft_limit, hard_limit]}
        event_record(actor=actor, workspace=old.workspace, verb="channel.revise", target=new, data=data)
        return new

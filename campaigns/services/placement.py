"""Placements: where the shop asks for copy, and which approved copy answers."""

from __future__ import annotations

import re

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from campaigns.models import Channel, Placement, Variant
from campaigns.services.variant import delivery_changed, text_check
from copystudio.access import require
from copystudio.db import locked
from copystudio.errors import InvalidInputError, Text, TransitionError
from copystudio.models import Role, User, Workspace
from copystudio.services.events import event_record

SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")


def _check(*, workspace: Workspace, name: str, channel: Channel, fallback_text: str) -> None:
    wrong: dict[str, list[Text]] = {}
    if not name.strip() or len(name) > 120:
        wrong["name"] = [_("Give the placement a name of at most 120 characters.")]
    if channel.workspace_id != workspace.pk:
        wrong["channel"] = [_("This belongs to another workspace.")]
    elif fallback_text:
        try:
            text_check(text=fallback_text, channel=channel)
        except InvalidInputError as error:
            wrong["fallback_text"] = error.fields["text"]
    if wrong:
        raise InvalidInputError(fields=wrong)


def placement_create(
    *, actor: User, workspace: Workspace, slug: str, name: str, channel: Channel, fallback_text: str = ""
) -> Placement:
    """Make a placement. For approvers: the fallback text reaches shoppers without a review of its own."""
    try:
        with transaction.atomic():
            require(actor=actor, workspace=workspace, role=Role.APPROVER)
            if not SLUG.fullmatch(slug):
                raise InvalidInputError(
                    fields={"slug": [_("Use small letters, digits, “-” and “_”, beginning with a letter or digit.")]}
                )
            _check(workspace=workspace, name=name, channel=channel, fallback_text=fallback_text)
            row = Placement.objects.create(
                workspace=workspace, slug=slug, name=name.strip(), channel=channel, fallback_text=fallback_text
            )
            data = {"slug": slug, "channel": channel.key, "fallback_text": fallback_text}
            event_record(actor=actor, workspace=workspace, verb="placement.create", target=row, data=data)
            delivery_changed(workspace)
            return row
    except IntegrityError as error:
        if "campaigns_placement_slug" not in str(error):
            raise
        raise InvalidInputError(fields={"slug": [_("There is already a placement of this name.")]}) from None


def placement_change(
    *, actor: User, placement: Placement, name: str, channel: Channel, fallback_text: str = ""
) -> Placement:
    """Change a placement. Its name in the API stays: shops ask by it."""
    with transaction.atomic():
        row = locked(Placement, pk=placement.pk)
        require(actor=actor, workspace=row.workspace, role=Role.APPROVER)
        _check(workspace=row.workspace, name=name, channel=channel, fallback_text=fallback_text)
        if row.variant is not None and row.variant.channel.key != channel.key:
            raise InvalidInputError(
                fields={"channel": [_("The copy served here is for another channel. Stop serving it first.")]}
            )
        before = row.fallback_text
        row.name, row.channel, row.fallback_text = name.strip(), channel, fallback_text
        row.save(update_fields=["name", "channel", "fallback_text", "updated_at"])
        data = {"channel": channel.key, "fallback_before": before, "fallback_text": fallback_text}
        event_record(actor=actor, workspace=row.workspace, verb="placement.change", target=row, data=data)
        delivery_changed(row.workspace)
        return row


def placement_assign(*, actor: User, placement: Placement, variant: Variant | None) -> Placement:
    """Serve the variant's approved text from now on; None: serve the fallback text. For approvers."""
    with transaction.atomic():
        row = locked(Placement, pk=placement.pk)
        require(actor=actor, workspace=row.workspace, role=Role.APPROVER)
        chosen = None
        if variant is not None:
            # locked: nobody retires the copy between the check and the commit
            chosen = locked(Variant, pk=variant.pk)
            _check_assignable(placement=row, variant=chosen)
        before = row.variant_id
        row.variant = chosen
        row.save(update_fields=["variant", "updated_at"])
        data = {
            "before": before,
            "variant": chosen.pk if chosen else None,
            "revision": chosen.approved_revision_id if chosen else None,
        }
        event_record(actor=actor, workspace=row.workspace, verb="placement.assign", target=row, data=data)
        delivery_changed(row.workspace)
        return row


def _check_assignable(*, placement: Placement, variant: Variant) -> None:
    if variant.workspace_id != placement.workspace_id:
        raise InvalidInputError(_("This belongs to another workspace."))
    if variant.approved_revision_id is None:
        raise TransitionError(_("Only approved copy can be served. Have it approved first."))
    if variant.channel.key != placement.channel.key:
        raise InvalidInputError(_("This copy was written for another channel."))

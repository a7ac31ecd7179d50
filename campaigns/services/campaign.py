"""The life of a campaign."""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from campaigns.models import Brand, Campaign
from campaigns.models.campaign import TRANSITIONS
from campaigns.permissions import CAMPAIGN_ROLE
from campaigns.services.variant import delivery_changed
from copystudio.access import require
from copystudio.db import locked
from copystudio.errors import InvalidInputError, TransitionError
from copystudio.models import Role, User, Workspace
from copystudio.services.events import event_record


def campaign_save(
    *,
    actor: User,
    workspace: Workspace,
    campaign: Campaign | None = None,
    name: str,
    brand: Brand | None,
    goal: str = "",
    starts_on: dt.date | None = None,
    ends_on: dt.date | None = None,
) -> Campaign:
    """Create a campaign, or change one."""
    if brand is not None and brand.workspace_id != workspace.pk:
        raise InvalidInputError(fields={"brand": [_("This belongs to another workspace.")]})
    if starts_on and ends_on and ends_on < starts_on:
        raise InvalidInputError(fields={"ends_on": [_("The campaign cannot end before it starts.")]})
    try:
        with transaction.atomic():
            require(actor=actor, workspace=workspace, role=Role.COPYWRITER)
            if campaign is None:
                row, verb = Campaign(workspace=workspace, created_by=actor), "campaign.create"
            else:
                row, verb = locked(Campaign, pk=campaign.pk, workspace=workspace), "campaign.change"
            row.name, row.brand, row.goal, row.starts_on, row.ends_on = name, brand, goal, starts_on, ends_on
            row.save()
            event_record(actor=actor, workspace=workspace, verb=verb, target=row)
            return row
    except IntegrityError as error:
        if "campaigns_campaign_name" not in str(error):
            raise
        raise InvalidInputError(fields={"name": [_("There is already a campaign of this name.")]}) from None


def campaign_move(*, actor: User, campaign: Campaign, verb: str) -> Campaign:
    """Launch, pause, resume or finish: the verbs of the campaign's transition table, for approvers."""
    with transaction.atomic():
        row = locked(Campaign, pk=campaign.pk)
        require(actor=actor, workspace=row.workspace, role=CAMPAIGN_ROLE)
        sources, target = TRANSITIONS[verb]
        if row.status not in sources:
            raise TransitionError
        row.status = target
        row.save(update_fields=["status", "updated_at"])
        event_record(actor=actor, workspace=row.workspace, verb=f"campaign.{verb}", target=row)
        delivery_changed(row.workspace)  # only copy of running campaigns is served
        return row

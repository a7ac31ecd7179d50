"""Reading placements: what they serve now, what they could serve, and what came back today."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet, Sum
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.models import DailyCount, Placement, Variant
from campaigns.selectors.delivery import Arm, arm_of, placements_with_copy
from copystudio.models import Workspace


@dataclass(frozen=True)
class Standing:
    """``status`` is the name of a badge; ``reason`` says why approved copy is not served."""

    status: str
    label: str
    reason: str = ""


def placements(workspace: Workspace) -> QuerySet[Placement]:
    return placements_with_copy(workspace.pk).order_by("slug")


def placement_get_for(*, workspace: Workspace, pk: int) -> Placement:
    """Raises Http404 where the workspace has no such placement."""
    placement = placements(workspace).filter(pk=pk).first()
    if placement is None:
        raise Http404
    return placement


def served_now(placement: Placement) -> Arm | None:
    """What the API serves for the placement: the very structure that the decision path holds."""
    return arm_of(placement)


def assignable(placement: Placement) -> QuerySet[Variant]:
    """Approved copy of the placement's channel (of any version of its limits), newest first."""
    return (
        Variant.objects.filter(
            workspace_id=placement.workspace_id,
            channel__key=placement.channel.key,
            approved_revision__isnull=False,
        )
        .select_related("approved_revision", "campaign", "product", "segment")
        .order_by("-id")
    )


def variant_get_for_placement(*, placement: Placement, pk: int) -> Variant:
    """A variant of the placement's workspace. Raises Http404 otherwise; whether it may be served is the service's."""
    variant = Variant.objects.filter(workspace_id=placement.workspace_id, pk=pk).first()
    if variant is None:
        raise Http404
    return variant


def counts_today(placement: Placement) -> dict[str, Any]:
    """Counted events of the placement today (UTC), over everything it served."""
    today = timezone.now().astimezone(dt.UTC).date()
    cells = DailyCount.objects.filter(workspace_id=placement.workspace_id, placement=placement, day=today)
    sums = cells.aggregate(impressions=Sum("impressions"), clicks=Sum("clicks"), conversions=Sum("conversions"))
    return {name: count or 0 for name, count in sums.items()}


def standing_of(placement: Placement) -> Standing:
    """Why the placement serves what it serves, in one word with its label."""
    if served_now(placement) is not None:
        return Standing("live", _("Approved copy"))
    if placement.variant is not None and placement.variant.approved_revision is None:
        reason = _("The chosen copy is no longer approved.")
    elif placement.variant is not None:
        reason = _("The campaign of the chosen copy is not running.")
    else:
        reason = _("No copy is chosen yet.")
    if placement.fallback_text:
        return Standing("paused", _("Fallback text"), reason)
    return Standing("failed", _("Nothing"), reason)

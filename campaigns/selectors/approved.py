"""Reading approved copy for the API: only immutable approved revisions, never a draft."""

from __future__ import annotations

import datetime as dt

from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404

from campaigns.models import ReviewEvent, Variant
from campaigns.models.review import ReviewVerb


def approved_copy(workspace_id: int) -> QuerySet[Variant]:
    """Variants with an approved revision, whatever the state of their campaign, each with ``approved_at``."""
    approvals = ReviewEvent.objects.filter(verb=ReviewVerb.APPROVE, revision=OuterRef("approved_revision")).order_by(
        "-id"
    )
    return (
        Variant.objects.filter(workspace_id=workspace_id, approved_revision__isnull=False)
        .select_related("approved_revision", "campaign", "channel", "product", "segment")
        .annotate(approved_at=Subquery(approvals.values("created_at")[:1]))
    )


def approved_copy_filtered(
    workspace_id: int,
    *,
    campaign: int | None = None,
    channel: str | None = None,
    language: str | None = None,
    sku: str | None = None,
    updated_since: dt.datetime | None = None,
) -> QuerySet[Variant]:
    """The filters of the list; None leaves one out."""
    named = {
        "campaign_id": campaign,
        "channel__key": channel,
        "language": language,
        "product__sku": sku,
        "updated_at__gte": updated_since,
    }
    return approved_copy(workspace_id).filter(**{name: value for name, value in named.items() if value is not None})


def approved_copy_get_for(*, workspace_id: int, pk: int) -> Variant:
    """Raises Http404 where the workspace has no such copy, or it is not approved."""
    variant = approved_copy(workspace_id).filter(pk=pk).first()
    if variant is None:
        raise Http404
    return variant

"""Reading campaigns."""

from __future__ import annotations

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404

from campaigns.models import Brief, Campaign, Variant
from copystudio.models import Event, Workspace


def _count_of(rows: QuerySet[Variant] | QuerySet[Brief]) -> Coalesce:
    """How many ``rows`` each campaign has, without the row explosion of two joins."""
    counted = rows.filter(campaign=OuterRef("pk")).order_by().values("campaign").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def campaigns(workspace: Workspace) -> QuerySet[Campaign]:
    return Campaign.objects.filter(workspace=workspace).select_related("brand")


def campaigns_with_counts(workspace: Workspace) -> QuerySet[Campaign]:
    """With ``brief_count``, ``variant_count``, ``review_count`` and ``served_count`` (variants with an approved text)."""
    variants = Variant.objects.all()
    return campaigns(workspace).annotate(
        brief_count=_count_of(Brief.objects.all()),
        variant_count=_count_of(variants),
        review_count=_count_of(variants.filter(status=Variant.Status.IN_REVIEW)),
        served_count=_count_of(variants.filter(approved_revision__isnull=False)),
    )


def campaign_get_for(*, workspace: Workspace, pk: int) -> Campaign:
    """The campaign; Http404 where there is none of that number in this workspace."""
    campaign = campaigns(workspace).select_related("created_by").filter(pk=pk).first()
    if campaign is None:
        raise Http404
    return campaign


def campaign_events(campaign: Campaign) -> QuerySet[Event]:
    """What happened to the campaign itself, newest first."""
    return Event.objects.filter(
        workspace_id=campaign.workspace_id, object_type="campaign", object_id=campaign.pk
    ).select_related("actor")

"""Reading briefs: the brief, its channels as they are now, and how many texts it asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Func, QuerySet
from django.http import Http404

from campaigns.models import AudienceSegment, Brief, Campaign, Channel, Product
from campaigns.selectors.catalogue import products_matching
from copystudio.models import Workspace
from generation.services.run import MAX_TEXTS

SAMPLE = 5


def briefs(workspace: Workspace) -> QuerySet[Brief]:
    return Brief.objects.filter(workspace=workspace).select_related("campaign__brand")


def briefs_of(campaign: Campaign) -> QuerySet[Brief]:
    """With ``run_count`` and ``variant_count``, and segments and channels at hand."""
    return (
        Brief.objects.filter(campaign=campaign, workspace_id=campaign.workspace_id)
        .prefetch_related("segments", "channels")
        .annotate(run_count=Count("runs", distinct=True), variant_count=Count("variants", distinct=True))
        .order_by("-id")
    )


def brief_get_for(*, workspace: Workspace, pk: int) -> Brief:
    """The brief; Http404 where there is none of that number in this workspace."""
    brief = briefs(workspace).select_related("created_by").prefetch_related("segments").filter(pk=pk).first()
    if brief is None:
        raise Http404
    return brief


def brief_channels(brief: Brief) -> list[Channel]:
    """The brief's channels in their current versions: new copy is written under today's limits. Those of one platform
    follow each other in the order in which they are read: headlines first, the shorter before the longer."""
    keys = brief.channels.values_list("key", flat=True)
    found = Channel.objects.filter(workspace_id=brief.workspace_id, is_current=True, key__in=keys)
    return sorted(found, key=lambda one: (one.platform, one.kind == "body", one.soft_limit or one.hard_limit, one.key))


def brief_segments(brief: Brief) -> list[AudienceSegment]:
    return list(brief.segments.order_by("name", "pk"))


def tags_in_use(workspace: Workspace) -> list[str]:
    """The tags of products on sale, by name."""
    rows = Product.objects.filter(workspace=workspace, status=Product.Status.ACTIVE)
    tags = (
        rows.annotate(tag=Func(F("tags"), function="unnest")).order_by("tag").values_list("tag", flat=True).distinct()
    )
    return list(tags[:500])


@dataclass(frozen=True)
class Estimate:
    """How much a brief asks for. Without a segment, copy is written once, for everybody. ``abroad``: products that are
    described in another language than that of the copy."""

    products: int
    segments: int
    channels: int
    count: int
    sample: tuple[Product, ...] = ()
    abroad: int = 0

    @property
    def items(self) -> int:
        """Prompts: product × segment × channel."""
        return self.products * max(1, self.segments) * self.channels

    @property
    def texts(self) -> int:
        return self.items * self.count

    @property
    def most(self) -> int:
        return MAX_TEXTS

    @property
    def too_many(self) -> bool:
        return self.texts > MAX_TEXTS

    @property
    def more(self) -> int:
        """Products beyond the sample."""
        return max(0, self.products - len(self.sample))


def estimate(
    *,
    workspace: Workspace,
    product_filter: Mapping[str, Any],
    segments: int,
    channels: int,
    count: int,
    language: str = "",
) -> Estimate:
    """Count the products that match and show the first few. ``language``: that of the copy, where it is known."""
    rows = products_matching(workspace, dict(product_filter))
    abroad = rows.exclude(language__in=["", language]).count() if language else 0
    return Estimate(rows.count(), segments, channels, count, tuple(rows.order_by("title", "pk")[:SAMPLE]), abroad)


def brief_estimate(brief: Brief) -> Estimate:
    return estimate(
        workspace=brief.workspace,
        product_filter=brief.product_filter,
        segments=brief.segments.count(),
        channels=len(brief_channels(brief)),
        language=brief.language,
        count=brief.count,
    )

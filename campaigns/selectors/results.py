"""What copy achieved, read from the daily counters and never from raw events."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import F, QuerySet, Sum

from campaigns.models import Campaign, DailyCount, Variant
from copystudio.models import Workspace

CHART_VARIANTS = 6
COUNTS = ("impressions", "clicks", "conversions", "value")
SUMS = {f"sum_{name}": Sum(name) for name in COUNTS}


@dataclass(frozen=True)
class Counts:
    """Counted events. ``value`` is the sum of conversion values, in the shop's currency."""

    impressions: int = 0
    clicks: int = 0
    conversions: int = 0
    value: Decimal = Decimal(0)

    @property
    def click_rate(self) -> float | None:
        """Clicks per impression; None where nothing was shown, which is not the same as 0."""
        return self.clicks / self.impressions if self.impressions else None

    @property
    def conversion_rate(self) -> float | None:
        """Conversions per impression; None where nothing was shown."""
        return self.conversions / self.impressions if self.impressions else None


@dataclass(frozen=True)
class VariantResult:
    variant: Variant
    counts: Counts


@dataclass(frozen=True)
class Series:
    """One variant's counts by day; a day without events has no entry."""

    variant: Variant
    by_day: dict[dt.date, Counts] = field(default_factory=dict)


def _summed(rows: QuerySet[DailyCount]) -> Counts:
    sums = rows.aggregate(**{name: Sum(name) for name in COUNTS})
    return Counts(**{name: value for name, value in sums.items() if value is not None})


def campaign_totals(campaign: Campaign) -> Counts:
    return _summed(DailyCount.objects.filter(variant__campaign=campaign, workspace_id=campaign.workspace_id))


def variant_totals(variant: Variant) -> Counts:
    return _summed(DailyCount.objects.filter(variant=variant, workspace_id=variant.workspace_id))


def campaigns_totals(
    workspace: Workspace, campaigns: Iterable[Campaign], *, since: dt.date | None = None
) -> dict[int, Counts]:
    """Totals by campaign id, from ``since`` (UTC) on where given; campaigns without events are missing."""
    rows = DailyCount.objects.filter(workspace=workspace, variant__campaign__in=list(campaigns))
    if since is not None:
        rows = rows.filter(day__gte=since)
    sums: Any = rows.order_by().values("variant__campaign").annotate(**SUMS)
    return {row["variant__campaign"]: Counts(**{name: row[f"sum_{name}"] for name in COUNTS}) for row in sums}


def campaign_results(campaign: Campaign) -> list[VariantResult]:
    """Every variant with counted events, the most shown first."""
    rows = DailyCount.objects.filter(workspace_id=campaign.workspace_id, variant__campaign=campaign).order_by()
    sums: Any = rows.values("variant").annotate(**SUMS).order_by(F("sum_impressions").desc(), "variant")
    counts = {row["variant"]: Counts(**{name: row[f"sum_{name}"] for name in COUNTS}) for row in sums}
    variants = Variant.objects.select_related("current_revision", "approved_revision", "channel").in_bulk(list(counts))
    return [VariantResult(variants[pk], found) for pk, found in counts.items()]


def campaign_series(campaign: Campaign, *, most: int = CHART_VARIANTS) -> list[Series]:
    """The daily counts of the ``most`` shown variants of the campaign, for its chart."""
    variants = {result.variant.pk: result.variant for result in campaign_results(campaign)[:most]}
    counted = DailyCount.objects.filter(workspace_id=campaign.workspace_id, variant__in=list(variants)).order_by()
    rows: Any = counted.values("variant", "day").annotate(**SUMS).order_by("day")
    days: dict[int, dict[dt.date, Counts]] = defaultdict(dict)
    for row in rows:
        days[row["variant"]][row["day"]] = Counts(**{name: row[f"sum_{name}"] for name in COUNTS})
    return [Series(variant, days[pk]) for pk, variant in variants.items()]


def workspace_totals(workspace: Workspace, *, since: dt.date) -> Counts:
    """Everything counted in the workspace from ``since`` (UTC) on."""
    return _summed(DailyCount.objects.filter(workspace=workspace, day__gte=since))

"""What copy achieved, read from the daily counters and never from raw events."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum

from campaigns.models import Campaign, DailyCount, Variant
from copystudio.models import Workspace

CHART_VARIANTS = 6
COUNTS = ("impressions", "clicks", "conversions")
SUMS = {f"sum_{name}": Sum(name) for name in (*COUNTS, "value")}


@dataclass(frozen=True)
class Counts:
    """Counted events. ``amounts`` are the sums of conversion values by currency, which is empty where none was named."""

    impressions: int = 0
    clicks: int = 0
    conversions: int = 0
    amounts: Mapping[str, Decimal] = field(default_factory=dict)

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


def _summed_by(rows: QuerySet[DailyCount], *keys: str) -> dict[tuple[Any, ...], Counts]:
    """Counts for each combination of ``keys``, in their order. Amounts of two currencies stay apart."""
    sums: Any = rows.order_by().values(*keys, "currency").annotate(**SUMS).order_by(*keys, "currency")
    counts: dict[tuple[Any, ...], Counts] = {}
    for row in sums:
        key = tuple(row[name] for name in keys)
        before = counts.get(key, Counts())
        counted = {name: getattr(before, name) + row[f"sum_{name}"] for name in COUNTS}
        amount = {row["currency"]: row["sum_value"]} if row["sum_value"] else {}
        counts[key] = Counts(**counted, amounts={**before.amounts, **amount})
    return counts


def _summed(rows: QuerySet[DailyCount]) -> Counts:
    return _summed_by(rows).get((), Counts())


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
    return {campaign: counts for (campaign,), counts in _summed_by(rows, "variant__campaign").items()}


def campaign_results(campaign: Campaign) -> list[VariantResult]:
    """Every variant with counted events, the most shown first."""
    rows = DailyCount.objects.filter(workspace_id=campaign.workspace_id, variant__campaign=campaign)
    counts = sorted(_summed_by(rows, "variant").items(), key=lambda item: -item[1].impressions)
    known = Variant.objects.select_related("current_revision", "approved_revision", "channel")
    variants = known.in_bulk([pk for (pk,), _ in counts])
    return [VariantResult(variants[pk], found) for (pk,), found in counts]


def campaign_series(campaign: Campaign, *, most: int = CHART_VARIANTS) -> list[Series]:
    """The daily counts of the ``most`` shown variants of the campaign, for its chart."""
    variants = {result.variant.pk: result.variant for result in campaign_results(campaign)[:most]}
    counted = DailyCount.objects.filter(workspace_id=campaign.workspace_id, variant__in=list(variants))
    days: dict[int, dict[dt.date, Counts]] = defaultdict(dict)
    for (day, variant), counts in _summed_by(counted, "day", "variant").items():
        days[variant][day] = counts
    return [Series(variant, days[pk]) for pk, variant in variants.items()]


def workspace_totals(workspace: Workspace, *, since: dt.date) -> Counts:
    """Everything counted in the workspace from ``since`` (UTC) on."""
    return _summed(DailyCount.objects.filter(workspace=workspace, day__gte=since))

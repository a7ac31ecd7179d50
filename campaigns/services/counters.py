"""The daily counters: kept with every batch, and rebuilt from the raw events where they are doubted."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from campaigns.models import DailyCount
from copystudio.errors import TransitionError
from copystudio.models import User, Workspace
from copystudio.services.events import event_record

COUNTS = ("impressions", "clicks", "conversions", "value")
LOCK_SPACE = 0x4353_0000_0000_0000  # advisory locks of this module: this number plus the workspace's


class Cell(NamedTuple):
    """What a counter stands for. ``day`` is in UTC; ``currency`` is empty for all but conversions that name one."""

    variant: int
    revision: int
    placement: int
    day: dt.date
    currency: str


@dataclass(frozen=True, slots=True)
class Counted:
    """One counted event; ``kind`` is impression, click or conversion."""

    cell: Cell
    kind: str
    value: Decimal


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell whose counters differ from the raw events: impressions, clicks, conversions, value."""

    cell: Cell
    counters: tuple[int, int, int, Decimal]
    raw: tuple[int, int, int, Decimal]


def ingest_lock(workspace_id: int) -> None:
    """Let any number of batches of the workspace in together, but none during a rebuild. Until the commit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [LOCK_SPACE + workspace_id])


UPSERT = """
INSERT INTO campaigns_dailycount AS c
    (workspace_id, variant_id, revision_id, placement_id, day, currency, impressions, clicks, conversions, value)
SELECT %s, row.* FROM unnest(
    %s::bigint[], %s::bigint[], %s::bigint[], %s::date[], %s::text[],
    %s::bigint[], %s::bigint[], %s::bigint[], %s::numeric[]
) AS row
ON CONFLICT (workspace_id, variant_id, revision_id, placement_id, day, currency) DO UPDATE SET
    impressions = c.impressions + excluded.impressions, clicks = c.clicks + excluded.clicks,
    conversions = c.conversions + excluded.conversions, value = c.value + excluded.value
"""


def counters_add(*, workspace_id: int, counted: Iterable[Counted]) -> None:
    """Add counted events to their cells, in the order of the cells: two batches never wait for each other crosswise."""
    sums: dict[Cell, list[int | Decimal]] = defaultdict(lambda: [0, 0, 0, Decimal(0)])
    place = {"impression": 0, "click": 1, "conversion": 2}
    for event in counted:
        sums[event.cell][place[event.kind]] += 1
        sums[event.cell][3] += event.value
    if not sums:
        return
    rows = [(*cell, *sums[cell]) for cell in sorted(sums)]
    with connection.cursor() as cursor:
        cursor.execute(UPSERT, [workspace_id, *map(list, zip(*rows, strict=True))])


RAW = """
SELECT variant_id, revision_id, placement_id, (occurred_at AT TIME ZONE 'UTC')::date AS day,
    {currency} AS currency, {impressions} AS impressions, {clicks} AS clicks, {conversions} AS conversions, {value} AS value
FROM {table}
WHERE workspace_id = %(workspace)s AND counted
    AND variant_id IS NOT NULL AND revision_id IS NOT NULL AND placement_id IS NOT NULL
"""


def _raw(table: str, counts: str) -> str:
    columns = {"impressions": "0", "clicks": "0", "conversions": "0", "value": "0::numeric", "currency": "''"}
    columns[counts] = "1"
    if counts == "conversions":
        columns |= {"value": "coalesce(value, 0)", "currency": "currency"}
    return RAW.format(table=table, **columns)


COMPARE = f"""
WITH raw AS (
    SELECT variant_id, revision_id, placement_id, day, currency, sum(impressions) AS impressions, sum(clicks) AS clicks,
        sum(conversions) AS conversions, sum(value) AS value
    FROM ({_raw("campaigns_impression", "impressions")} UNION ALL {_raw("campaigns_click", "clicks")}
        UNION ALL {_raw("campaigns_conversion", "conversions")}) AS events
    GROUP BY 1, 2, 3, 4, 5
), had AS (SELECT * FROM campaigns_dailycount WHERE workspace_id = %(workspace)s)
SELECT coalesce(raw.variant_id, had.variant_id), coalesce(raw.revision_id, had.revision_id),
    coalesce(raw.placement_id, had.placement_id), coalesce(raw.day, had.day),
    coalesce(raw.currency, had.currency),
    coalesce(had.impressions, 0), coalesce(had.clicks, 0), coalesce(had.conversions, 0), coalesce(had.value, 0),
    coalesce(raw.impressions, 0), coalesce(raw.clicks, 0), coalesce(raw.conversions, 0), coalesce(raw.value, 0)
FROM raw FULL JOIN had USING (variant_id, revision_id, placement_id, day, currency)
WHERE (had.impressions, had.clicks, had.conversions, had.value)
    IS DISTINCT FROM (raw.impressions, raw.clicks, raw.conversions, raw.value)
ORDER BY 1, 2, 3, 4, 5
"""  # noqa: S608 (own names)


def tracking_rebuild(*, workspace: Workspace, actor: User | None = None, change: bool = True) -> list[Difference]:
    """Compare the counters with the raw events, mend them, and report every cell that differed.

    ``change=False`` only reports. Batches of the workspace wait meanwhile, so the answer is exact. A mend writes an audit
    event; ``actor`` is None where a command does it. Raises TransitionError for mending a demonstration, whose history
    was written as counters, without raw events.
    """
    if change and workspace.is_demo:
        raise TransitionError(
            _("The history of a demonstration has counters only; there is nothing to rebuild it from.")
        )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK_SPACE + workspace.pk])
        cursor.execute(COMPARE, {"workspace": workspace.pk})
        found = [
            Difference(
                Cell(*row[:5]),
                (int(row[5]), int(row[6]), int(row[7]), row[8]),
                (int(row[9]), int(row[10]), int(row[11]), row[12]),
            )
            for row in cursor.fetchall()
        ]
        if found and change:
            for difference in found:
                _mend(workspace, difference)
            event_record(
                actor=actor,
                workspace=workspace,
                verb="tracking.rebuild",
                target=workspace,
                data={"cells": len(found)},
            )
        return found


def _mend(workspace: Workspace, difference: Difference) -> None:
    cell, counts = difference.cell, dict(zip(COUNTS, difference.raw, strict=True))
    where: dict[str, Any] = {
        "workspace_id": workspace.pk,
        "variant_id": cell.variant,
        "revision_id": cell.revision,
        "placement_id": cell.placement,
        "day": cell.day,
        "currency": cell.currency,
    }
    if any(difference.raw):
        DailyCount.objects.update_or_create(**where, defaults=counts)
    else:
        DailyCount.objects.filter(**where).delete()

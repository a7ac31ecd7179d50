"""Taking in what shoppers did: exactly once, and counted only with a valid exposure token.

Batches of several writers share duplicates. Rows are therefore inserted in one order everywhere (by exposure, then by
event id) and counters in another, so that two writers never wait for each other; where they do all the same (40P01), the
batch is tried again as a whole. Without the order, three of four runs of four writers ended in deadlocks.
"""

from __future__ import annotations

import datetime as dt
import enum
import logging
import random
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.conf import settings
from django.db import DatabaseError, connection, transaction

from campaigns.models import Click, Conversion, Impression
from campaigns.models.tracking import TrackingEvent
from campaigns.services.counters import Cell, Counted, counters_add, ingest_lock
from campaigns.services.exposure import Exposure, SigningKeys, token_read
from copystudio.errors import BusyError

log = logging.getLogger(__name__)

MOST_EVENTS = 1000
FUTURE = dt.timedelta(hours=23)
OLDEST = dt.timedelta(days=3650)
ATTEMPTS = 6
RETRIED = {"40P01", "40001"}  # deadlock, serialization failure
GONE = "23503"  # the workspace was removed in between


class Kind(enum.StrEnum):
    IMPRESSION = "impression"
    CLICK = "click"
    CONVERSION = "conversion"


MODELS: dict[Kind, type[TrackingEvent]] = {
    Kind.IMPRESSION: Impression,
    Kind.CLICK: Click,
    Kind.CONVERSION: Conversion,
}


class Result(enum.StrEnum):
    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    NOT_COUNTED = "not_counted"


class Reason(enum.StrEnum):
    """Why an event is kept and not counted."""

    INVALID = "invalid_token"
    EXPIRED = "expired_token"
    REPLAYED = "replayed"
    FUTURE = "future"


@dataclass(frozen=True, slots=True)
class IncomingEvent:
    """One event as the shop sent it. ``value`` and ``currency`` are kept for conversions only."""

    event_id: uuid.UUID
    kind: Kind
    token: str
    timestamp: dt.datetime
    value: Decimal | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    event_id: uuid.UUID
    result: Result
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One event as it will be stored; ``exposure`` is what its token states, None without a valid one."""

    position: int
    event: IncomingEvent
    exposure: Exposure | None
    occurred_at: dt.datetime
    reason: Reason | None

    @property
    def order(self) -> tuple[str, bytes]:
        return (self.exposure.nonce if self.exposure else "", self.event.event_id.bytes)


def events_ingest(
    *,
    workspace_id: int,
    signing: SigningKeys,
    events: Sequence[IncomingEvent],
    sent_at: dt.datetime | None,
    received_at: dt.datetime,
) -> list[Outcome]:
    """Store a batch in one transaction and say of each event, in the given order, what became of it.

    ``sent_at`` is the shop's clock at sending: an event happened at ``timestamp + (received_at − sent_at)``. Raises
    BusyError where the batch could not be stored after several attempts; nothing is stored then.
    """
    rows = [
        _row(position, event, workspace_id=workspace_id, signing=signing, sent_at=sent_at, received_at=received_at)
        for position, event in enumerate(events)
    ]
    for attempt in range(ATTEMPTS):
        try:
            with transaction.atomic():
                outcomes = _store(workspace_id=workspace_id, rows=rows, received_at=received_at)
            return [outcomes[position] for position in range(len(rows))]
        except DatabaseError as error:
            state = getattr(error.__cause__, "sqlstate", None)
            if state == GONE:
                raise BusyError from None
            if state not in RETRIED or connection.in_atomic_block:
                raise
            log.info("batch of %s events: attempt %s met another writer", len(rows), attempt + 1)
            time.sleep(random.uniform(0.01, 0.05) * 2**attempt)  # noqa: S311 (no secret)
    raise BusyError


def _row(
    position: int,
    event: IncomingEvent,
    *,
    workspace_id: int,
    signing: SigningKeys,
    sent_at: dt.datetime | None,
    received_at: dt.datetime,
) -> Row:
    exposure = token_read(keys=signing, token=event.token)
    if exposure is not None and exposure.workspace != workspace_id:
        exposure = None
    offset = event.timestamp - (sent_at or received_at)
    occurred_at = received_at + min(max(offset, -OLDEST), dt.timedelta(0))
    reason = None
    if offset > FUTURE:
        reason = Reason.FUTURE
    elif exposure is None:
        reason = Reason.INVALID
    elif received_at.timestamp() > _accepted_until(exposure, event.kind):
        reason = Reason.EXPIRED
    else:
        # nothing happens before its own exposure: a wrong clock cannot move counts to other days
        issued = dt.datetime.fromtimestamp(exposure.expires - settings.EXPOSURE_TOKEN_SECONDS, dt.UTC)
        occurred_at = max(occurred_at, issued)
    return Row(position, event, exposure, occurred_at, reason)


def _accepted_until(exposure: Exposure, kind: Kind) -> float:
    """Unix seconds. Purchases come days after the click; the server's clock decides, never the shop's."""
    return exposure.expires + (settings.CONVERSION_WINDOW_SECONDS if kind is Kind.CONVERSION else 0)


def _store(*, workspace_id: int, rows: Sequence[Row], received_at: dt.datetime) -> dict[int, Outcome]:
    """Insert the rows kind by kind and add what is counted to the counters. Outcomes by position."""
    ingest_lock(workspace_id)
    outcomes: dict[int, Outcome] = {}
    counted: list[Counted] = []
    for kind, model in MODELS.items():
        mine = sorted((row for row in rows if row.event.kind is kind), key=lambda row: row.order)
        firsts: dict[uuid.UUID, Row] = {}
        for row in mine:
            if firsts.setdefault(row.event.event_id, row) is not row:
                outcomes[row.position] = Outcome(row.event.event_id, Result.DUPLICATE)
        # two events of one exposure in one batch: the first one counts, as it would in two batches
        new = _insert(model, workspace_id, firsts.values(), received_at)
        rest = {event_id: row for event_id, row in firsts.items() if event_id not in new}
        known = _known(model, workspace_id, rest)
        replayed = [replace(row, reason=Reason.REPLAYED) for event_id, row in rest.items() if event_id not in known]
        late = _insert(model, workspace_id, replayed, received_at)
        for event_id, row in firsts.items():
            outcomes[row.position] = _outcome(row, new=event_id in new, replayed=event_id in late)
            if event_id in new and row.reason is None and row.exposure is not None:
                counted.append(_counted(row, row.exposure))
    counters_add(workspace_id=workspace_id, counted=counted)
    return outcomes


def _outcome(row: Row, *, new: bool, replayed: bool) -> Outcome:
    event_id = row.event.event_id
    if replayed:
        return Outcome(event_id, Result.NOT_COUNTED, Reason.REPLAYED)
    if not new:
        return Outcome(event_id, Result.DUPLICATE)
    return Outcome(event_id, Result.NOT_COUNTED if row.reason else Result.ACCEPTED, row.reason)


def _counted(row: Row, exposure: Exposure) -> Counted:
    day = row.occurred_at.astimezone(dt.UTC).date()
    sold = row.event if row.event.kind is Kind.CONVERSION else None
    cell = Cell(exposure.variant, exposure.revision, exposure.placement, day, sold.currency if sold else "")
    return Counted(cell, row.event.kind.value, sold.value if sold and sold.value is not None else Decimal(0))


def _known(model: type[TrackingEvent], workspace_id: int, event_ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    rows = model._default_manager.filter(workspace_id=workspace_id, event_id__in=list(event_ids))
    return set(rows.values_list("event_id", flat=True))


COLUMNS = {
    "event_id": "uuid",
    "variant_id": "bigint",
    "revision_id": "bigint",
    "placement_id": "bigint",
    "visitor": "text",
    "nonce": "text",
    "occurred_at": "timestamptz",
    "counted": "boolean",
    "reason": "text",
}
CONVERSION_COLUMNS = {"value": "numeric", "currency": "text"}


def _insert(
    model: type[TrackingEvent], workspace_id: int, rows: Iterable[Row], received_at: dt.datetime
) -> set[uuid.UUID]:
    """Insert the rows in their order; those whose event id or counted exposure exists are left out of the result."""
    columns = COLUMNS | (CONVERSION_COLUMNS if model is Conversion else {})
    values = [_values(row, conversion=model is Conversion) for row in rows]
    if not values:
        return set()
    arrays = ", ".join(f"%s::{kind}[]" for kind in columns.values())
    statement = (
        f"INSERT INTO {model._meta.db_table} (workspace_id, received_at, {', '.join(columns)}) "  # noqa: S608 (own names)
        f"SELECT %s, %s, row.* FROM unnest({arrays}) AS row ON CONFLICT DO NOTHING RETURNING event_id"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [workspace_id, received_at, *map(list, zip(*values, strict=True))])
        return {event_id for (event_id,) in cursor.fetchall()}


def _values(row: Row, *, conversion: bool) -> tuple[object, ...]:
    seen, event = row.exposure, row.event
    values: tuple[object, ...] = (
        event.event_id,
        seen.variant if seen else None,
        seen.revision if seen else None,
        seen.placement if seen else None,
        seen.visitor if seen else "",
        seen.nonce if seen else "",
        row.occurred_at,
        row.reason is None,
        row.reason or "",
    )
    return (*values, event.value, event.currency) if conversion else values

"""The worker's side of a product import: the dry run, and the import in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.db import InterfaceError, OperationalError, connection, transaction

from campaigns.feeds import Feed, FeedError, ParsedProduct, RowError, RowWarning, open_feed
from campaigns.models import PriceRecord, Product, ProductImport
from campaigns.models.product_import import ImportStage
from campaigns.services.product import facts_replace, price_record
from campaigns.services.product_import import mapping_of
from copystudio.db import JobStatus
from copystudio.services.events import event_record
from copystudio.services.jobs import (
    JobCancelledError,
    JobKeeper,
    LeaseLostError,
    job_claim,
    job_end,
    job_kept,
    job_still_mine,
)

BATCH = 500
MOST_KEPT = 500
MOST_LATE = 50
PLAIN = ("title", "description", "category", "vendor", "language", "url", "image_url")
IMPORT_LOCK = 0x494D50  # advisory lock class: one import at a time writes into a workspace
log = logging.getLogger(__name__)


@dataclass
class Tally:
    """What the file would do, or did. ``errors`` and ``warnings`` hold the first ones; ``wrong`` and ``odd`` count all."""

    rows: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    wrong: int = 0
    odd: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[dict[str, Any]] = field(default_factory=list)

    def refuse(self, error: RowError) -> None:
        self.wrong += 1
        _keep(self.errors, error)

    def note(self, warnings: Iterable[RowWarning]) -> None:
        for warning in warnings:
            self.odd += 1
            _keep(self.warnings, warning)

    def report(self) -> dict[str, Any]:
        counts = {name: getattr(self, name) for name in ("rows", "new", "changed", "same")}
        return {**counts, "warnings": self.odd, "errors": self.wrong}


def _keep(rows: list[dict[str, Any]], row: RowError | RowWarning) -> None:
    if len(rows) < MOST_KEPT:
        rows.append({"line": row.line, "column": row.column, "code": row.code, "params": dict(row.params)})


def import_execute(*, job_id: int) -> None:
    """Do the queued stage of an import. Safe to call twice."""
    job = job_claim(ProductImport, job_id)
    if job is None:
        return
    try:
        with job_kept(job) as keeper, open_feed(job.file.path, mapping_of(job), job.mapping.get("language")) as feed:
            if job.stage == ImportStage.CHECKING:
                _check(job, feed, keeper)
            else:
                _apply(job, feed, keeper)
    except JobCancelledError:
        job_end(job, JobStatus.CANCELLED)
    except LeaseLostError:
        log.warning("import %s was taken over by another worker", job.pk)
    except FeedError as error:
        job_end(job, JobStatus.FAILED, code=error.code, params=error.params)
    except FileNotFoundError:
        job_end(job, JobStatus.FAILED, code="file_gone")
    except _ChangedError:
        job_end(job, JobStatus.FAILED, code="file_changed")
    except (OperationalError, InterfaceError):
        raise  # the database is away: the lease runs out, and the import is taken up again
    except Exception as error:
        log.exception("import %s failed", job.pk)
        job_end(job, JobStatus.FAILED, code="unexpected", params={"detail": f"{type(error).__name__}: {error}"[:500]})


def _check(job: ProductImport, feed: Feed, keeper: JobKeeper) -> None:
    tally = Tally()
    for batch in _batches(feed, tally, keeper):
        existing = _existing(job, batch)
        for parsed in batch:
            row = existing.get(parsed.sku)
            if row is None:
                tally.new += 1
            elif _differs(row, parsed):
                tally.changed += 1
            else:
                tally.same += 1
    with transaction.atomic():
        job_still_mine(job)
        ProductImport.objects.filter(pk=job.pk).update(
            stage=ImportStage.CHECKED,
            report={**tally.report(), "late_columns": sorted(feed.late_columns)[:MOST_LATE]},
            errors=tally.errors,
            warnings=tally.warnings,
        )
        job_end(job, JobStatus.SUCCEEDED)


def _apply(job: ProductImport, feed: Feed, keeper: JobKeeper) -> None:
    """All products or none: one transaction, and our lease must still hold at its end."""
    tally = Tally()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [IMPORT_LOCK, job.workspace_id % 2**31])
        for batch in _batches(feed, tally, keeper):
            _write(job, batch, tally)
        job_still_mine(job)
        if tally.wrong:
            raise _ChangedError
        ProductImport.objects.filter(pk=job.pk).update(stage=ImportStage.APPLIED, report=tally.report(), errors=[])
        event_record(
            actor=job.created_by,
            workspace=job.workspace,
            verb="productimport.applied",
            target=job,
            data=tally.report(),
        )
        job_end(job, JobStatus.SUCCEEDED)


class _ChangedError(Exception):
    """The file has errors that its dry run had not: it was changed on disk."""


def _batches(feed: Feed, tally: Tally, keeper: JobKeeper) -> Iterator[list[ParsedProduct]]:
    rows = feed.products()
    while chunk := list(islice(rows, BATCH)):
        keeper.check()
        keeper.progress = {"done": feed.position, "total": max(feed.total, 1)}
        batch = []
        for row in chunk:
            if isinstance(row, RowError):
                tally.refuse(row)
            else:
                tally.rows += 1
                tally.note(row.warnings)
                batch.append(row)
        yield batch
    keeper.progress = {"done": feed.total, "total": max(feed.total, 1)}


def _existing(job: ProductImport, batch: list[ParsedProduct]) -> dict[str, Product]:
    skus = [parsed.sku for parsed in batch]
    rows = Product.objects.filter(workspace=job.workspace_id, sku__in=skus).prefetch_related("facts")
    return {row.sku: row for row in rows}


def _values(parsed: ParsedProduct) -> dict[str, Any]:
    """The columns that the file speaks of; what it leaves out stays as it is."""
    values: dict[str, Any] = {name: getattr(parsed, name) for name in PLAIN if getattr(parsed, name)}
    if parsed.price is not None:
        values |= {"price": parsed.price, "was_price": parsed.was_price, "currency": parsed.currency}
    if parsed.tags:
        values["tags"] = list(parsed.tags)
    if parsed.status:
        values["status"] = parsed.status
    return values


def _differs(row: Product, parsed: ParsedProduct) -> bool:
    if any(getattr(row, name) != value for name, value in _values(parsed).items()):
        return True
    have = [(fact.attribute, fact.value, fact.unit) for fact in row.facts.all()]
    return bool(parsed.facts) and have != [tuple(fact) for fact in dict.fromkeys(parsed.facts)]


def _write(job: ProductImport, batch: list[ParsedProduct], tally: Tally) -> None:
    existing = _existing(job, batch)
    prices: list[PriceRecord] = []
    for parsed in batch:
        row = existing.get(parsed.sku)
        if row is not None and not _differs(row, parsed):
            tally.same += 1
            continue
        before = (row.price, row.was_price, row.currency) if row else None
        tally.new += row is None
        tally.changed += row is not None
        row = row or Product(workspace_id=job.workspace_id, sku=parsed.sku)
        for name, value in _values(parsed).items():
            setattr(row, name, value)
        row.save()
        if parsed.facts:
            facts_replace(product=row, facts=[(fact.attribute, fact.value, fact.unit) for fact in parsed.facts])
        if row.price is not None and before != (row.price, row.was_price, row.currency):
            prices.append(price_record(row))
    PriceRecord.objects.bulk_create(prices)

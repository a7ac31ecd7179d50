"""Importing a product file: upload, choose columns, dry run, apply all of it or nothing."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.feeds import MESSAGES, FeedError, Mapping, open_feed
from campaigns.feeds.messages import WORD_PARAMS
from campaigns.models import ProductImport
from campaigns.models.product_import import ImportStage
from copystudio.access import require
from copystudio.db import JobStatus, locked
from copystudio.errors import InvalidInputError, TransitionError
from copystudio.models import Role, User, Workspace
from copystudio.services.events import event_record
from copystudio.services.jobs import job_ring


def feed_message(code: str, params: dict[str, Any]) -> str:
    """The sentence for a code of the feeds, in the reader's language."""
    if code not in MESSAGES:
        return code
    return _(MESSAGES[code]) % {name: _(value) if name in WORD_PARAMS else value for name, value in params.items()}


def import_upload(
    *, actor: User, workspace: Workspace, upload: UploadedFile[bytes], language: str = ""
) -> ProductImport:
    """Keep an uploaded file and suggest its columns. A file that cannot be read is refused and not kept."""
    require(actor=actor, workspace=workspace, role=Role.COPYWRITER)
    if not upload.size:
        raise InvalidInputError(fields={"file": [gettext_lazy("The file is empty.")]})
    if upload.size > settings.IMPORT_MAX_BYTES:
        limit = settings.IMPORT_MAX_BYTES // 1024 // 1024
        raise InvalidInputError(
            fields={"file": [gettext_lazy("The file is larger than %(limit_mb)s MB.") % {"limit_mb": limit}]}
        )
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    upload.seek(0)
    job = ProductImport(
        workspace=workspace,
        created_by=actor,
        status=JobStatus.SUCCEEDED,  # nothing to do for a worker until the columns are chosen
        file_name=Path(upload.name or "file").name[:200],
        file_size=upload.size,
        file_sha256=digest.hexdigest(),
    )
    job.file.save(f"{job.file_sha256[:16]}.upload", upload, save=False)
    try:
        with open_feed(job.file.path, language_hint=language) as feed:
            suggestion = feed.suggested_mapping
            job.format, job.encoding = feed.format.value, feed.encoding or ""
            columns = [[item.column, item.target] for item in suggestion.columns]
            job.mapping = {
                "columns": columns,
                "key": suggestion.key.value,
                "default_currency": "",
                "language": language,
            }
            job.sample = {"values": feed.sample_values(), "bare_prices": feed.bare_price_columns()}
            with transaction.atomic():
                job.save()
                event_record(actor=actor, workspace=workspace, verb="productimport.upload", target=job)
    except FeedError as error:
        job.file.delete(save=False)
        raise InvalidInputError(fields={"file": [feed_message(error.code, error.params)]}) from None
    except BaseException:
        job.file.delete(save=False)
        raise
    return job


def mapping_of(job: ProductImport) -> Mapping:
    """The chosen columns as the feeds read them. Raises FeedError where they are not enough."""
    pairs = [[column, target] for column, target in job.mapping["columns"] if target]
    return Mapping.from_dict({**job.mapping, "columns": pairs})


def import_check(*, actor: User, job: ProductImport, mapping: dict[str, Any]) -> ProductImport:
    """Choose the columns and queue the dry run."""
    with transaction.atomic():
        row = _idle(actor=actor, job=job)
        if row.stage == ImportStage.APPLIED:
            raise TransitionError(gettext_lazy("This file has been imported. Upload it again to import it anew."))
        row.mapping = mapping
        try:
            mapping_of(row)
        except FeedError as error:
            raise InvalidInputError(feed_message(error.code, error.params)) from None
        return _queue(actor=actor, row=row, stage=ImportStage.CHECKING, verb="productimport.check")


def import_apply(*, actor: User, job: ProductImport) -> ProductImport:
    """Queue the import itself, after a dry run without errors."""
    with transaction.atomic():
        row = _idle(actor=actor, job=job)
        if row.stage != ImportStage.CHECKED or row.status != JobStatus.SUCCEEDED:
            raise TransitionError(gettext_lazy("Check the file first."))
        if row.report.get("errors") or not row.report.get("rows"):
            raise TransitionError(gettext_lazy("A file with errors is not imported. Mend it and upload it again."))
        return _queue(actor=actor, row=row, stage=ImportStage.APPLYING, verb="productimport.apply")


def _idle(*, actor: User, job: ProductImport) -> ProductImport:
    row = locked(ProductImport, pk=job.pk)
    require(actor=actor, workspace=row.workspace, role=Role.COPYWRITER)
    if row.is_open:
        raise TransitionError(gettext_lazy("A worker is busy with this file. Wait until it is done, or cancel."))
    return row


def _queue(*, actor: User, row: ProductImport, stage: ImportStage, verb: str) -> ProductImport:
    row.stage, row.status, row.attempt = stage, JobStatus.QUEUED, 0
    row.done = row.total = 0
    row.cancel_requested_at = row.finished_at = None
    row.error_code, row.error_params = "", {}
    row.save()
    event_record(actor=actor, workspace=row.workspace, verb=verb, target=row)
    job_ring(row)
    return row

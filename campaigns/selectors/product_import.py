"""Reading product imports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from campaigns.models import ProductImport
from campaigns.services.product_import import feed_message
from copystudio.models import Workspace


def imports(workspace: Workspace) -> QuerySet[ProductImport]:
    return (
        ProductImport.objects.filter(workspace=workspace)
        .select_related("created_by")
        .defer("errors", "warnings", "sample", "mapping")
    )


def import_get_for(*, workspace: Workspace, pk: int) -> ProductImport:
    job = ProductImport.objects.select_related("created_by", "workspace").filter(workspace=workspace, pk=pk).first()
    if job is None:
        raise Http404
    return job


def failure_of(job: ProductImport) -> str:
    """Why the job failed and what to do, in the reader's language; empty where it did not."""
    if not job.error_code:
        return ""
    messages = {
        "attempts": _(
            "The worker died several times over this file. Try a smaller file, or ask an admin to look at the log."
        ),
        "file_gone": _("The uploaded file is no longer on this server. Upload it again."),
        "file_changed": _("The file changed after it was checked. Check it again."),
        "unexpected": _("Something unexpected went wrong (%(detail)s). Nothing was imported."),
    }
    if job.error_code in messages:
        return messages[job.error_code] % job.error_params
    return feed_message(job.error_code, job.error_params)


def errors_of(job: ProductImport) -> Iterator[dict[str, Any]]:
    """The errors of the last check, with their sentences."""
    for error in job.errors:
        yield {**error, "message": feed_message(error["code"], error["params"])}


def warnings_of(job: ProductImport) -> Iterator[dict[str, Any]]:
    """What the last check read otherwise than it stands in the file, with the sentences."""
    for warning in job.warnings:
        yield {**warning, "message": feed_message(warning["code"], warning["params"])}

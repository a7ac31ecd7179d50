"""Forgetting quantised copies: those of versions that nothing writes with any more, and those of other weights.

In two steps, because a worker may be loading what it has just been told of: first the copy's row goes, so that nobody is told of
it again, and a day later the folder that no row names.
"""

from __future__ import annotations

import logging
import os
import shutil
import time
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Min
from django.utils import timezone
from django.utils.module_loading import import_string

from copystudio.db import OPEN_STATUSES, JobStatus
from generation.engine.errors import ModelFolderError
from generation.models import ModelExport, ModelVersion
from generation.services.export import exports_root, exports_wanted

QUIET = timedelta(days=7)  # a version that is retired and wrote nothing for this long
UNNAMED_KEPT = timedelta(days=1)  # loading takes less than a minute
log = logging.getLogger(__name__)


def exports_prune() -> int:
    """Forget copies that are of no use, and delete folders that no copy has had for ``UNNAMED_KEPT``. Returns how many folders."""
    root = exports_root()
    if not root.is_dir():
        return 0
    ended = ModelExport.objects.exclude(status__in=OPEN_STATUSES).select_related("version__language_model")
    for row in ended.order_by("pk"):
        if _is_of_no_use(row.version) or _is_of_other_weights(row):
            _forget(row, root)
    return _delete_unnamed(root)


def _is_of_no_use(version: ModelVersion) -> bool:
    """Whether the version is out of use, for its workspace and for every brand, and has been quiet."""
    if version.status == ModelVersion.Status.DELETED:
        return True
    if version.status != ModelVersion.Status.RETIRED or version.runs.filter(status__in=OPEN_STATUSES).exists():
        return False
    kept = import_string(settings.MODEL_VERSION_KEPT)(version=version)
    return not kept and _last_use(version) < timezone.now() - QUIET


def _last_use(version: ModelVersion) -> datetime:
    """The newest of: its copy was made, it wrote, it was promoted, another took its place."""
    others = ModelVersion.objects.filter(workspace_id=version.workspace_id).exclude(pk=version.pk)
    if version.promoted_at:
        replaced = others.filter(promoted_at__gt=version.promoted_at).aggregate(at=Min("promoted_at"))["at"]
    else:  # rolled back from, or never promoted
        replaced = others.aggregate(at=Max("promoted_at"))["at"]
    wrote = version.runs.aggregate(at=Max("updated_at"))["at"]
    made = version.export.finished_at or version.export.created_at
    return max(at for at in (made, wrote, version.promoted_at, replaced) if at is not None)


def _is_of_other_weights(row: ModelExport) -> bool:
    """Whether base or adapter, or how copies are made, is another now than when this one was made."""
    if (
        row.status != JobStatus.SUCCEEDED
        or not exports_wanted()
        or row.version.runs.filter(status__in=OPEN_STATUSES).exists()
    ):
        return False
    from generation.engine.openvino_export import export_name

    try:
        return export_name(row.version.language_model.path, row.version.adapter_path) != row.folder
    except (OSError, ModelFolderError) as error:
        log.warning("the copy of %s stays: its model cannot be read: %s", row.version, error)
        return False


def _forget(row: ModelExport, root: Path) -> None:
    """The version asks for a copy again when it is to write again."""
    with transaction.atomic():
        found = ModelExport.objects.select_for_update(skip_locked=True).filter(pk=row.pk)
        if not found.exclude(status__in=OPEN_STATUSES).exists():
            return
        if row.folder and (root / row.folder).is_dir():
            os.utime(root / row.folder)  # its day begins now
        ModelExport.objects.filter(pk=row.pk).delete()
    log.info("the quantised copy of %s is given up", row.version)


def _delete_unnamed(root: Path) -> int:
    """While a copy is being made, nothing: its folder has no row yet."""
    before = time.time() - UNNAMED_KEPT.total_seconds()
    old = [one for one in root.iterdir() if one.is_dir() and not one.is_symlink() and one.stat().st_mtime < before]
    if ModelExport.objects.filter(status__in=OPEN_STATUSES).exists():
        return 0
    named = set(ModelExport.objects.values_list("folder", flat=True))
    unnamed = [one for one in old if one.name not in named]
    for place in unnamed:
        shutil.rmtree(place, ignore_errors=True)
        log.info("%s is deleted: no version writes with it", place)
    return len(unnamed)

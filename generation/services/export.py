"""The quantised copy that the CPU backend writes with: made in the background, once for each version."""

from __future__ import annotations

import logging
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from copystudio.db import JobStatus, locked
from copystudio.models import User
from copystudio.services.jobs import (
    JobCancelledError,
    LeaseLostError,
    job_again,
    job_claim,
    job_close,
    job_end,
    job_kept,
    job_ring,
    job_still_mine,
)
from generation.engine.errors import EngineError, is_out_of_memory
from generation.models import ModelExport, ModelVersion
from generation.services.turn import compute_turn

log = logging.getLogger(__name__)
AGAIN_AFTER = timedelta(days=1)  # what failed for want of memory or disk may be made by then


def exports_root() -> Path:
    """Beside the models, where no folder is offered as a base."""
    return Path(settings.MODEL_ROOT) / ".openvino"


def exports_wanted() -> bool:
    """Whether versions are to write through a quantised copy here: the settings want it, and the package is there."""
    backend = settings.GENERATION_BACKEND
    here = backend == "openvino" or (backend == "auto" and not settings.MODEL_SERVER["base_url"])
    return here and find_spec("openvino") is not None


def export_queue(*, version: ModelVersion, actor: User | None) -> ModelExport | None:
    """Let the copy be made, where one is wanted and none is there or under way. One that failed is tried again."""
    if not exports_wanted():
        return None
    with transaction.atomic():
        row, is_new = ModelExport.objects.get_or_create(
            version=version, defaults={"workspace_id": version.workspace_id, "created_by": actor}
        )
        row = locked(ModelExport, pk=row.pk)
        if is_new:
            job_ring(row)
        elif not row.is_open and not _is_there(row):
            job_again(row)
        return row


def export_give_up(*, version: ModelVersion, reason: str) -> None:
    """The copy that was made cannot be written with: it failed, and is made again a day later, or when the version is promoted."""
    log.warning("the copy of %s cannot be used: %s", version, reason)
    with transaction.atomic():
        row = ModelExport.objects.select_for_update(of=("self",)).filter(version=version).first()
        if row is not None and row.status == JobStatus.SUCCEEDED:
            job_close(row, JobStatus.FAILED, code="engine", params={"detail": reason[:500]})


def export_execute(*, export_id: int) -> None:
    """Make the copy. Safe to call twice: whoever holds the lease works."""
    row = job_claim(ModelExport, export_id)
    if row is None:
        return
    version = row.version
    try:
        with job_kept(row) as keeper, compute_turn():
            keeper.check()
            place = _export(version)
        with transaction.atomic():
            job_still_mine(row)
            ModelExport.objects.filter(pk=row.pk).update(folder=place.name)
            job_end(row, JobStatus.SUCCEEDED)
    except LeaseLostError:
        log.warning("the export of %s was taken over by another worker", version)
    except JobCancelledError:
        job_end(row, JobStatus.CANCELLED)
    except (OperationalError, InterfaceError):
        raise  # the database is away: the lease runs out, and the export is taken up again
    except EngineError as error:
        job_end(row, JobStatus.FAILED, code="engine", params={"detail": str(error)[:500]})
    except Exception as error:
        if not is_out_of_memory(error):
            log.exception("the export of %s failed", version)
        code = "memory" if is_out_of_memory(error) else "unexpected"
        job_end(row, JobStatus.FAILED, code=code, params={"detail": f"{type(error).__name__}: {error}"[:500]})


def _export(version: ModelVersion) -> Path:
    from generation.engine.openvino_export import export

    root = Path(settings.MODEL_ROOT)
    return export(version.language_model.path, version.adapter_path, exports_root(), model_root=root)


def export_of(version: ModelVersion) -> tuple[Path | None, str]:
    """Where the version's copy lies, and if there is none, a code that says why: pending (or gone, or failed a day ago, and
    to be asked for again) or failed."""
    row = ModelExport.objects.filter(version=version).first()
    if row is not None and _is_there(row):
        return exports_root() / row.folder, ""
    failed = row is not None and row.status in (JobStatus.FAILED, JobStatus.CANCELLED)
    is_recent = row is not None and row.finished_at is not None and row.finished_at > timezone.now() - AGAIN_AFTER
    return None, "export_failed" if failed and is_recent else "export_pending"


def _is_there(row: ModelExport) -> bool:
    return row.status == JobStatus.SUCCEEDED and bool(row.folder) and (exports_root() / row.folder).is_dir()

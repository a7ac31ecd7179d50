"""The quantised copy that the CPU backend writes with: made in the background, once for each version."""

from __future__ import annotations

import logging
from importlib.util import find_spec
from pathlib import Path

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction

from copystudio.db import JobStatus
from copystudio.models import User
from copystudio.services.jobs import (
    JobCancelledError,
    LeaseLostError,
    job_claim,
    job_end,
    job_kept,
    job_ring,
    job_still_mine,
)
from generation.engine.errors import EngineError, is_out_of_memory
from generation.models import ModelExport, ModelVersion
from generation.services.turn import compute_turn

log = logging.getLogger(__name__)


def exports_root() -> Path:
    """Beside the models, where no folder is offered as a base."""
    return Path(settings.MODEL_ROOT) / ".openvino"


def exports_wanted() -> bool:
    """Whether versions are to write through a quantised copy here: the settings want it, and the package is there."""
    backend = settings.GENERATION_BACKEND
    here = backend == "openvino" or (backend == "auto" and not settings.MODEL_SERVER["base_url"])
    return here and find_spec("openvino") is not None


def export_queue(*, version: ModelVersion, actor: User | None) -> ModelExport | None:
    """Let the copy be made, where one is wanted; asking again changes nothing. A failed one is tried again."""
    if not exports_wanted():
        return None
    with transaction.atomic():
        row, is_new = ModelExport.objects.get_or_create(
            version=version, defaults={"workspace_id": version.workspace_id, "created_by": actor}
        )
        if is_new:
            job_ring(row)
        return row


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
    """Where the version's copy lies, and if there is none, a code that says why: pending or failed."""
    row = ModelExport.objects.filter(version=version).first()
    if row is None or row.is_open:
        return None, "export_pending"
    place = exports_root() / row.folder
    if row.status == JobStatus.SUCCEEDED and row.folder and place.is_dir():
        return place, ""
    return None, "export_failed"

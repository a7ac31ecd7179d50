"""Working on a generation run: claim, load the model, fill the slots batch by batch, end.

Each batch is one transaction under the claim's fence: its candidates, the item's counters and the run's progress go in
together or not at all. What a killed worker had not written yet is made again by the next one from the same seed.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.utils.module_loading import import_string

from copystudio.db import JobStatus
from copystudio.services.jobs import (
    JobCancelledError,
    JobKeeper,
    LeaseLostError,
    job_claim,
    job_end,
    job_kept,
    job_progress,
    job_still_mine,
)
from generation.engine.backends.base import Backend
from generation.engine.cache import ModelCache, ModelKey
from generation.engine.config import Check, CopyBrief, SamplingConfig
from generation.engine.errors import EngineError, GenerationCancelledError
from generation.models import Candidate, GenerationItem, GenerationRun, ModelVersion
from generation.services.turn import compute_turn

BACKENDS: ModelCache[Backend] = ModelCache()
log = logging.getLogger(__name__)
Checker = Callable[[dict[str, Any]], Callable[[str], Check]]


def run_execute(*, run_id: int) -> None:
    """Work on a run until it is done. Safe to call twice: whoever holds the lease works, the other returns at once."""
    run = job_claim(GenerationRun, run_id)
    if run is None:
        return
    try:
        with job_kept(run) as keeper, compute_turn():
            keeper.check()
            _fill_run(run, keeper)
        if Candidate.objects.filter(item__run=run).exists():
            job_end(run, JobStatus.SUCCEEDED)
        else:
            job_end(run, JobStatus.FAILED, code="nothing_passed")
    except (JobCancelledError, GenerationCancelledError):
        _end_stopped(run)
    except LeaseLostError:
        log.warning("run %s was taken over by another worker", run.pk)
    except (OperationalError, InterfaceError):
        raise  # the database is away: the lease runs out, and the run is taken up again
    except EngineError as error:
        job_end(run, JobStatus.FAILED, code="engine", params={"detail": str(error)})
    except MemoryError:
        job_end(run, JobStatus.FAILED, code="memory")
    except Exception as error:
        log.exception("run %s failed", run.pk)
        job_end(run, JobStatus.FAILED, code="unexpected", params={"detail": f"{type(error).__name__}: {error}"[:500]})


def _end_stopped(run: GenerationRun) -> None:
    """The work was interrupted between two steps: by a wish to cancel, or because the lease went elsewhere."""
    try:
        job_end(run, JobStatus.CANCELLED)
    except LeaseLostError:
        log.warning("run %s was taken over by another worker", run.pk)


def _fill_run(run: GenerationRun, keeper: JobKeeper) -> None:
    job_progress(run, done=run.done, step="loading")
    backend = _backend(run.model_version)
    checker: Checker = import_string(settings.GENERATION_CHECK)
    job_progress(run, done=run.done, step="writing")
    for item in run.items.filter(finished=False).order_by("position"):
        keeper.check()
        _fill_item(run=run, item=item, backend=backend, checker=checker, keeper=keeper)


def _backend(version: ModelVersion) -> Backend:
    """The version's model, loaded once in this process. Torch comes in here, in the worker's child."""
    from generation.engine.backends.torch import TorchBackend
    from generation.engine.loader import load

    folder = version.language_model.path
    return BACKENDS.get_or_load(
        ModelKey.of(folder),
        lambda: TorchBackend(load(folder, model_root=settings.MODEL_ROOT, threads=settings.GENERATION_THREADS)),
    )


def _fill_item(
    *, run: GenerationRun, item: GenerationItem, backend: Backend, checker: Checker, keeper: JobKeeper
) -> None:
    from generation.engine.generator import Filler
    from generation.engine.prompts import render

    brief = CopyBrief.from_dict({key: value for key, value in item.payload.items() if key != "check"})
    filler = Filler(
        backend=backend,
        prompt=render(run.model_version.prompt_template, brief),
        brief=brief,
        check=checker(item.payload),
        sampling=SamplingConfig.from_dict({**run.sampling, "seed": seed_of(run, item)}),
        wanted=item.requested,
        already=list(item.candidates.order_by("slot").values_list("text", flat=True)),
        first_batch=item.batches,
        spent=item.produced + item.dropped_total,
        stop=keeper.should_stop,
    )
    for batch in filler:
        keeper.check()
        _write_batch(run=run, item=item, batch=batch)
    with transaction.atomic():
        job_still_mine(run)
        GenerationItem.objects.filter(pk=item.pk).update(finished=True)


def seed_of(run: GenerationRun, item: GenerationItem) -> int:
    """A seed of its own for every item, from the run's seed and the item's place: 48 bits."""
    digest = hashlib.sha256(f"{run.seed}:{item.position}".encode()).digest()
    return int.from_bytes(digest[:6], "big")


def _write_batch(*, run: GenerationRun, item: GenerationItem, batch: Any) -> None:
    with transaction.atomic():
        job_still_mine(run)
        slot = item.candidates.count()
        rows = [
            Candidate(
                workspace_id=run.workspace_id,
                item=item,
                slot=slot + offset,
                text=kept.text,
                sha256=hashlib.sha256(kept.text.encode("utf-8")).hexdigest(),
                fluency=kept.mean_logprob,
                token_count=kept.token_count,
                length=kept.check.length,
                findings=kept.check.findings,
                batch=batch.number,
                attempt=run.attempt,
            )
            for offset, kept in enumerate(batch.kept)
        ]
        Candidate.objects.bulk_create(rows)
        for reason, count in batch.dropped.items():
            item.dropped[reason] = item.dropped.get(reason, 0) + count
        item.produced = slot + len(rows)
        item.batches = batch.number + 1
        item.save(update_fields=["dropped", "produced", "batches"])
        run.done += len(rows)
        job_progress(run, done=run.done)

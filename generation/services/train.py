"""Working on a training run: claim, freeze the data, train step by step under the fence, register the version.

What a killed worker leaves is a snapshot and checkpoints in the run's own folder; the next one goes on from there and ends
with the same weights. The version is made in one transaction under the fence, so there is exactly one.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Min

from copystudio.db import JobStatus, locked
from copystudio.models import Workspace
from copystudio.services.events import event_record
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
from generation.engine.adapters import check_adapter
from generation.engine.errors import EngineError, ModelFolderError, TrainingStoppedError, is_out_of_memory
from generation.engine.folders import check_folder
from generation.engine.training.adapter_folder import Lineage
from generation.engine.training.augment import planned
from generation.engine.training.config import TrainConfig
from generation.engine.training.dataset import TrainingExample
from generation.models import ModelVersion, TrainingPoint, TrainingRun, TrainingSample
from generation.services.between_steps import between_steps
from generation.services.evaluation import evaluation_queue
from generation.services.lineage import base_sha256, code_revision, has_its_base
from generation.services.registry import next_number
from generation.services.run_folder import NO_ROOM, run_folder
from generation.services.search import settings_search
from generation.services.snapshot import Snapshot, data_collect, data_scopes, snapshot_freeze, snapshot_read
from generation.services.training_data import Split
from generation.services.training_log import note
from generation.services.training_samples import samples_of, samples_write
from generation.services.turn import Turn, compute_turn

if TYPE_CHECKING:
    from generation.engine.loader import LoadedModel
    from generation.engine.training.progress import Progress, TrainResult

log = logging.getLogger(__name__)


def training_execute(*, run_id: int) -> None:
    """Work on a run until it is done. Safe to call twice: whoever holds the lease works, the other returns at once."""
    run = job_claim(TrainingRun, run_id)
    if run is None:
        return
    try:
        with job_kept(run) as keeper, compute_turn() as turn:
            keeper.check()
            _train(run, turn, keeper)
    except (JobCancelledError, TrainingStoppedError):
        _end(run, JobStatus.CANCELLED)
    except LeaseLostError:
        log.warning("training run %s was taken over by another worker", run.pk)
    except (OperationalError, InterfaceError):
        raise  # the database is away: the lease runs out, and the run is taken up again
    except EngineError as error:
        _end(run, JobStatus.FAILED, "engine", str(error))
    except OSError as error:
        _end(run, JobStatus.FAILED, "disk_full" if error.errno in NO_ROOM else "unexpected", str(error))
    except Exception as error:
        if is_out_of_memory(error):
            _end(run, JobStatus.FAILED, "memory")
            return
        log.exception("training run %s failed", run.pk)
        _end(run, JobStatus.FAILED, "unexpected", f"{type(error).__name__}: {error}")


def _end(run: TrainingRun, status: JobStatus, code: str = "", detail: str = "") -> None:
    try:
        job_end(run, status, code=code, params={"detail": detail[:500]} if detail else {})
    except LeaseLostError:
        log.warning("training run %s was taken over by another worker", run.pk)


def _train(run: TrainingRun, turn: Turn, keeper: JobKeeper) -> None:
    from generation.engine.training.job import TrainingJob
    from generation.engine.training.trainer import TrainingData

    def between() -> None:
        turn.step_aside()
        keeper.check()

    folder = run_folder(run)
    snapshot = _frozen(run, folder / "snapshot", turn)
    data = snapshot.split
    job_progress(run, done=run.done, step="loading")
    root = Path(settings.MODEL_ROOT)
    check_folder(run.language_model.path, root)
    lineage = _lineage(run, snapshot)
    parent = run.parent.adapter_path if run.parent else None
    if run.parent is not None and parent is not None:
        check_adapter(parent, root, sha256=run.parent.adapter_sha256)
        if not has_its_base(run.parent):
            raise ModelFolderError(f"{run.language_model.folder}: another base than the parent was trained over")
    job = TrainingJob(
        model_root=root,
        base=run.language_model.path,
        work=folder,
        target=root / f"adapter-{run.workspace_id}-{run.pk}",
        data=TrainingData(data.examples, data.held_out, data.pairs, data.held_out_pairs),
        config=TrainConfig.from_dict({"fit_room": 0.0, **run.config, "threads": settings.TRAINING_THREADS}),
        lineage=lineage,
        parent=parent,
    )
    with transaction.atomic():
        job_still_mine(run)
        again = "taken_up" if run.done else "taken_up_early"
        note(run, "started" if run.attempt == 1 else again, attempt=run.attempt, step=run.done)
    if job.config.search_minutes:
        job = settings_search(run, job, turn, between)
    shown = samples_of(data.held_out)
    result, digest = job.run(
        lambda progress, model: _on_step(run, progress, model, shown, turn, between),
        between=_measuring(run, between, data),
        on_start=lambda found: _on_start(run, found),
    )
    _register(run, lineage=job.lineage, folder=job.target.name, digest=digest, result=result)
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)


def _measuring(run: TrainingRun, between: Callable[[], object], data: Split) -> Callable[[], object]:
    """``between``, which says first that the training measures, and how far it is: that takes minutes. The next step says what
    comes then."""
    from generation.engine.training.held_out import batches

    mine = TrainingRun.objects.filter(pk=run.pk, fence=run.fence, status=JobStatus.RUNNING)
    whole, done = batches(len(data.held_out), len(data.held_out_pairs)), 0

    def told() -> None:
        nonlocal done
        done = 0 if mine.exclude(step="measuring").update(step="measuring", measured=0) else done + 1
        if done:
            mine.update(measured=min(100, 100 * done // whole))
        between()

    return told


def _frozen(run: TrainingRun, folder: Path, turn: Turn) -> Snapshot:
    """The run's data, frozen by its first attempt. A worker that was killed between file and row is made up for."""
    if folder.is_dir():
        snapshot = snapshot_read(folder)
    else:
        job_progress(run, done=0, step="collecting")
        raw = data_collect(
            workspace=run.workspace, since=run.since, until=run.until, with_corpus=run.with_corpus, scope=run.scope
        )
        snapshot = snapshot_freeze(raw, folder, lambda: between_steps(run, turn))
    with transaction.atomic():
        job_still_mine(run)
        if not run.lines.filter(code="frozen").exists():
            TrainingRun.objects.filter(pk=run.pk).update(
                data_sha256=snapshot.raw_sha256, data_counts=snapshot.split.counts, excluded=snapshot.excluded
            )
            note(run, "frozen", examples=len(snapshot.split.examples), held_out=len(snapshot.split.held_out))
            if snapshot.paraphrases:
                kept = snapshot.paraphrases["kept"]
                note(run, "paraphrased", kept=kept, tried=sum(snapshot.paraphrases.values()))
    return snapshot


def _lineage(run: TrainingRun, snapshot: Snapshot) -> Lineage:
    model = run.language_model
    return Lineage(
        base_name=model.folder,
        base_sha256=base_sha256(model.path),
        template=run.template,
        data_sha256=snapshot.split.sha256,
        data_counts=snapshot.split.counts,
        config=run.config,
        code_revision=code_revision(),
        parent=run.parent.adapter_sha256 if run.parent else "",
        licence=model.licence,
        licence_url=model.licence_url,
        scope=dict(data_scopes(run.workspace)).get(run.scope, run.scope),
    )


def _on_start(run: TrainingRun, found: Mapping[str, float]) -> None:
    """Note under the fence what was measured before the first step, as step 0 of the curve."""
    with transaction.atomic():
        job_still_mine(run)
        TrainingPoint.objects.update_or_create(workspace_id=run.workspace_id, run=run, step=0, defaults=dict(found))
        TrainingRun.objects.filter(pk=run.pk).update(best_loss=found["held_out"], step="first")


def _shipping_loss(run: TrainingRun, progress: Progress) -> float:
    """Of what would ship now: the best of the examples, of which the start is none, or the last of the pairs."""
    earlier = run.points.filter(step__gt=0, step__lt=progress.step).aggregate(least=Min("held_out"))["least"]
    so_far = earlier if progress.phase == "examples" else None
    return min(one for one in (so_far, progress.held_out) if one is not None)


def _on_step(
    run: TrainingRun,
    progress: Progress,
    model: LoadedModel,
    shown: Sequence[TrainingExample],
    turn: Turn,
    between: Callable[[], object],
) -> bool:
    """Note the step under the fence, write samples where the loss was measured, let others compute. True: stop.

    ``between`` is called while samples are written, which takes as long as a measurement.
    """
    texts = samples_write(shown, model, run.template, between) if progress.evaluated else []
    with transaction.atomic():
        current = job_still_mine(run)
        TrainingPoint.objects.update_or_create(
            workspace_id=run.workspace_id,
            run=run,
            step=progress.step,
            defaults={
                "loss": progress.loss,
                "held_out": progress.held_out,
                "pair_accuracy": progress.pair_accuracy,
                "learning_rate": progress.learning_rate,
                "tokens_per_second": progress.tokens_per_second,
            },
        )
        for position, (example, text) in enumerate(zip(shown, texts, strict=False)):
            TrainingSample.objects.update_or_create(
                workspace_id=run.workspace_id,
                run=run,
                step=progress.step,
                position=position,
                defaults={"brief": planned(example).to_dict(), "text": text},
            )
        values: dict[str, Any] = {
            "done": progress.step,
            "total": progress.steps,
            "step": progress.phase,
            "tokens_per_second": progress.tokens_per_second,
            "seconds_left": progress.seconds_left,
        }
        if progress.held_out is not None:
            values["best_loss"] = _shipping_loss(run, progress)
        if progress.left_out and "too_long" not in current.excluded:
            values["excluded"] = {**current.excluded, "too_long": progress.left_out}
            note(run, "too_long", count=progress.left_out, longest=TrainConfig.from_dict(run.config).longest)
        TrainingRun.objects.filter(pk=run.pk).update(**values)
    turn.step_aside()
    return current.cancel_requested_at is not None


def _register(run: TrainingRun, *, lineage: Lineage, folder: str, digest: str, result: TrainResult) -> ModelVersion:
    """The staged version, its evaluation and the end of the run, all in one transaction under the fence."""
    with transaction.atomic():
        job_still_mine(run)
        locked(Workspace, children=True, pk=run.workspace_id)
        version = ModelVersion.objects.create(
            workspace_id=run.workspace_id,
            language_model=run.language_model,
            number=next_number(run.workspace),
            name=run.label,
            prompt_template=run.template,
            folder=folder,
            adapter_sha256=digest,
            base_sha256=lineage.base_sha256,
            parent=run.parent,
            lineage={
                **lineage.to_dict(),
                "history": result.state.history,
                "steps": result.state.step,
                "held_out": result.held_out,
                "seconds": round(result.state.seconds, 1),
            },
            created_by=run.created_by,
        )
        TrainingRun.objects.filter(pk=run.pk).update(version=version, base_sha256=lineage.base_sha256, seconds_left=0)
        note(run, "finished", loss=result.held_out, stopped=result.state.stopped)
        event_record(
            actor=run.created_by,
            workspace=run.workspace,
            verb="modelversion.create",
            target=version,
            data={"run": run.pk},
        )
        evaluation_queue(version=version, actor=run.created_by)
        job_end(run, JobStatus.SUCCEEDED)
        return version

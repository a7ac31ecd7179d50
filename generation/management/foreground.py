"""A workspace's jobs, started as the web starts them and worked on here as the worker does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.core.management.base import CommandError
from django.db import connection

from copystudio.db import Job
from copystudio.models import Role, User, Workspace
from generation.engine.training.config import TrainConfig
from generation.models import LanguageModel, ModelVersion, TrainingRun
from generation.selectors.training_words import line_sentence
from generation.services.run import model_version_active
from generation.services.snapshot import data_scopes
from generation.services.train import training_execute
from generation.services.training import training_start

SECONDS = 2.0  # from one look at the row to the next
Say = Callable[[str], None]


def workspace_train(
    *, slug: str, label: str, config: TrainConfig, base: str, parent: str, with_corpus: bool, scope: str, say: Say
) -> TrainingRun:
    """The run when it has ended, well or not. ``base`` and ``parent`` are folders' names; without a base, that of the active
    version is trained. ``scope`` is the name of a part of the workspace's data; empty: all.

    An equal run that is open already is gone on with; where a worker has it, its progress is told. Raises CommandError for
    names that the workspace does not have, and what ``training_start`` raises.
    """
    workspace = Workspace.objects.filter(slug=slug).first()
    if workspace is None:
        raise CommandError(f"There is no workspace {slug}.")
    run, is_new = training_start(
        actor=admin_of(workspace),
        workspace=workspace,
        label=label,
        language_model=_base_of(workspace, base),
        config=config,
        parent=_parent_of(workspace, parent),
        with_corpus=with_corpus,
        scope=_scope_of(workspace, scope),
    )
    say(f"{run.label}: {run.data_counts}" if is_new else f"{run.label} is open already: it goes on.")
    work_to_its_end(run, lambda: training_execute(run_id=run.pk), _Teller(run, say).tell)
    return run


def work_to_its_end(job: Job, execute: Callable[[], None], tell: Callable[[], None]) -> None:
    """Work on the job until it has ended, or wait for whoever works on it. Meanwhile a thread calls ``tell``, and once more at
    the end: it reads the row, whoever writes it, and tells what is new."""
    over = threading.Event()

    def watch() -> None:
        try:
            while not over.wait(SECONDS):
                tell()
        finally:
            connection.close()

    thread = threading.Thread(target=watch, name="progress", daemon=True)
    thread.start()
    try:
        execute()
        job.refresh_from_db()
        while job.is_open:  # a worker has it, or one that was killed had it and its lease runs out
            time.sleep(SECONDS)
            execute()
            job.refresh_from_db()
    finally:
        over.set()
        thread.join()
    tell()


def step_line(*, step: int, steps: int, loss: float | None, held_out: float | None, rate: float, left: float) -> str:
    learned = "" if loss is None else f" loss {loss:.3f}"
    measured = "" if held_out is None else f", held-out {held_out:.4f}"
    return f"step {step}/{steps}{learned}{measured}, {rate:.0f} tokens/s, {left / 60:.0f} min left"


def admin_of(workspace: Workspace) -> User:
    """The first admin, in whose name it is done. A demonstration's people never sign in, and start nothing."""
    people = User.objects.filter(memberships__workspace=workspace, memberships__role=Role.ADMIN, is_active=True)
    admin = people.exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX).order_by("id").first()
    if admin is None:
        raise CommandError(f"There is no active admin in {workspace.slug}.")
    return admin


def _base_of(workspace: Workspace, folder: str) -> LanguageModel:
    if not folder:
        return model_version_active(workspace).language_model
    base = LanguageModel.objects.filter(workspace=workspace, folder=folder).first()
    if base is None:
        raise CommandError(f"There is no base model {folder} in {workspace.slug}.")
    return base


def _scope_of(workspace: Workspace, name: str) -> str:
    """The key of that name among the parts of the workspace's data; several of one name are told by their key."""
    found = data_scopes(workspace)
    keys = [key for key, called in found if name in (key, called)]
    if name and len(keys) != 1:
        names = ", ".join(f"{called} ({key})" for key, called in found) or "none"
        raise CommandError(f"There is no brand {name} in {workspace.slug}. There are: {names}.")
    return keys[0] if name else ""


def _parent_of(workspace: Workspace, folder: str) -> ModelVersion | None:
    if not folder:
        return None
    version = ModelVersion.objects.filter(workspace=workspace, folder=folder).order_by("-number").first()
    if version is None:
        raise CommandError(f"There is no version with the adapter {folder} in {workspace.slug}.")
    return version


class _Teller:
    """Tells each line of a run's log once, and of its steps every tenth, those that were measured and the last."""

    def __init__(self, run: TrainingRun, say: Say) -> None:
        self._run, self._say = run, say
        self._line, self._step = 0, -1

    def tell(self) -> None:
        run = TrainingRun.objects.filter(pk=self._run.pk).first()
        if run is None:
            return
        for line in run.lines.filter(pk__gt=self._line).order_by("pk"):
            self._line = line.pk
            self._say(f"{run.label}: {line_sentence(line.code, line.params)}")
        for point in run.points.filter(step__gt=self._step).order_by("step"):
            self._step = point.step
            if point.held_out is not None or point.step % 10 == 0 or point.step == run.total:
                self._say(
                    step_line(
                        step=point.step,
                        steps=run.total,
                        loss=point.loss,
                        held_out=point.held_out,
                        rate=point.tokens_per_second,
                        left=run.seconds_left or 0.0,
                    )
                )

"""Somebody cancels a training in the middle of a measurement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from copystudio.services.jobs import Job, JobKeeper
from generation.models import TrainingRun
from generation.services import train as worker
from generation.services.training import training_cancel
from generation.services.turn import Turn
from tests.people import Cast


class BeatingKeeper(JobKeeper):
    """As if its thread had just looked: a thread sees no row of a test's transaction."""

    def check(self) -> None:
        self.beat()
        super().check()


def cancelled_at_the_first_batch(run: TrainingRun, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the run cancelled the first time that its worker lets others compute."""
    _cancelled(run, cast, monkeypatch, lambda: True)


def cancelled_while_measuring(run: TrainingRun, cast: Cast, monkeypatch: pytest.MonkeyPatch, *, call: int) -> None:
    """Have the run cancelled at that call between batches and tokens of the first measurement after a step."""
    calls = iter(range(1, call))

    def now() -> bool:
        run.refresh_from_db()
        return bool(run.step == "measuring" and run.done and next(calls, None) is None)

    _cancelled(run, cast, monkeypatch, now)


def _cancelled(run: TrainingRun, cast: Cast, monkeypatch: pytest.MonkeyPatch, now: Callable[[], bool]) -> None:

    @contextmanager
    def kept(job: Job) -> Iterator[JobKeeper]:
        yield BeatingKeeper(job)

    def step_aside(turn: Turn) -> bool:
        if now():
            training_cancel(actor=cast.admin, run=run)
        return False

    monkeypatch.setattr(worker, "job_kept", kept)
    monkeypatch.setattr(Turn, "step_aside", step_aside)

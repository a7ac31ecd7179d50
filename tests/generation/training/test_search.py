"""A training run that searches for its settings first: told in the log, stopped, taken up again, and never searched twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db.models import F

from copystudio.db import JobStatus
from generation.engine.training import trial as engine
from generation.engine.training.trainer import Trainer
from generation.engine.training.trial import PartTrainer
from generation.models import TrainingLine, TrainingRun
from generation.services.run_folder import run_folder
from generation.services.train import training_execute
from generation.services.training import training_cancel, training_resume
from tests.generation.learning import QUICK, start
from tests.generation.training.cancelling import cancelled_at_the_first_batch
from tests.people import Cast

WISH = replace(QUICK, search_minutes=10)


@pytest.fixture(autouse=True)
def _few_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wish with its rank of 4, and three rates with a rank of 2."""
    monkeypatch.setattr(engine, "RANKS", (2,))


def execute(run: TrainingRun) -> TrainingRun:
    training_execute(run_id=run.pk)
    run.refresh_from_db()
    return run


def lines(run: TrainingRun) -> list[str]:
    return list(TrainingLine.objects.filter(run=run).values_list("code", flat=True))


def params(run: TrainingRun, code: str) -> list[dict[str, Any]]:
    return list(TrainingLine.objects.filter(run=run, code=code).values_list("params", flat=True))


def test_the_version_is_trained_with_what_was_found_and_the_log_tells_how(shop: Cast) -> None:
    run = execute(start(shop, config=WISH))
    assert (run.status, run.error_params) == (JobStatus.SUCCEEDED, {})
    assert lines(run) == ["frozen", "started", *["tried"] * 5, "searched", "finished"]
    tried, found = params(run, "tried"), params(run, "searched")[0]
    best = min((one for one in tried if one["epochs"] == 1), key=lambda one: one["loss"])
    assert (found["learning_rate"], found["rank"]) == (best["learning_rate"], best["rank"])
    assert run.version is not None
    config = run.version.lineage["config"]
    assert found == {
        "learning_rate": f"{config['learning_rate']:g}",
        "rank": config["rank"],
        "epochs": config["epochs"],
    }
    assert config["search_minutes"] == 10
    assert run.config["learning_rate"] == QUICK.learning_rate, "the run keeps what was wished"
    assert run.total == found["epochs"] * 5
    assert sorted(path.name for path in run_folder(run).iterdir()) == ["events", "search.json", "snapshot"]


def test_without_the_wish_nothing_is_searched(shop: Cast) -> None:
    run = execute(start(shop))
    assert lines(run) == ["frozen", "started", "finished"]
    assert not (run_folder(run) / "search.json").exists()


def test_cancelling_stops_it_within_a_step_and_resuming_goes_on(shop: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    run, asked = start(shop, config=WISH), 0
    honest = PartTrainer.__call__

    def cancelled_in_the_third(self: PartTrainer, config: Any, examples: int) -> list[float]:
        nonlocal asked
        asked += 1
        if asked == 3:
            training_cancel(actor=shop.admin, run=run)
        return honest(self, config, examples)

    with monkeypatch.context() as patch:
        patch.setattr(PartTrainer, "__call__", cancelled_in_the_third)
        assert execute(run).status == JobStatus.CANCELLED
    assert lines(run).count("tried") == 2
    assert not (run_folder(run) / "trials").exists()
    training_resume(actor=shop.admin, run=run)
    assert execute(run).status == JobStatus.SUCCEEDED
    assert lines(run).count("tried") == 5, "no trial is made twice"


def test_cancelling_stops_it_within_a_batch_of_a_measurement(shop: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[int] = []
    honest = Trainer._step
    monkeypatch.setattr(Trainer, "_step", lambda self: (steps.append(1), honest(self))[1])
    run = start(shop, config=WISH)
    cancelled_at_the_first_batch(run, shop, monkeypatch)
    assert execute(run).status == JobStatus.CANCELLED
    assert not steps and "tried" not in lines(run)
    assert not (run_folder(run) / "trials").exists()


def test_a_worker_that_was_killed_while_training_does_not_search_again(
    shop: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(BaseException):
        """Stands for a process that ends without a word: nothing of ours catches it."""

    def killed(*args: Any) -> bool:
        raise KilledError

    run = start(shop, config=WISH)
    with monkeypatch.context() as patch:
        patch.setattr("generation.services.train._on_step", killed)
        with pytest.raises(KilledError):
            training_execute(run_id=run.pk)
    TrainingRun.objects.filter(pk=run.pk).update(lease_until=F("created_at"))
    monkeypatch.setattr(PartTrainer, "__call__", killed)
    assert execute(run).status == JobStatus.SUCCEEDED
    assert params(run, "searched")[0] == params(run, "searched")[1]


def test_data_that_no_setting_can_learn_end_with_a_reason(shop: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PartTrainer, "__call__", lambda self, config, examples: [float("nan")])
    run = execute(start(shop, config=WISH))
    assert (run.status, run.error_code) == (JobStatus.FAILED, "engine")
    assert "no setting that can be trained" in run.error_params["detail"]
    assert params(run, "tried")[0]["loss"] is None
    assert not Path(run_folder(run) / "trials").exists()

"""Trials over a tiny real base: they leave base and disk as they were, and a job trains with what they found."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from generation.engine.config import Language
from generation.engine.errors import ModelFolderError, TrainingError, TrainingStoppedError
from generation.engine.loader import load
from generation.engine.training import trial as module
from generation.engine.training.adapter_folder import Lineage
from generation.engine.training.job import TrainingJob
from generation.engine.training.search import Trial
from generation.engine.training.trainer import TrainingData
from generation.engine.training.trial import PartTrainer, searched, spread
from tests.generation.engine.training.conftest import QUICK, example_for
from tests.generation.engine.training.test_journal import fake

WISH = replace(QUICK, learning_rate=0.01, epochs=3, search_minutes=10)


@pytest.fixture
def job(model_root: Path, tmp_path: Path, data: TrainingData) -> TrainingJob:
    lineage = Lineage("tiny", "base", "brief-1", "data", {}, WISH.to_dict(), "code")
    return TrainingJob(model_root, model_root / "tiny", tmp_path / "work", model_root / "x", data, WISH, lineage)


@pytest.fixture
def parts(model_root: Path, tmp_path: Path, data: TrainingData) -> PartTrainer:
    loaded = load(model_root / "tiny", model_root=model_root, threads=1)
    return PartTrainer(loaded, data.examples, data.held_out, "brief-1", tmp_path / "trials")


def test_the_base_is_as_before_and_a_second_trial_is_like_one_over_a_fresh_base(parts: PartTrainer) -> None:
    model = parts.loaded.model
    before = {name: value.clone() for name, value in model.state_dict().items()}
    first = parts(replace(QUICK, epochs=1, rank=8), 12)
    after = model.state_dict()
    assert after.keys() == before.keys()
    assert all(torch.equal(after[name], value) for name, value in before.items())
    assert not model.get_input_embeddings()._forward_hooks
    assert not any(parameter.requires_grad for parameter in model.parameters())
    other = parts(replace(QUICK, epochs=1, rank=4), 12)
    assert parts(replace(QUICK, epochs=1, rank=8), 12) == first != other


def test_nothing_is_left_on_the_disk(parts: PartTrainer) -> None:
    parts(replace(QUICK, epochs=2), 8)
    assert list(parts.scratch.iterdir()) == []


def test_the_figures_of_trials_go_nowhere_else(job: TrainingJob, monkeypatch: pytest.MonkeyPatch) -> None:
    there = fake(monkeypatch)
    monkeypatch.setattr(module, "RANKS", (2,))
    found = searched(job, on_trial=lambda trial: None)
    assert there.asked == []
    replace(found, config=replace(found.config, epochs=1)).run(lambda progress, model: False)
    assert len(there.asked) == 1 and there.logged


def test_there_is_a_loss_after_each_epoch_until_one_brings_nothing(parts: PartTrainer) -> None:
    falling = parts(replace(QUICK, epochs=3), 16)
    assert len(falling) == 3
    assert falling == sorted(falling, reverse=True)
    wild = parts(replace(QUICK, epochs=30, learning_rate=0.1, dropout=0.0), 4)
    assert len(wild) < 30
    assert min(wild) == wild[-2]


def test_a_rate_that_breaks_the_loss_loses_but_a_broken_base_is_told(
    parts: PartTrainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from generation.engine.training.trainer import Trainer

    honest = Trainer._step

    def diverging(self: Trainer) -> tuple[float, int]:
        if self._state.step == 2:
            raise TrainingError("The loss is no number any more at step 3: a lower learning rate may help.")
        return honest(self)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_step", diverging)
        assert parts(QUICK, 16) == [math.inf]
    with torch.no_grad():
        parts.loaded.model.get_input_embeddings().weight.fill_(float("nan"))
    with pytest.raises(TrainingError, match="no number"):
        parts(QUICK, 16)


def test_every_beginning_holds_the_languages_in_their_shares() -> None:
    chinese = replace(example_for(0).brief, language=Language.ZH_HANS)
    mixed = [replace(example_for(n), id=f"zh{n}", brief=chinese) for n in range(10)] + [
        example_for(n) for n in range(30)
    ]
    for size in (4, 8, 12, 20, 40):
        shares = Counter(one.brief.language for one in spread(mixed, 3)[:size])
        assert abs(shares[Language.ZH_HANS] - size / 4) <= 1
    assert spread(mixed, 3) == spread(mixed[::-1], 3) != spread(mixed, 4)


def test_a_job_trains_with_what_was_found_and_says_so(job: TrainingJob, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RANKS", (2,))
    trials: list[Trial] = []
    found = searched(job, on_trial=trials.append)
    best = min((one for one in trials if one.config.epochs == 1), key=lambda one: one.held_out)
    assert found.config.learning_rate == best.config.learning_rate
    assert found.config.epochs in {1, 2, 3}
    assert not found.config.search_minutes
    assert found.lineage.config == {**found.config.to_dict(), "search_minutes": WISH.search_minutes}
    assert len({one.config.rank for one in trials}) == 2
    assert [path.name for path in job.work.iterdir()] == ["search.json"]
    result, _ = replace(found, target=job.work / "adapter").run(lambda progress, model: False)
    assert result.steps == found.config.epochs * 4


def test_a_search_that_is_done_is_read_and_one_that_was_killed_goes_on(
    job: TrainingJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RANKS", (4,))

    class KilledError(Exception):
        """Stands for a process that ends without a word."""

    def die(trial: Trial) -> None:
        raise KilledError

    with pytest.raises(KilledError):
        searched(job, on_trial=die)
    kept = json.loads((job.work / module.FILE).read_text())
    assert (len(kept["trials"]), kept["best"]) == (1, None)
    trials: list[Trial] = []
    found = searched(job, on_trial=trials.append)
    assert len(json.loads((job.work / module.FILE).read_text())["trials"]) == len(trials) + 1

    def never(*args: Any, **values: Any) -> Any:
        raise AssertionError("a search that is done loads no model")

    monkeypatch.setattr(module, "load", never)
    assert searched(job, on_trial=never) == found
    assert searched(replace(job, config=replace(WISH, threads=2)), on_trial=never).config.threads == 2
    with pytest.raises(AssertionError, match="loads no model"):
        searched(replace(job, config=replace(WISH, search_minutes=20)), on_trial=never)


def test_stopping_takes_one_step(job: TrainingJob) -> None:
    asked: list[bool] = []
    with pytest.raises(TrainingStoppedError):
        searched(job, on_trial=lambda trial: None, should_stop=lambda: bool(asked.append(True)) or len(asked) == 2)
    assert len(asked) == 2
    assert not (job.work / "trials").exists()


def test_others_may_compute_between_the_batches_of_a_trials_measurement(job: TrainingJob) -> None:
    class EnoughError(Exception):
        """Stands for whatever ends a training from outside."""

    def enough() -> None:
        raise EnoughError

    with pytest.raises(EnoughError):
        searched(job, on_trial=lambda trial: None, between=enough)


def test_without_a_wish_or_without_examples_there_is_no_search(job: TrainingJob, data: TrainingData) -> None:
    for other in (replace(job, config=replace(WISH, search_minutes=0.0)), replace(job, data=_only_pairs(data))):
        found = searched(other, on_trial=lambda trial: None)
        assert found.config == replace(WISH, search_minutes=0.0)
        assert not job.work.exists()


def _only_pairs(data: TrainingData) -> TrainingData:
    from tests.generation.engine.training.conftest import pair_for

    return TrainingData([], data.held_out, [pair_for(0)])


def test_a_parent_keeps_its_rank_and_its_alpha_and_a_hostile_one_is_refused(job: TrainingJob, tmp_path: Path) -> None:
    parent = job.work.parent / "parent"
    with pytest.raises(ModelFolderError):
        searched(replace(job, parent=parent), on_trial=lambda trial: None)
    found, _ = replace(job, config=replace(QUICK, epochs=1, alpha=20.0), target=job.model_root / "parent").run(
        lambda progress, model: False
    )
    trials: list[Trial] = []
    wish = replace(WISH, epochs=1, alpha=20.0)
    child = replace(job, config=wish, parent=job.model_root / "parent", work=tmp_path / "child")
    searched(child, on_trial=trials.append)
    assert {(one.config.rank, one.config.alpha) for one in trials} == {(QUICK.rank, 20.0)}
    with pytest.raises(TrainingError, match="rank 4 and alpha 20"):
        searched(replace(child, config=WISH, work=tmp_path / "other"), on_trial=trials.append)
    assert min(one.held_out for one in trials) < found.state.history[0]["held_out"]

"""Training that goes on from another adapter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from generation.engine.errors import TrainingStoppedError
from generation.engine.training.held_out import held_out_loss
from generation.engine.training.lora import read_weights, write_adapter
from generation.engine.training.progress import TrainResult
from generation.engine.training.trainer import Trainer
from tests.generation.engine.training.conftest import QUICK

MakeTrainer = Callable[..., Trainer]


@pytest.fixture
def parent(make_trainer: MakeTrainer, tmp_path: Path) -> tuple[Path, TrainResult]:
    trainer = make_trainer()
    result = trainer.run()
    folder = tmp_path / "parent"
    folder.mkdir()
    write_adapter(folder, trainer.adapter, result.weights, "tiny")
    return folder, result


def test_it_begins_where_the_parent_ended(
    make_trainer: MakeTrainer, tmp_path: Path, parent: tuple[Path, TrainResult]
) -> None:
    folder, result = parent
    child = make_trainer(folder=tmp_path / "child", start_from=folder, config=replace(QUICK, epochs=1))
    assert child.run().state.history[0]["held_out"] == pytest.approx(result.state.best_loss, rel=0.02)


def test_nothing_is_dropped_in_what_is_measured_before_the_first_step(
    make_trainer: MakeTrainer, tmp_path: Path, parent: tuple[Path, TrainResult]
) -> None:
    """Or the parent of a training looks worse than it is, and what is worse than the parent takes its place."""

    def before(dropout: float) -> float:
        config = replace(QUICK, dropout=dropout)
        trainer = make_trainer(lambda p: True, folder=tmp_path / f"{dropout}", start_from=parent[0], config=config)
        told: list[float] = []
        trainer.on_start = lambda found: told.append(found["held_out"])
        with pytest.raises(TrainingStoppedError):
            trainer.run()
        return told[0]

    assert before(0.5) == before(0.0)


def test_a_part_of_the_parent_is_kept(
    make_trainer: MakeTrainer, tmp_path: Path, parent: tuple[Path, TrainResult]
) -> None:
    config = replace(QUICK, epochs=1)
    without = make_trainer(folder=tmp_path / "without", start_from=parent[0], config=config).run()
    trainer = make_trainer(folder=tmp_path / "with", start_from=parent[0], config=replace(config, keep_parent=0.25))
    result, before = trainer.run(), read_weights(parent[0])
    for name, tensor in result.weights.items():
        assert torch.allclose(tensor, 0.75 * without.weights[name] + 0.25 * before[name], atol=1e-6)
    assert result.held_out != without.held_out
    trainer.adapter.put(result.weights)
    assert held_out_loss(trainer.adapter, trainer._held_out, trainer.world) == pytest.approx(result.held_out)


def test_without_a_parent_nothing_of_it_is_kept(make_trainer: MakeTrainer, tmp_path: Path) -> None:
    kept = make_trainer(folder=tmp_path / "kept", config=replace(QUICK, keep_parent=0.5)).run()
    plain = make_trainer(folder=tmp_path / "plain", config=QUICK).run()
    assert all(torch.equal(tensor, plain.weights[name]) for name, tensor in kept.weights.items())

"""Preferences: what they are measured from, and that they do not cost what was learned before."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from generation.engine.training.progress import Progress
from generation.engine.training.trainer import Trainer, TrainingData
from tests.generation.engine.training.conftest import QUICK, pair_for

MakeTrainer = Callable[..., Trainer]


@pytest.mark.parametrize("own", [0, 1])
def test_preferences_are_measured_from_what_the_pairs_begin_from_or_from_the_base(
    make_trainer: MakeTrainer, data: TrainingData, own: int
) -> None:
    """From itself the first margin is none, whatever was learned before: DPO's loss is the logarithm of two."""
    heard: list[Progress] = []
    data = replace(data, pairs=[pair_for(n) for n in range(12)])
    config = replace(QUICK, dropout=0.0, own_reference=own, chosen_weight=0.0, replay=0.0)
    make_trainer(lambda progress: bool(heard.append(progress)), data=data, config=config).run()
    first, *later = [progress.loss for progress in heard if progress.phase == "pairs"]
    assert (first == pytest.approx(math.log(2), abs=3e-4)) is bool(own)
    assert later and later[-1] < first


def test_pairs_are_learned_without_losing_the_examples(make_trainer: MakeTrainer, data: TrainingData) -> None:
    data = replace(data, pairs=[pair_for(n) for n in range(12)], held_out_pairs=[pair_for(n) for n in range(12)])
    config = replace(QUICK, preference_epochs=4, preference_rate=0.5)
    heard: list[Progress] = []
    history = make_trainer(lambda p: bool(heard.append(p)), data=data, config=config).run().state.history
    before = next(entry for entry in history if entry["step"] == 12)
    assert history[-1]["pair_accuracy"] >= before["pair_accuracy"]
    assert history[-1]["pair_accuracy"] > 0.9
    assert history[-1]["held_out"] < before["held_out"] * 1.1
    assert {progress.phase for progress in heard} == {"examples", "pairs"}
    assert heard[-1].loss < heard[12].loss


def test_examples_that_are_held_stay_as_likely_as_they_were_while_pairs_are_learned(
    make_trainer: MakeTrainer, data: TrainingData, tmp_path: Path
) -> None:
    data = replace(data, pairs=[pair_for(n) for n in range(12)], held_out_pairs=[pair_for(n) for n in range(12)])

    def after(hold: float) -> tuple[float, float]:
        config = replace(
            QUICK, dropout=0.0, preference_epochs=4, preference_rate=0.5, replay=2.0, chosen_weight=0.0, hold=hold
        )
        history = make_trainer(data=data, config=config, folder=tmp_path / f"hold {hold}").run().state.history
        before = next(entry for entry in history if entry["step"] == 12)
        return abs(history[-1]["held_out"] - before["held_out"]), history[-1]["pair_accuracy"]

    (learned, _), (held, accuracy) = after(0.0), after(20.0)
    assert held < learned / 5
    assert accuracy > 0.9

"""What a training is told: every setting within its range, and the same after a trip through JSON."""

from __future__ import annotations

import json
import math
from dataclasses import fields, replace
from typing import Any

import pytest

from generation.engine.training.config import TrainConfig

WRONG: dict[str, tuple[Any, ...]] = {
    "rank": (0, -1, 257, 4.5, "4", None, True),
    "alpha": (0.0, -1.0, 1025.0),
    "dropout": (-0.1, 1.0),
    "learning_rate": (0.0, -1e-4, 0.2),
    "warmup_share": (-0.1, 1.0),
    "weight_decay": (-0.1, 1.1),
    "clip": (0.0, -1.0),
    "epochs": (-1, 101, 1.5),
    "batch_size": (0, 1025),
    "accumulation": (0, 9),
    "noise_alpha": (-1.0, 101.0),
    "keep_fact": (-0.1, 1.1),
    "describe": (-0.1, 1.1),
    "synonyms": (-0.1, 1.1),
    "preference_epochs": (-1, 101),
    "beta": (0.0, 11.0),
    "own_reference": (-1, 2),
    "chosen_weight": (-0.1, 11.0),
    "preference_rate": (0.0, 1.1),
    "keep_parent": (-0.1, 1.0),
    "replay": (-0.1, 8.1),
    "hold": (-0.1, 101.0),
    "evaluations": (0, 101),
    "patience": (-1, 1001),
    "checkpoint_every": (0, -5),
    "longest": (15, 8193),
    "time_budget": (0.0, -1.0),
    "threads": (0, 1025),
    "seed": (-1, 2**63),
}


def test_the_defaults_are_sound_and_survive_json() -> None:
    config = TrainConfig()
    assert TrainConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    other = replace(config, rank=8, time_budget=60.0, threads=1, seed=2**63 - 1)
    assert TrainConfig.from_dict(json.loads(json.dumps(other.to_dict()))) == other


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_value_out_of_range_is_refused_by_its_name(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"{name}="):
        TrainConfig.from_dict({name: value})


@pytest.mark.parametrize("name", [item.name for item in fields(TrainConfig) if "float" in str(item.type)])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError):
        TrainConfig.from_dict({name: value})


def test_a_training_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="epochs"):
        TrainConfig(epochs=0, preference_epochs=0)
    assert TrainConfig(epochs=0, preference_epochs=1).epochs == 0


def test_an_unknown_setting_is_refused_by_its_name() -> None:
    with pytest.raises(ValueError, match="trust_remote_code"):
        TrainConfig.from_dict({"rank": 4, "trust_remote_code": True})


def test_a_missing_setting_is_the_default() -> None:
    assert TrainConfig.from_dict({"rank": 4}) == TrainConfig(rank=4)


def test_a_training_from_before_some_settings_were_there_is_the_same_without_them() -> None:
    later = ("fit_room", "own_reference", "keep_parent", "hold")
    before = {name: value for name, value in TrainConfig().to_dict().items() if name not in later}
    config = TrainConfig.from_dict({"fit_room": 0.0, **before, "threads": 2})
    assert config.identity() == {**before, "threads": None}
    assert TrainConfig(fit_room=0.5).identity()["fit_room"] == 0.5
    assert TrainConfig(own_reference=0).identity()["own_reference"] == 0
    assert TrainConfig(keep_parent=0.5).identity()["keep_parent"] == 0.5
    assert TrainConfig(hold=4.0).identity()["hold"] == 4.0

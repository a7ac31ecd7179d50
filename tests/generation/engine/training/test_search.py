"""The search: halving, epochs, the budget, and going on from what an earlier attempt recorded."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from generation.engine.errors import TrainingError
from generation.engine.training import search as module
from generation.engine.training.config import TrainConfig
from generation.engine.training.search import LEAST_EXAMPLES, SearchRecord, Trial, candidates, search

WISH = TrainConfig(learning_rate=4e-4, rank=16, alpha=32.0, epochs=4)


class Clock:
    """Time that passes only while something is trained, so that a test's figures are exact."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, per_example: float = 1.0) -> None:
        self.now, self.per_example = 0.0, per_example
        self.asked: list[tuple[float, int, int, int]] = []
        monkeypatch.setattr(module.time, "monotonic", lambda: self.now)

    def train(self, config: TrainConfig, examples: int) -> Sequence[float]:
        """The nearer to a rate of 5e-4 and a rank of 8, the lower the loss; lowest after the second epoch."""
        self.asked.append((config.learning_rate, config.rank, config.epochs, examples))
        far = abs(math.log(config.learning_rate / 5e-4)) + abs(config.rank - 8) / 100
        losses = [1 + far + abs(epoch - 1) / 10 for epoch in range(config.epochs)]
        self.now += self.per_example * examples * len(losses)
        return losses


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_the_wish_comes_first_and_the_grid_once() -> None:
    found = candidates(replace(WISH, learning_rate=5e-4))
    assert found[0].learning_rate == 5e-4
    assert len(found) == len({(one.learning_rate, one.rank) for one in found}) == 9
    assert all(one.alpha == 2 * one.rank for one in found)
    assert len(candidates(WISH, ranks=(16,))) == 4


def test_what_goes_on_from_a_parent_keeps_its_rank_and_its_alpha() -> None:
    found = candidates(replace(WISH, rank=8, alpha=32.0), has_parent=True)
    assert {(one.rank, one.alpha) for one in found} == {(8, 32.0)}
    assert len({one.learning_rate for one in found}) == len(found) == 4


def test_halving_finds_the_best_setting_and_the_better_ones_get_more_examples(clock: Clock) -> None:
    result = search(candidates(WISH), clock.train, budget=1e9, most_examples=2000)
    assert (result.best.learning_rate, result.best.rank, result.best.epochs) == (5e-4, 8, 2)
    sizes = [one.examples for one in result.trials]
    assert [sizes.count(LEAST_EXAMPLES * times) for times in (1, 2, 4, 8)] == [10, 5, 3, 2]
    assert (sizes[-1], result.trials[-1].config.epochs) == (2000, 4)
    assert all(epochs == 1 for _, _, epochs, _ in clock.asked[:-1])


def test_little_data_are_a_single_rung(clock: Clock) -> None:
    result = search(candidates(WISH), clock.train, budget=1e9, most_examples=40)
    assert result.best.learning_rate == 5e-4
    assert [one.examples for one in result.trials] == [40] * 11


def test_no_trial_starts_that_would_go_over_the_budget(clock: Clock) -> None:
    budget = 10 * LEAST_EXAMPLES + 3.5 * 2 * LEAST_EXAMPLES
    result = search(candidates(WISH), clock.train, budget=budget, most_examples=2000)
    assert clock.now <= budget
    assert [one.examples for one in result.trials] == [128] * 10 + [256] * 3
    assert (result.best.learning_rate, result.best.rank) == (5e-4, 8)
    assert result.best.epochs == WISH.epochs  # no time to find out: the wish stands


def test_with_time_for_nothing_the_wish_is_the_only_trial(clock: Clock) -> None:
    result = search(candidates(WISH), clock.train, budget=0.001, most_examples=2000)
    assert (len(result.trials), result.best) == (1, WISH)


def test_the_epochs_take_the_time_that_is_left(clock: Clock) -> None:
    halving = LEAST_EXAMPLES * (10 + 2 * 5 + 4 * 3 + 8 * 2)
    result = search(candidates(WISH), clock.train, budget=halving + 4 * 1500 + 3, most_examples=2000)
    assert (result.trials[-1].examples, result.trials[-1].config.epochs, result.best.epochs) == (1500, 4, 2)
    short = search(candidates(WISH), clock.train, budget=halving + 4 * 1000, most_examples=2000)
    assert (short.trials[-1].config.epochs, short.best.epochs) == (1, 4)  # fewer than the last rung had say little


def test_a_single_epoch_is_not_searched_for(clock: Clock) -> None:
    result = search(candidates(replace(WISH, epochs=1)), clock.train, budget=1e9, most_examples=128)
    assert (result.best.epochs, len(result.trials)) == (1, 10)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_setting_whose_loss_is_no_number_loses(clock: Clock, bad: float) -> None:
    def train(config: TrainConfig, examples: int) -> Sequence[float]:
        return [bad] if config.learning_rate == 5e-4 else clock.train(config, examples)

    result = search(candidates(WISH), train, budget=1e9, most_examples=200)
    assert result.best.learning_rate == 4e-4
    assert sum(math.isinf(one.held_out) for one in result.trials) == 3


def test_when_no_setting_can_be_trained_it_says_so() -> None:
    with pytest.raises(TrainingError, match="no setting that can be trained"):
        search(candidates(WISH), lambda config, examples: [math.nan], budget=60, most_examples=200)


@pytest.mark.parametrize(("settings", "budget", "most"), [([], 1.0, 1), ([WISH], 0.0, 1), ([WISH], 1.0, 0)])
def test_nonsense_is_refused(settings: list[TrainConfig], budget: float, most: int) -> None:
    with pytest.raises(ValueError, match="a search needs"):
        search(settings, lambda config, examples: [1.0], budget=budget, most_examples=most)


@pytest.mark.parametrize("survived", [0, 1, 7, 12, 19, 20])
def test_a_search_that_was_killed_goes_on_and_ends_as_if_nothing_had_happened(clock: Clock, survived: int) -> None:
    budget = 30_000.0
    whole = search(candidates(WISH), clock.train, budget=budget, most_examples=2000)
    clock.asked.clear()
    heard: list[Trial] = []
    again = search(
        candidates(WISH),
        clock.train,
        budget=budget,
        most_examples=2000,
        known=whole.trials[:survived],
        on_trial=heard.append,
    )
    assert again == whole
    assert len(clock.asked) == len(heard) == len(whole.trials) - survived


def test_a_record_survives_the_file_and_belongs_to_one_search(tmp_path: Path) -> None:
    path = tmp_path / "run" / "search.json"
    of = {"wish": WISH.to_dict(), "data": "abc"}
    trials = [Trial(WISH, 128, (2.5, 2.25), 3.0), Trial(WISH, 256, (math.inf,), 3.0)]
    SearchRecord(of, trials, replace(WISH, epochs=2)).write(path)
    assert SearchRecord.read(path, of) == SearchRecord(of, trials, replace(WISH, epochs=2))
    assert json.loads(path.read_text())["trials"][1]["losses"] == [None]
    assert [one.name for one in path.parent.iterdir()] == ["search.json"]
    assert SearchRecord.read(path, {**of, "data": "other"}).trials == []


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"format": 1}', '{"format": 2, "of": {}, "trials": []}'])
def test_a_broken_record_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "search.json"
    path.write_text(text)
    assert SearchRecord.read(path, {}) == SearchRecord({})


def test_a_trial_counts_its_epochs_from_one() -> None:
    trial = Trial(WISH, 8, (3.0, 2.0, math.nan), 1.0)
    assert (trial.held_out, trial.epochs) == (2.0, 2)
    with pytest.raises(ValueError, match="a trial has"):
        Trial(WISH, 8, (), 1.0)


def test_a_search_is_wished_in_the_settings_and_no_search_is_not_told() -> None:
    assert "search_minutes" not in WISH.to_dict()
    wished = replace(WISH, search_minutes=30)
    assert TrainConfig.from_dict(wished.to_dict()) == wished
    for wrong in ({"search_minutes": -1}, {"search_minutes": 1e6}, {"search_minutes": 5, "epochs": 0}):
        with pytest.raises(ValueError, match="search_minutes"):
            replace(WISH, **wrong)


@pytest.mark.parametrize("wrong", [{"epochs": 2.5}, {"rank": "16"}, {"rank": True}, {"learning_rate": None}])
def test_settings_of_the_wrong_kind_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="wrong kind"):
        TrainConfig.from_dict(wrong)

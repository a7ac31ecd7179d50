"""Training: the loss falls, only the adapter moves, and a run that was killed ends as if nothing had happened."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from generation.engine.errors import TrainingError, TrainingStoppedError
from generation.engine.training.batches import batch_of
from generation.engine.training.dataset import TrainingExample
from generation.engine.training.distributed import World
from generation.engine.training.held_out import held_out_loss
from generation.engine.training.journal import Journal
from generation.engine.training.progress import Progress
from generation.engine.training.trainer import Trainer, TrainingData
from tests.generation.engine.training.conftest import QUICK, example_for, pair_for

MakeTrainer = Callable[..., Trainer]


class KilledError(Exception):
    """Stands for a process that ends without a word: nothing of ours catches it."""


def die_at(step: int) -> Callable[[Progress], bool]:
    def on_step(progress: Progress) -> bool:
        if progress.step == step:
            raise KilledError
        return False

    return on_step


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def test_the_loss_falls_and_only_the_adapter_moves(make_trainer: MakeTrainer) -> None:
    heard: list[Progress] = []
    trainer = make_trainer(lambda progress: bool(heard.append(progress)))
    base = {name: value.clone() for name, value in trainer.adapter.model.state_dict().items() if ".lora_" not in name}
    start = trainer.adapter.weights()
    result = trainer.run()
    after = trainer.adapter.model.state_dict()
    assert all(torch.equal(after[name], value) for name, value in base.items())
    moved = [name for name, value in result.weights.items() if not torch.equal(value, start[name])]
    assert len(moved) == len(start) == 2 * 2 * 7  # two matrices, two layers, seven projections
    losses = [entry["held_out"] for entry in result.state.history]
    assert losses[-1] < 0.8 * losses[0]
    assert result.state.best_loss == min(losses[1:])
    assert [progress.step for progress in heard] == list(range(1, 13))
    assert heard[-1].seconds_left == 0
    assert all(progress.tokens_per_second > 0 for progress in heard)


def test_the_same_seed_gives_the_same_weights_and_another_one_does_not(
    make_trainer: MakeTrainer, tmp_path: Path
) -> None:
    first = make_trainer(folder=tmp_path / "a").run().weights
    assert same(first, make_trainer(folder=tmp_path / "b").run().weights)
    other = make_trainer(folder=tmp_path / "c", config=replace(QUICK, seed=1)).run().weights
    assert not same(first, other)


@pytest.mark.parametrize("step", [1, 4, 6, 8, 11, 13])
def test_a_killed_run_goes_on_and_ends_with_the_same_weights(
    make_trainer: MakeTrainer, tmp_path: Path, data: TrainingData, step: int
) -> None:
    data = replace(data, pairs=[pair_for(n) for n in range(6)], held_out_pairs=[pair_for(n) for n in range(8, 10)])
    config = replace(QUICK, noise_alpha=5.0, preference_rate=0.5)
    whole = make_trainer(folder=tmp_path / "whole", data=data, config=config).run()
    with pytest.raises(KilledError):
        make_trainer(die_at(step), folder=tmp_path / "killed", data=data, config=config).run()
    heard: list[int] = []
    again = make_trainer(
        lambda progress: bool(heard.append(progress.step)), folder=tmp_path / "killed", data=data, config=config
    )
    result = again.run()
    assert heard[0] <= step  # what was not in a checkpoint is done again
    assert heard[0] > step - QUICK.checkpoint_every - 1 or step <= QUICK.checkpoint_every
    assert same(whole.weights, result.weights)
    assert whole.state.history == result.state.history


def die_at_batch(number: int) -> Callable[[], None]:
    """For `between`: die at that batch of all measurements."""
    left = iter(range(number - 1))

    def between() -> None:
        if next(left, None) is None:
            raise KilledError

    return between


@pytest.mark.parametrize(("batch", "step"), [(3, 4), (4, 4), (7, 12), (9, 14)])
def test_who_is_killed_while_measuring_repeats_no_step(
    make_trainer: MakeTrainer, tmp_path: Path, data: TrainingData, batch: int, step: int
) -> None:
    """However far apart checkpoints are. A measurement has two batches here: of examples and of pairs."""
    data = replace(data, pairs=[pair_for(n) for n in range(6)], held_out_pairs=[pair_for(n) for n in range(8, 10)])
    config = replace(QUICK, preference_rate=0.5, checkpoint_every=1000)
    told: dict[str, list[tuple[float | None, ...]]] = {"whole": [], "killed": []}

    def train(name: str, **values: Any) -> Trainer:
        def on_step(progress: Progress) -> bool:
            assert progress.tokens_per_second > 0
            told[name].append((progress.step, progress.loss, progress.held_out, progress.pair_accuracy))
            return False

        return make_trainer(on_step, folder=tmp_path / name, data=data, config=config, **values)

    whole = train("whole").run()
    with pytest.raises(KilledError):
        train("killed", between=die_at_batch(batch)).run()
    assert [one[0] for one in told["killed"]] == list(range(1, step))
    result = train("killed").run()
    assert told["killed"] == told["whole"], "no step is made twice, and none is left out"
    assert same(whole.weights, result.weights)
    assert whole.state.history == result.state.history


def test_who_is_killed_in_the_last_measurement_that_patience_bears_stops_all_the_same(
    make_trainer: MakeTrainer, tmp_path: Path, data: TrainingData
) -> None:
    unlike = [replace(one, text="dry rope dry path rope rope dry dry path") for one in data.held_out]
    data, config = replace(data, held_out=unlike), replace(QUICK, epochs=30, patience=2, dropout=0.0)
    whole = make_trainer(folder=tmp_path / "whole", data=data, config=config).run()
    last = len(whole.state.history)
    with pytest.raises(KilledError):
        make_trainer(folder=tmp_path / "killed", data=data, config=config, between=die_at_batch(last)).run()
    for _ in range(2):  # and once more from its end
        result = make_trainer(folder=tmp_path / "killed", data=data, config=config).run()
        assert (result.state.stopped, result.state.history) == ("patience", whole.state.history)
        assert same(whole.weights, result.weights)


def test_a_gradient_that_is_no_number_gets_into_no_checkpoint(
    make_trainer: MakeTrainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So a run that failed by it can be resumed."""
    whole = make_trainer(folder=tmp_path / "whole").run()

    def broken(world: World, parameters: list[torch.nn.Parameter]) -> None:
        if len(heard) == 2:  # the step after which a checkpoint is due
            parameters[0].grad = torch.full_like(parameters[0], float("inf"))

    heard: list[Progress] = []
    monkeypatch.setattr(World, "add_gradients", broken)
    with pytest.raises(TrainingError, match="no number"):
        make_trainer(lambda progress: bool(heard.append(progress)), folder=tmp_path / "broken").run()
    monkeypatch.undo()
    assert len(heard) == 2
    assert same(whole.weights, make_trainer(folder=tmp_path / "broken").run().weights)


def test_stopping_takes_one_step_and_keeps_the_checkpoint(make_trainer: MakeTrainer, tmp_path: Path) -> None:
    steps: list[int] = []
    with pytest.raises(TrainingStoppedError):
        make_trainer(lambda progress: bool(steps.append(progress.step)) or progress.step == 2).run()
    assert steps == [1, 2]
    assert (tmp_path / "work" / "checkpoints" / "step-00000002" / "state.json").is_file()


def test_a_checkpoint_of_another_training_is_refused(make_trainer: MakeTrainer) -> None:
    with pytest.raises(TrainingStoppedError):
        make_trainer(lambda progress: True, identity={"data": "one"}).run()
    with pytest.raises(TrainingError, match="another training"):
        make_trainer(identity={"data": "two"}).run()


def test_it_stops_when_the_held_out_loss_gets_no_better(make_trainer: MakeTrainer, data: TrainingData) -> None:
    unlike = [replace(one, text="dry rope dry path rope rope dry dry path") for one in data.held_out]
    config = replace(QUICK, epochs=30, patience=2, dropout=0.0)
    result = make_trainer(config=config, data=replace(data, held_out=unlike)).run()
    assert result.state.stopped == "patience"
    losses = [entry["held_out"] for entry in result.state.history]
    assert min(losses) not in losses[-2:]
    assert len(result.state.history) < 31


def test_no_step_is_written_down_that_patience_left_out(
    make_trainer: MakeTrainer, tmp_path: Path, data: TrainingData, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the pairs follow, whenever the run was killed."""
    unlike = [replace(one, text="dry rope dry path rope rope dry dry path") for one in data.held_out]
    data = replace(data, held_out=unlike, pairs=[pair_for(n) for n in range(6)])
    config = replace(QUICK, epochs=30, patience=2, dropout=0.0, preference_rate=0.5)
    noted: list[int] = []
    heard: list[Progress] = []
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "note", lambda self, step, **figures: noted.append(step))
        trainer = make_trainer(lambda p: bool(heard.append(p)), folder=tmp_path / "whole", data=data, config=config)
        whole = trainer.run()
    state, last = whole.state, [progress.phase for progress in heard].index("pairs")
    assert (state.stopped, whole.steps, len(heard) - last) == ("patience", 30 * 4 + 2, 2)
    assert state.step == last + 2 < whole.steps
    assert [progress.step for progress in heard] == noted == list(range(1, state.step + 1))
    assert [progress.steps for progress in heard] == [whole.steps] * (last - 1) + [state.step] * 3
    assert [entry["step"] for entry in state.history] == [*range(0, last + 1, 4), state.step]
    left = [(one.seconds - state.before) / one.step * (one.steps - one.step) for one in heard]
    assert [progress.seconds_left for progress in heard] == pytest.approx(left)
    for step in (last, last + 1, last + 2):
        given = {"folder": tmp_path / f"killed-{step}", "data": data, "config": config}
        with pytest.raises(KilledError):
            make_trainer(die_at(step), **given).run()
        again = make_trainer(**given).run()
        assert same(again.weights, whole.weights) and again.state.history == state.history
        assert again.state.step == state.step


def test_what_it_began_with_is_no_result_of_it(make_trainer: MakeTrainer, data: TrainingData) -> None:
    """An admin who trains on what the held-out texts are unlike gets what was learned, and the gates to judge it by."""
    data = replace(data, held_out=[replace(one, text="dry rope dry path rope rope dry") for one in data.held_out])
    trainer = make_trainer(data=data, config=replace(QUICK, dropout=0.0))
    start = trainer.adapter.weights()
    result = trainer.run()
    losses = [entry["held_out"] for entry in result.state.history]
    assert losses[0] < min(losses[1:]) == result.held_out == result.state.best_loss
    assert not all(torch.equal(start[name], value) for name, value in result.weights.items())


@pytest.mark.parametrize("pairs", [0, 12])
def test_the_held_out_loss_is_that_of_the_weights_that_ship(
    make_trainer: MakeTrainer, data: TrainingData, pairs: int
) -> None:
    """In both cases it rises at the end: over the examples the best weights ship, after pairs the last ones."""
    if pairs:
        data = replace(data, pairs=[pair_for(n) for n in range(pairs)])
        config = replace(QUICK, preference_epochs=4, preference_rate=1.0, chosen_weight=0.0, replay=0.0)
    else:
        data = replace(data, held_out=[replace(one, text="dry rope dry path rope rope dry") for one in data.held_out])
        config = replace(QUICK, epochs=30, patience=2, dropout=0.0)
    trainer = make_trainer(data=data, config=config)
    result = trainer.run()
    losses = [entry["held_out"] for entry in result.state.history]
    assert losses[-1] > min(losses[1:]) == result.state.best_loss
    assert result.held_out == (losses[-1] if pairs else min(losses[1:]))
    trainer.adapter.put(result.weights)
    assert held_out_loss(trainer.adapter, trainer._held_out, trainer.world) == pytest.approx(result.held_out)


def test_it_stops_when_its_time_is_over(make_trainer: MakeTrainer) -> None:
    result = make_trainer(config=replace(QUICK, epochs=50, time_budget=0.001)).run()
    assert result.state.stopped == "time"
    assert result.state.step == 1  # and not only at the next evaluation, which may be an hour away
    assert len(result.state.history) == 2  # what it has is measured


def test_what_is_measured_before_the_first_step_counts_against_the_time(
    make_trainer: MakeTrainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not for how long a step takes."""
    left: list[float] = []
    trainer = make_trainer(
        lambda p: bool(left.append(p.seconds_left)), config=replace(QUICK, epochs=50, time_budget=60.0)
    )
    clock, batches = [0.0], iter(range(1000))
    monkeypatch.setattr("generation.engine.training.trainer.time.monotonic", lambda: clock[0])
    measure_for_real = trainer._measure

    def slowly() -> dict[str, float]:
        clock[0] += 59.0 if next(batches) == 0 else 0.5
        return measure_for_real()

    def step() -> tuple[float, int]:
        clock[0] += 0.25
        return 1.0, 1

    monkeypatch.setattr(Trainer, "_measure", lambda self: slowly())
    monkeypatch.setattr(Trainer, "_step", lambda self: step())
    state = trainer.run().state
    assert (state.before, state.stopped) == (59.0, "time") and state.step < 50
    assert left[0] == 0.75, "of its time, which is shorter than what its steps would take"


def test_others_may_compute_between_the_batches_of_a_measurement(make_trainer: MakeTrainer) -> None:
    called: list[int] = []
    trainer = make_trainer(lambda progress: True)
    trainer.between = lambda: called.append(1)
    with pytest.raises(TrainingStoppedError):
        trainer.run()
    assert called, "the first measurement comes before the first step"


def test_what_a_measurement_waits_for_others_is_not_counted(make_trainer: MakeTrainer) -> None:
    waited: list[float] = []

    def wait() -> None:
        began = time.monotonic()
        time.sleep(0.2)
        waited.append(time.monotonic() - began)

    trainer = make_trainer()
    trainer.between = wait
    began = time.monotonic()
    seconds = trainer.run().state.seconds
    assert len(waited) > 1 and 0 < seconds <= time.monotonic() - began - sum(waited)


def test_what_is_measured_before_the_first_step_is_told_once(
    make_trainer: MakeTrainer, data: TrainingData, tmp_path: Path
) -> None:
    data = replace(data, pairs=[pair_for(0)], held_out_pairs=[pair_for(2)])
    told: list[dict[str, float]] = []
    trainer = make_trainer(lambda progress: not told or progress.step == 2, data=data)
    trainer.on_start = lambda found: told.append(dict(found))
    with pytest.raises(TrainingStoppedError):
        trainer.run()
    again = make_trainer(data=data)
    again.on_start = lambda found: told.append(dict(found))
    first = again.run().state.history[0]
    assert told == [{"held_out": first["held_out"], "pair_accuracy": first["pair_accuracy"]}]


def test_what_is_longer_than_allowed_is_left_out_and_counted(make_trainer: MakeTrainer, data: TrainingData) -> None:
    long = replace(data.examples[0], id="long", text=" ".join(["warm lamp"] * 100))
    pair = replace(pair_for(0), rejected=long.text)
    data = replace(
        data, examples=[*data.examples, long], held_out=[*data.held_out, long], pairs=[pair_for(0), pair_for(2), pair]
    )
    trainer = make_trainer(data=data, config=replace(QUICK, longest=128, epochs=1))
    heard: list[int] = []
    trainer.on_step = lambda progress: bool(heard.append(progress.left_out))
    result = trainer.run()
    assert result.state.left_out == 3 and result.steps == 4 + 1
    assert heard == [3] * 5
    with pytest.raises(TrainingError, match="nothing to learn"):
        make_trainer(config=replace(QUICK, longest=16))


def test_noise_changes_what_is_learned_but_not_what_the_base_alone_says(
    make_trainer: MakeTrainer, data: TrainingData, tmp_path: Path
) -> None:
    trainer = make_trainer(config=replace(QUICK, dropout=0.0))
    adapter = trainer.adapter
    batch = batch_of(trainer._held_out, adapter.device)
    with adapter.without():
        plain = adapter.logprobs(batch)
    with adapter.training(5.0):
        with adapter.without():
            assert torch.equal(adapter.logprobs(batch), plain)
        assert not torch.equal(adapter.logprobs(batch), adapter.logprobs(batch)), "and then there is noise again"
    data = replace(data, pairs=[pair_for(n) for n in range(4)])
    quiet, noisy = (
        make_trainer(folder=tmp_path / f"{noise}", data=data, config=replace(QUICK, epochs=1, noise_alpha=noise)).run()
        for noise in (0.0, 5.0)
    )
    assert not same(quiet.weights, noisy.weights)


def test_a_loss_that_is_no_number_ends_with_a_reason(make_trainer: MakeTrainer) -> None:
    trainer = make_trainer()
    with torch.no_grad():
        trainer.adapter.loaded.model.get_input_embeddings().weight.fill_(float("nan"))
    with pytest.raises(TrainingError, match="no number"):
        trainer.run()


def test_there_must_be_something_to_learn_and_something_to_measure() -> None:
    examples: list[TrainingExample] = [example_for(0)]
    with pytest.raises(TrainingError, match="nothing to learn"):
        TrainingData([], examples)
    with pytest.raises(TrainingError, match="kept for measuring"):
        TrainingData(examples, [])


def test_a_step_counts_its_examples_alike_however_they_are_split(make_trainer: MakeTrainer, tmp_path: Path) -> None:
    losses: dict[int, list[float]] = {}
    for accumulation in (1, 2):
        found = losses.setdefault(accumulation, [])
        config = replace(QUICK, dropout=0.0, epochs=1, accumulation=accumulation)
        make_trainer(
            lambda p, found=found: bool(found.append(p.loss)), folder=tmp_path / f"{accumulation}", config=config
        ).run()
    assert losses[1] == pytest.approx(losses[2], rel=0.01)


def test_a_heavier_example_pulls_harder(make_trainer: MakeTrainer, data: TrainingData, tmp_path: Path) -> None:
    config = replace(QUICK, dropout=0.0)
    heavy = replace(data, examples=[replace(one, weight=5.0 if n % 2 else 1.0) for n, one in enumerate(data.examples)])
    odd = [one for one in data.held_out if one.text.startswith("a soft")]
    plain = make_trainer(folder=tmp_path / "a", data=replace(data, held_out=odd), config=config).run()
    pulled = make_trainer(folder=tmp_path / "b", data=replace(heavy, held_out=odd), config=config).run()
    assert pulled.state.history[1]["held_out"] < plain.state.history[1]["held_out"]


def test_no_epoch_and_no_pair_is_nothing_to_do(make_trainer: MakeTrainer) -> None:
    with pytest.raises(TrainingError, match="nothing to do"):
        make_trainer(config=replace(QUICK, epochs=0, preference_epochs=1)).run()

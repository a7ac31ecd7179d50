"""Train an adapter: examples first, then preference pairs. Imports torch.

Every step's chance (dropout, noise) comes from the step's own seed and every epoch's order from the epoch's, so a run that
was killed goes on from its checkpoint as if nothing had happened, to the same last bit on a CPU with one thread.
"""

import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from generation.engine.errors import TrainingError, TrainingStoppedError
from generation.engine.loader import LoadedModel
from generation.engine.seeds import derive_seed
from generation.engine.training.batches import PairRow, Row, RowMaker, batch_of, epoch_order, parts, steps_in_epoch
from generation.engine.training.checkpoint import Checkpoint, TrainState, read_newest, write_checkpoint
from generation.engine.training.config import TrainConfig
from generation.engine.training.dataset import PreferencePair, TrainingExample
from generation.engine.training.distributed import World
from generation.engine.training.held_out import by_row, held_out_loss, measure
from generation.engine.training.journal import Journal
from generation.engine.training.lora import Adapter, between_weights, read_weights
from generation.engine.training.losses import hold_loss, preference_loss
from generation.engine.training.progress import Progress, TrainResult


@dataclass(frozen=True, slots=True)
class TrainingData:
    """Examples and pairs to learn from, and those kept for measuring."""

    examples: Sequence[TrainingExample]
    held_out: Sequence[TrainingExample]
    pairs: Sequence[PreferencePair] = ()
    held_out_pairs: Sequence[PreferencePair] = ()

    @property
    def parts(self) -> tuple[Sequence[TrainingExample | PreferencePair], ...]:
        return self.examples, self.held_out, self.pairs, self.held_out_pairs

    def __post_init__(self) -> None:
        if not self.examples and not self.pairs:
            raise TrainingError("There is nothing to learn from: no example and no pair.")
        if not self.held_out:
            raise TrainingError("There is no example of a product that is kept for measuring.")


OnStep = Callable[[Progress], bool]  # True: stop after this step
OnStart = Callable[[Mapping[str, float]], object]


@dataclass(slots=True)
class Trainer:
    """One training run. `run()` trains to the end, or goes on from the newest checkpoint in `folder`.

    identity    what is trained, as JSON (hashes of base and data): a checkpoint of something else is refused
    start_from  folder of an adapter to go on from, trained over the same base with the same rank
    between     called between the batches of a measurement, which takes longer than a step
    on_start    hears before the first step what is measured there: `held_out` and, with pairs, `pair_accuracy`
    """

    loaded: LoadedModel
    data: TrainingData
    config: TrainConfig
    folder: Path
    template: str
    on_step: OnStep
    identity: Mapping[str, Any] = field(default_factory=dict)
    start_from: Path | None = None
    world: World = field(default_factory=World)
    between: Callable[[], object] | None = None
    on_start: OnStart = lambda found: None
    adapter: Adapter = field(init=False)
    _seconds_aside: float = field(init=False, default=0.0)
    _rows: RowMaker = field(init=False)
    _state: TrainState = field(init=False)
    _best: dict[str, torch.Tensor] = field(init=False)
    _optimizer: torch.optim.AdamW = field(init=False)
    _epoch_rows: Callable[[int], tuple[list[Row], list[list[int]]]] = field(init=False)
    _pairs: list[PairRow] = field(init=False)
    _held_out: list[Row] = field(init=False)
    _held_out_pairs: list[PairRow] = field(init=False)

    def __post_init__(self) -> None:
        self.adapter = Adapter(self.loaded, self.config)
        if self.start_from is not None:
            self.adapter.put(read_weights(self.start_from))
        self._rows = RowMaker(self.loaded.tokenizer, self.template)
        given, self.data = self.data, self._fitting(self.data)
        left_out = sum(len(before) - len(after) for before, after in zip(given.parts, self.data.parts, strict=True))
        self._state, self._best = TrainState(left_out=left_out), self.adapter.weights()
        self._optimizer = self._new_optimizer()
        self._epoch_rows = lru_cache(maxsize=1)(self._make_epoch)
        self._pairs = [self._rows.pair(pair) for pair in self.data.pairs]
        self._held_out = [self._rows.plain(example) for example in self.data.held_out]
        self._held_out_pairs = [self._rows.pair(pair) for pair in self.data.held_out_pairs]

    def _fitting(self, data: TrainingData) -> TrainingData:
        """Without what is longer than the settings allow, for which there may be no memory."""
        rows, longest = self._rows, self.config.longest

        def examples(some: Sequence[TrainingExample]) -> list[TrainingExample]:
            return [one for one in some if len(rows.plain(one).ids) <= longest]

        def pairs(some: Sequence[PreferencePair]) -> list[PreferencePair]:
            return [one for one in some if rows.pair(one).longest <= longest]

        return TrainingData(
            examples(data.examples), examples(data.held_out), pairs(data.pairs), pairs(data.held_out_pairs)
        )

    # -- how long --------------------------------------------------------------------------------------------------

    @property
    def example_steps(self) -> int:
        return self.config.epochs * steps_in_epoch(len(self.data.examples), self.config)

    @property
    def steps(self) -> int:
        return self.example_steps + self.config.preference_epochs * steps_in_epoch(len(self.data.pairs), self.config)

    # -- the loop --------------------------------------------------------------------------------------------------

    def run(self) -> TrainResult:
        """Raises `TrainingStoppedError` when `on_step` asked to stop; the checkpoint of that step is kept."""
        if not self.steps:
            raise TrainingError("There is nothing to do: no epoch over examples, and no preference pair to learn from.")
        self._go_on()
        journal = (
            Journal(self.folder / "events", self.folder.name, self.config.to_dict()) if self.world.is_first else None
        )
        try:
            if not self._state.history:
                self.on_start(self._measured())
                self._state.before = self._state.seconds
            if self._must_measure():  # it was stopped while it measured
                self._end_step(journal, measures=True)
            while self._state.place < self.steps and self._state.stopped != "time":
                self._enter_pairs()
                self._take_step()
                measures = self._must_measure()
                if measures:
                    self._save()  # measuring takes minutes, and no step is lost when it is stopped
                self._end_step(journal, measures=measures)
        finally:
            if journal is not None:
                journal.close()
        return self._result()

    def _result(self) -> TrainResult:
        losses = [one["held_out"] for one in self._state.history if one["step"]]
        weights, held_out = self._best, min(losses)
        if self._state.place > self.example_steps:
            weights, held_out = self.adapter.weights(), losses[-1]
        if self.start_from is not None and self.config.keep_parent:
            weights = between_weights(weights, read_weights(self.start_from), self.config.keep_parent)
            with self.adapter.at(weights):
                held_out = held_out_loss(self.adapter, self._held_out, self.world, self._aside)
        return TrainResult(weights, held_out, self._state, self.steps)

    def _take_step(self) -> None:
        began, state = time.monotonic(), self._state
        loss, tokens = self._step()
        spent = time.monotonic() - began
        state.step += 1
        state.tokens += tokens
        state.recent.append(loss)
        state.seconds += spent
        state.speed = tokens / max(1e-9, spent)

    def _end_step(self, journal: Journal | None, *, measures: bool) -> None:
        """Measure where that is due, tell of the step, keep a checkpoint. Raises `TrainingStoppedError` when asked to stop."""
        loss = self._state.recent[-1]
        measured = self._measured() if measures else {}
        if journal is not None:
            journal.note(self._state.step, loss=loss, learning_rate=self._rate(), **measured)
        stop = self.world.any(self.on_step(self._progress(loss, measured)))
        if stop or measured or self._due(self.config.checkpoint_every):
            self._save()
        if stop:
            raise TrainingStoppedError("training was cancelled")

    def _step(self) -> tuple[float, int]:
        """One step of the optimiser. Returns the loss per unit of weight and the tokens that went through."""
        state, config = self._state, self.config
        items: Sequence[Row | PairRow] = self._items(state.place)
        whole = sum(item.share for item in items)
        torch.manual_seed(derive_seed(config.seed, "step", state.place, self.world.rank))
        total, tokens = torch.zeros(1, device=self.adapter.device), 0
        with self.adapter.training(config.noise_alpha):
            for part in parts(self.world.share(items), config.accumulation):
                loss, count = self._loss(part)
                (loss / whole).backward()  # type: ignore[no-untyped-call]
                total += loss.detach() / whole
                tokens += count
            tokens += self._learn_again(self._replayed(state.place))
        self.adapter.collect()
        self.world.add_gradients(self.adapter.parameters())
        norm = torch.nn.utils.clip_grad_norm_(self.adapter.parameters(), config.clip)
        loss_value = self.world.total(total).item()
        # before it gets into weights and checkpoint
        if not (math.isfinite(loss_value) and math.isfinite(norm.item())):
            raise TrainingError(f"The loss is no number at step {state.step + 1}: a lower learning rate may help.")
        for group in self._optimizer.param_groups:
            group["lr"] = self._rate()
        self._optimizer.step()
        self.adapter.publish()
        return loss_value, tokens * self.world.size

    def _replayed(self, step: int) -> list[Row]:
        """In the phase of the pairs, examples drawn by the step: what preferences teach must not cost what was learned."""
        config = self.config
        count = round(config.replay * config.batch_size)
        if step < self.example_steps or not count or not self.data.examples:
            return []
        rows, _ = self._epoch_rows(0)
        draw = random.Random(derive_seed(config.seed, "replay", step))  # noqa: S311 (no secret)
        return draw.sample(rows, min(count, len(rows)))

    def _learn_again(self, rows: list[Row]) -> int:
        """Add the rows' gradients, as heavy together as the step's pairs. Returns the tokens that went through."""
        tokens, whole = 0, sum(row.share for row in rows)
        for part in parts(self.world.share(rows), self.config.accumulation) if rows else ():
            loss, count = self._hold_loss(part) if self.config.hold else self._loss(part)
            (loss / whole).backward()  # type: ignore[no-untyped-call]
            tokens += count
        return tokens

    def _hold_loss(self, rows: Sequence[Row]) -> tuple[torch.Tensor, int]:
        """By how much the rows' tokens became likelier or less likely since the pairs began, and the tokens that went through."""
        batch = batch_of(rows, self.adapter.device)
        with self.adapter.at(self._best):
            before = self.adapter.logprobs(batch)
        loss = hold_loss(self.adapter.logprobs(batch), before)
        return self.config.hold * (loss * batch.weights).sum(), 2 * batch.ids.numel()

    def _loss(self, items: Sequence[Row | PairRow]) -> tuple[torch.Tensor, int]:
        """The summed loss of the items, and how many tokens went through."""
        if isinstance(items[0], PairRow):
            return self._pair_loss([item for item in items if isinstance(item, PairRow)])
        batch = batch_of([item for item in items if isinstance(item, Row)], self.adapter.device)
        return -(self.adapter.logprobs(batch) * batch.weights).sum(), batch.ids.numel()

    def _pair_loss(self, pairs: Sequence[PairRow]) -> tuple[torch.Tensor, int]:
        batch = batch_of([*(pair.chosen for pair in pairs), *(pair.rejected for pair in pairs)], self.adapter.device)
        count = len(pairs)
        with self.adapter.at(self._best) if self.config.own_reference else self.adapter.without():
            base = by_row(self.adapter.logprobs(batch), batch.rows, 2 * count)
        own = by_row(self.adapter.logprobs(batch), batch.rows, 2 * count)
        losses = preference_loss(own[:count], own[count:], base[:count], base[count:], self.config.beta)
        lengths = torch.tensor([pair.chosen.text_tokens for pair in pairs], device=self.adapter.device)
        weights = torch.tensor([pair.chosen.weight for pair in pairs], device=self.adapter.device)
        losses = losses - self.config.chosen_weight * own[:count] / lengths
        return (losses * weights).sum(), 2 * batch.ids.numel()

    # -- what a step works on --------------------------------------------------------------------------------------

    def _items(self, step: int) -> list[Row] | list[PairRow]:
        if step < self.example_steps:
            epoch, place = divmod(step, steps_in_epoch(len(self.data.examples), self.config))
            rows, order = self._epoch_rows(epoch)
            return [rows[item] for item in order[place]]
        pairs = self._pairs
        epoch, place = divmod(step - self.example_steps, steps_in_epoch(len(pairs), self.config))
        lengths = [len(pair.chosen.ids) + len(pair.rejected.ids) for pair in pairs]
        order = epoch_order(len(pairs), lengths, self.config, "pairs", epoch)
        return [pairs[item] for item in order[place]]

    def _make_epoch(self, epoch: int) -> tuple[list[Row], list[list[int]]]:
        rows = [self._rows.example(example, self.config, epoch) for example in self.data.examples]
        order = epoch_order(len(rows), [len(row.ids) for row in rows], self.config, "examples", epoch)
        return rows, order

    def _rate(self) -> float:
        """Learning rate of the step that is due. The pairs have a curve of their own, with a lower peak."""
        step, steps, config = self._state.place, self.example_steps, self.config
        if step < steps:
            return config.rate(step, steps)
        return config.rate(step - steps, self.steps - steps, config.preference_rate)

    # -- measuring -------------------------------------------------------------------------------------------------

    def _per_evaluation(self) -> int:
        """Steps from one evaluation to the next, in the phase that the last step belonged to."""
        in_pairs = self._state.place > self.example_steps
        count = len(self.data.pairs) if in_pairs else len(self.data.examples)
        return -(-steps_in_epoch(count, self.config) // self.config.evaluations)

    def _due(self, every: int) -> bool:
        place = self._state.place
        return place % every == 0 or place in (self.example_steps, self.steps)

    def _must_measure(self) -> bool:
        """Whether the last step is one to measure after, and was not yet: there are losses since the last measurement."""
        return bool(self._state.recent) and (self._due(self._per_evaluation()) or self._is_over())

    def _measure(self) -> dict[str, float]:
        """Held-out loss, and how many pairs are the right way round; keeps the best, of which the start is none, and stops
        without progress."""
        found = measure(self.adapter, self._held_out, self._held_out_pairs, self.world, self._aside)
        state, left = self._state, self.example_steps - self._state.place
        state.history.append(
            {"step": state.step, "loss": sum(state.recent) / len(state.recent) if state.recent else None, **found}
        )
        state.recent = []
        if state.step and (state.best_loss is None or found["held_out"] < state.best_loss):
            state.best_loss, state.since_best = found["held_out"], 0
            self._best = self.adapter.weights() if left >= 0 else self._best  # in the pairs what they began from stays
        elif state.step and left >= 0:
            state.since_best += 1
            if left and self.config.patience and state.since_best >= self.config.patience:
                state.stopped, state.skipped = "patience", left
        if self._is_over():
            state.stopped = "time"
        return found

    def _measured(self) -> dict[str, float]:
        """A measurement between steps, which counts as computing."""
        began, aside = time.monotonic(), self._seconds_aside
        found = self._measure()
        self._state.seconds += time.monotonic() - began - (self._seconds_aside - aside)
        return found

    def _aside(self) -> None:
        """Between the batches of a measurement: while others compute, this does not."""
        began = time.monotonic()
        if self.between is not None:
            self.between()
        self._seconds_aside += time.monotonic() - began

    def _is_over(self) -> bool:
        budget = self.config.time_budget
        return budget is not None and self.world.any(self._state.seconds > budget)

    def _seconds_left(self) -> float:
        state, budget = self._state, self.config.time_budget
        left = (state.seconds - state.before) / state.step * (self.steps - state.place)
        return left if budget is None else max(0.0, min(left, budget - state.seconds))

    def _progress(self, loss: float, measured: Mapping[str, float]) -> Progress:
        state = self._state
        return Progress(
            step=state.step,
            steps=self.steps - state.skipped,
            phase="examples" if state.place <= self.example_steps else "pairs",
            loss=loss,
            learning_rate=self._rate(),
            tokens_per_second=state.speed,
            seconds=state.seconds,
            seconds_left=self._seconds_left(),
            held_out=measured.get("held_out"),
            pair_accuracy=measured.get("pair_accuracy"),
            evaluated=bool(measured),
            left_out=state.left_out,
        )

    # -- going on --------------------------------------------------------------------------------------------------

    def _new_optimizer(self) -> torch.optim.AdamW:
        return torch.optim.AdamW(
            self.adapter.parameters(), lr=self.config.learning_rate, weight_decay=self.config.weight_decay
        )

    def _enter_pairs(self) -> None:
        """The pairs begin from the best of the examples, with a fresh optimiser."""
        if self._state.place == self.example_steps and self.config.epochs:
            self.adapter.put(self._best)
            self._optimizer = self._new_optimizer()

    def _save(self) -> None:
        self.world.wait()
        if not self.world.is_first:
            return
        moments = self.adapter.moments(self._optimizer)
        checkpoint = Checkpoint(self._state, self.adapter.weights(), self._best, moments)
        write_checkpoint(self.folder / "checkpoints", checkpoint, self._of())

    def _go_on(self) -> None:
        """Take up the newest checkpoint, if there is one."""
        found = read_newest(self.folder / "checkpoints", self._of())
        if not self.world.agree(found.state.step if found else 0):
            raise TrainingError("Not every process sees the same checkpoints: their folder must be one that all share.")
        if found is None:
            return
        self._state, self._best = found.state, found.best
        self.adapter.put(found.weights)
        self.adapter.put_moments(found.optimizer, self._optimizer)

    def _of(self) -> dict[str, Any]:
        """What the checkpoints are of. On how many cores a step was made does not make it another training."""
        config = self.config.identity()
        return {**self.identity, "config": config, "template": self.template, "steps": self.steps}

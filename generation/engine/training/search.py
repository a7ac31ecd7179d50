"""A small search over learning rate, rank and epochs within a time budget. No torch here.

Learning rate and rank by successive halving (Jamieson and Talwalkar 2016, arXiv 1502.07943): all settings pass once over
a few examples, the better half once over twice as many, and so on until one is left or the time is up.

Epochs by early stopping: what is left of the time lets the winner train for as many epochs as were wished, over as many
examples as there is time for, and the epoch after which its held-out loss was lowest is the number taken. Fewer examples
are learned by heart sooner than all of them, so the number errs towards too few; without the time for such a trial the
wish stands, and the training's own patience decides.
"""

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from generation.engine.errors import TrainingError
from generation.engine.training.config import TrainConfig

LEARNING_RATES = (2e-4, 5e-4, 1e-3)
RANKS = (8, 16, 32)
LEAST_EXAMPLES = 128
FORMAT_VERSION = 1

Train = Callable[[TrainConfig, int], Sequence[float]]  # setting, number of examples -> held-out loss after each epoch


@dataclass(frozen=True, slots=True)
class Trial:
    """What one setting reached.

    config    the setting; its epochs are those that the trial was allowed
    examples  how many it trained on
    losses    held-out loss in nats per token after each epoch; inf where it is no number
    seconds   that it took
    """

    config: TrainConfig
    examples: int
    losses: tuple[float, ...]
    seconds: float

    def __post_init__(self) -> None:
        if self.examples < 1 or not self.losses or self.seconds < 0:
            raise ValueError("a trial has examples, a loss after each epoch, and took time")
        object.__setattr__(self, "losses", tuple(loss if math.isfinite(loss) else math.inf for loss in self.losses))

    @property
    def held_out(self) -> float:
        return min(self.losses)

    @property
    def epochs(self) -> int:
        """After how many the loss was lowest."""
        return 1 + self.losses.index(self.held_out)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types; a loss that is no number is None."""
        losses = [loss if math.isfinite(loss) else None for loss in self.losses]
        config = self.config.to_dict()
        return {"config": config, "examples": self.examples, "losses": losses, "seconds": self.seconds}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        losses = tuple(math.inf if loss is None else float(loss) for loss in data["losses"])
        return cls(TrainConfig.from_dict(data["config"]), data["examples"], losses, data["seconds"])


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The setting that won, and every trial in order."""

    best: TrainConfig
    trials: tuple[Trial, ...]


def candidates(
    wish: TrainConfig,
    rates: Sequence[float] = LEARNING_RATES,
    ranks: Sequence[int] = RANKS,
    *,
    has_parent: bool = False,
) -> list[TrainConfig]:
    """The wish itself, then every learning rate with every rank, alpha twice the rank. What goes on from a parent keeps its
    rank and its alpha: with others it would begin as another model."""
    shapes = [(wish.rank, wish.alpha)] if has_parent else [(rank, 2.0 * rank) for rank in ranks]
    grid = [replace(wish, learning_rate=rate, rank=rank, alpha=alpha) for rate in rates for rank, alpha in shapes]
    return list(dict.fromkeys([wish, *grid]))


def search(
    settings: Sequence[TrainConfig],
    train: Train,
    *,
    budget: float,
    most_examples: int,
    known: Sequence[Trial] = (),
    on_trial: Callable[[Trial], None] | None = None,
) -> SearchResult:
    """Find the best of `settings`, which differ in learning rate and rank.

    train     trains a setting on so many examples; every larger number should hold those of the smaller ones
    budget    seconds; but for the first, no trial starts that would go over it at the speed of the slowest before it
    known     trials of an earlier attempt at the same search: not made again, their time is counted
    on_trial  hears each new trial

    Raises `ValueError` without settings, seconds or examples, `TrainingError` when no setting's loss is a number.
    """
    if not settings or budget <= 0 or most_examples < 1:
        raise ValueError("a search needs settings, seconds and examples")
    trials = _Trials(train, budget, {(one.config, one.examples): one for one in known}, on_trial)
    left = [replace(setting, epochs=1) for setting in settings]
    best = left[0]
    for examples in _sizes(most_examples):
        rung = sorted(trials.each(left, examples), key=lambda one: one.held_out)
        best = rung[0].config if rung else best
        if len(rung) < len(left) or len(rung) <= 2:
            break
        left = [one.config for one in rung[: -(-len(rung) // 2)]]
    if all(math.isinf(one.held_out) for one in trials.made):
        raise TrainingError("The search found no setting that can be trained: with each of them the loss is no number.")
    return SearchResult(replace(best, epochs=_epochs(trials, best, settings[0].epochs, most_examples)), (*trials.made,))


def _sizes(most: int) -> Iterator[int]:
    """How many examples the trials of each rung train on."""
    size = LEAST_EXAMPLES
    while size < most:
        yield size
        size *= 2
    yield most


def _epochs(trials: "_Trials", best: TrainConfig, wished: int, most_examples: int) -> int:
    """After how many of the wished epochs the best setting was best; all of them where there is no time to find out."""
    examples = min(most_examples, trials.affordable() // wished)
    if wished == 1 or examples < trials.made[-1].examples:
        return wished
    for found in trials.each([replace(best, epochs=wished)], examples):
        if math.isfinite(found.held_out):
            return found.epochs
    return wished


@dataclass(slots=True)
class _Trials:
    """Makes trials while there is time."""

    train: Train
    budget: float
    known: Mapping[tuple[TrainConfig, int], Trial]
    on_trial: Callable[[Trial], None] | None
    made: list[Trial] = field(default_factory=list)

    def each(self, settings: Sequence[TrainConfig], examples: int) -> Iterator[Trial]:
        """A trial of every setting, or of the first few, when there is no time for more."""
        for config in settings:
            if self.made and self.affordable() < config.epochs * examples:
                return
            found = self.known.get((config, examples)) or self._new(config, examples)
            self.made.append(found)
            yield found

    def affordable(self) -> int:
        """How many examples there is time for, at the speed of the slowest trial so far."""
        pace = max(one.seconds / (one.examples * len(one.losses)) for one in self.made)
        return int((self.budget - sum(one.seconds for one in self.made)) / max(pace, 1e-9))

    def _new(self, config: TrainConfig, examples: int) -> Trial:
        began = time.monotonic()
        losses = tuple(self.train(config, examples))
        found = Trial(config, examples, losses, time.monotonic() - began)
        if self.on_trial is not None:
            self.on_trial(found)
        return found


@dataclass(slots=True)
class SearchRecord:
    """A search as a file, so that a process that was killed makes no trial twice.

    of     what is searched for, as JSON: the wish and the hashes of base and data
    best   what won, once the search is done
    """

    of: Mapping[str, Any]
    trials: list[Trial] = field(default_factory=list)
    best: TrainConfig | None = None

    @classmethod
    def read(cls, path: Path, of: Mapping[str, Any]) -> Self:
        """What the file holds; an empty record where there is none, or only one of another search."""
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            if found["format"] != FORMAT_VERSION or found["of"] != json.loads(json.dumps(dict(of))):
                return cls(of)
            best = None if found["best"] is None else TrainConfig.from_dict(found["best"])
            return cls(of, [Trial.from_dict(one) for one in found["trials"]], best)
        except (OSError, ValueError, KeyError, TypeError):
            return cls(of)

    def write(self, path: Path) -> None:
        """Whole or not at all."""
        best = None if self.best is None else self.best.to_dict()
        trials = [trial.to_dict() for trial in self.trials]
        data = {"format": FORMAT_VERSION, "of": dict(self.of), "trials": trials, "best": best}
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".partial-{path.name}")
        beside.write_text(json.dumps(data, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        beside.replace(path)

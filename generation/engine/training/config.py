"""What a training run is told: frozen values that refuse nonsense. No torch here."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

PROJECTIONS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
MOST_SEARCH = 7 * 24 * 60.0  # minutes


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """How an adapter is trained.

    rank, alpha, dropout   of the LoRA matrices (Hu et al. 2021, arXiv 2106.09685); their scale is alpha / rank
    learning_rate          peak of a linear warm-up over `warmup_share` of the steps, then a cosine down to a tenth
    weight_decay, clip     of AdamW; the norm to which a step's gradient is clipped
    epochs                 passes over the examples
    batch_size             examples a step works on, over all processes and accumulated batches
    accumulation           parts in which a step's examples are computed, one after the other, to bound memory
    noise_alpha            NEFTune: uniform noise on the input embeddings, alpha / sqrt(tokens x width) (Jain et al. 2023,
                           arXiv 2310.05914); 0: none
    keep_fact              chance that a fact which the text does not use stays in the prompt, drawn anew each epoch
    describe               chance that facts which the text does not use are given as description instead
    keep_audience          chance that the segment's description stays in the prompt, and the same for its words
    synonyms               chance that an attribute is called by another usual name
    fit_room               chance that the channel is told to have hardly more room than the text needs
    preference_epochs      passes over the preference pairs, after the examples; 0: none
    beta                   DPO's weight of the distance to its reference (Rafailov et al. 2023, arXiv 2305.18290)
    own_reference          what that reference is: 1 the adapter as the pairs begin, 0 the base alone. The adapter finds its own
                           drafts far likelier than the base does: measured from the base, the pairs unlearn that first
    chosen_weight          weight of the chosen text's own loss beside DPO's (Pang et al. 2024, arXiv 2404.19733)
    preference_rate        learning rate of the preference steps, as a share of `learning_rate`
    keep_parent            share of the parent's weights in those that come out, after the last step: less is forgotten (Wortsman
                           et al. 2022, arXiv 2109.01903); 0: none. Nothing without a parent
    replay                 examples that are learned again beside each pair, against forgetting; 0: none
    hold                   with a weight, those are not learned again but held: by half the square of how much likelier or less
                           likely each of their tokens became since the pairs began (`losses.hold_loss`); 0: learned
    evaluations            how often in an epoch the held-out loss is measured
    patience               evaluations without a better held-out loss after which training stops; 0: never
    checkpoint_every       steps between two checkpoints
    longest                tokens of prompt and text together; longer examples are left out and counted
    time_budget            seconds of computing after which training stops by itself; None: no bound
    search_minutes         before training, time for a search over learning rate, rank and epochs (`search.search`), with
                           the values here as one of the candidates and `epochs` as the most; 0: no search
    threads                of torch on a CPU; None: all. One thread makes a run repeatable to the last bit
    seed                   what all randomness comes from
    """

    rank: int = 16
    alpha: float = 32.0
    dropout: float = 0.05
    learning_rate: float = 4e-4
    warmup_share: float = 0.06
    weight_decay: float = 0.01
    clip: float = 1.0
    epochs: int = 3
    batch_size: int = 8
    accumulation: int = 1
    noise_alpha: float = 0.0
    keep_fact: float = 0.7
    describe: float = 0.1
    keep_audience: float = 0.7
    synonyms: float = 0.1
    fit_room: float = 0.6
    preference_epochs: int = 1
    beta: float = 0.1
    own_reference: int = 1
    chosen_weight: float = 1.0
    preference_rate: float = 0.1
    keep_parent: float = 0.0
    replay: float = 1.0
    hold: float = 0.0
    evaluations: int = 2
    patience: int = 3
    checkpoint_every: int = 50
    longest: int = 512
    time_budget: float | None = None
    search_minutes: float = 0.0
    threads: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        odd = [item.name for item in fields(self) if not _is_of(getattr(self, item.name), item.type)]
        if odd:
            raise ValueError(f"of the wrong kind: {', '.join(f'{name}={getattr(self, name)!r}' for name in odd)}")
        numbers = [value for value in asdict(self).values() if value is not None]
        if not all(map(math.isfinite, numbers)):
            raise ValueError("every setting is a finite number")
        checks = {
            "rank": 1 <= self.rank <= 256,
            "alpha": 0 < self.alpha <= 1024,
            "dropout": 0 <= self.dropout < 1,
            "learning_rate": 0 < self.learning_rate <= 0.1,
            "warmup_share": 0 <= self.warmup_share < 1,
            "weight_decay": 0 <= self.weight_decay <= 1,
            "clip": self.clip > 0,
            "epochs": 0 <= self.epochs <= 100,
            "batch_size": 1 <= self.batch_size <= 1024,
            "accumulation": 1 <= self.accumulation <= self.batch_size,
            "noise_alpha": 0 <= self.noise_alpha <= 100,
            "keep_fact": 0 <= self.keep_fact <= 1,
            "describe": 0 <= self.describe <= 1,
            "keep_audience": 0 <= self.keep_audience <= 1,
            "synonyms": 0 <= self.synonyms <= 1,
            "fit_room": 0 <= self.fit_room <= 1,
            "preference_epochs": 0 <= self.preference_epochs <= 100,
            "beta": 0 < self.beta <= 10,
            "own_reference": self.own_reference in (0, 1),
            "chosen_weight": 0 <= self.chosen_weight <= 10,
            "preference_rate": 0 < self.preference_rate <= 1,
            "keep_parent": 0 <= self.keep_parent < 1,
            "replay": 0 <= self.replay <= 8,
            "hold": 0 <= self.hold <= 100,
            "evaluations": 1 <= self.evaluations <= 100,
            "patience": 0 <= self.patience <= 1000,
            "checkpoint_every": self.checkpoint_every >= 1,
            "longest": 16 <= self.longest <= 8192,
            "time_budget": self.time_budget is None or self.time_budget > 0,
            "search_minutes": 0 <= self.search_minutes <= MOST_SEARCH and (self.epochs > 0 or not self.search_minutes),
            "threads": self.threads is None or 1 <= self.threads <= 1024,
            "seed": 0 <= self.seed < 2**63,
        }
        wrong = [name for name, fine in checks.items() if not fine]
        if self.epochs + self.preference_epochs == 0:
            wrong.append("epochs")
        if wrong:
            raise ValueError(f"out of range: {', '.join(f'{name}={getattr(self, name)}' for name in wrong)}")

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types. No search is not told: it changes nothing about how an adapter is trained, and checkpoints and
        runs from before there was one stay equal."""
        told = asdict(self)
        if not self.search_minutes:
            del told["search_minutes"]
        return told

    def rate(self, step: int, steps: int, share: float = 1.0) -> float:
        """Learning rate of the step after `step` of `steps`: a linear warm-up to `share` of the peak, then the cosine."""
        peak, warm_up = self.learning_rate * share, max(1, round(steps * self.warmup_share))
        if step < warm_up:
            return peak * (step + 1) / warm_up
        done = (step - warm_up) / max(1, steps - warm_up)
        return peak * (0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))

    def identity(self) -> dict[str, Any]:
        """What a checkpoint is of: without threads, and equal for trainings from before rooms were told to fit, references could
        be chosen, parents kept and examples held."""
        told = {**self.to_dict(), "threads": None}
        if self.own_reference:
            del told["own_reference"]
        for name in ("fit_room", "keep_parent", "hold"):
            if not getattr(self, name):
                del told[name]
        return told

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Missing names take their default; an unknown one raises `ValueError`."""
        unknown = set(data) - {item.name for item in fields(cls)}
        if unknown:
            raise ValueError(f"unknown training settings: {', '.join(sorted(unknown))}")
        return cls(**data)


def _is_of(value: object, kind: Any) -> bool:
    """An int is a float as well; a bool is no number."""
    return not isinstance(value, bool) and (isinstance(value, kind) or (isinstance(value, int) and kind is not int))

"""A tiny base to train, and a few examples in its own words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from generation.engine.config import ChannelView, CopyBrief, Fact, Language
from generation.engine.training.config import TrainConfig
from generation.engine.training.dataset import PreferencePair, Source, TrainingExample
from generation.engine.training.progress import Progress
from generation.engine.training.trainer import Trainer, TrainingData

THINGS = ("lamp", "jacket", "mug", "tent", "scarf", "chair", "kettle", "boots", "basket", "pillow", "towel", "watch")
QUICK = TrainConfig(
    epochs=3,
    batch_size=4,
    learning_rate=0.02,
    rank=4,
    alpha=8.0,
    threads=1,
    checkpoint_every=3,
    evaluations=1,
    patience=0,
)


def brief_for(thing: str) -> CopyBrief:
    return CopyBrief(
        product_title=f"warm {thing}",
        facts=(Fact("fabric", "soft knit"), Fact("colour", "bright"), Fact("size", "small")),
        channel=ChannelView("email_subject", "label", "characters", 60),
        language=Language.EN,
    )


def example_for(number: int) -> TrainingExample:
    thing = THINGS[number % len(THINGS)]
    text = f"a soft warm {thing} for every evening" if number % 2 else f"the {thing} your winter morning loves ."
    return TrainingExample(
        id=f"e{number}", brief=brief_for(thing), text=text, source=Source.STARTER, product=thing, uses=(0,)
    )


def pair_for(number: int) -> PreferencePair:
    thing = THINGS[number % len(THINGS)]
    return PreferencePair(
        id=f"p{number}",
        brief=brief_for(thing),
        chosen=f"a soft warm {thing} for every evening",
        rejected=f"{thing} {thing} dry dry path rope rope",
        source=Source.EDIT_OVER_DRAFT,
        product=thing,
    )


@pytest.fixture
def data() -> TrainingData:
    return TrainingData([example_for(n) for n in range(16)], [example_for(n) for n in range(16, 22)])


@pytest.fixture
def make_trainer(model_root: Path, tmp_path: Path, data: TrainingData) -> Callable[..., Trainer]:
    """A trainer over a freshly loaded tiny base; `folder`, `config`, `data` and `on_step` may be given."""
    from generation.engine.loader import load

    def make(on_step: Callable[[Progress], bool] = lambda progress: False, **values: Any) -> Trainer:
        values.setdefault("config", QUICK)
        values.setdefault("data", data)
        values.setdefault("folder", tmp_path / "work")
        loaded = load(model_root / "tiny", model_root=model_root, threads=1)
        return Trainer(loaded=loaded, template="brief-1", on_step=on_step, **values)

    return make

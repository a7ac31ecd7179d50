"""What is frozen for a training: nothing that teaches nothing new, and nothing at all where somebody stops it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from copystudio.db import JobStatus
from generation.engine.encoder import Vectors
from generation.engine.errors import TrainingStoppedError
from generation.engine.training.dataset import PreferencePair
from generation.services import snapshot as service
from generation.services.run_folder import run_folder
from generation.services.snapshot import MOST_OF_ONE_CHOSEN, RawData, Snapshot, snapshot_freeze
from generation.services.train import training_execute
from tests.generation.engine.training.conftest import pair_for
from tests.generation.learning import Learned, start, used
from tests.generation.training.cancelling import cancelled_at_the_first_batch
from tests.people import Cast

FAR = 40  # degrees: texts that say something else; ten degrees apart they are near


class Directions:
    """An encoder that turns the number in a text into a direction: "12 at 20 degrees" into 20 degrees."""

    model_id, dimensions = "directions", 2

    def __init__(self) -> None:
        self.pieces: list[int] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.pieces.append(len(texts))
        angles = np.radians([float(text.split()[-2]) for text in texts])
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> Directions:
    found = Directions()
    monkeypatch.setattr(service, "encoder_open", lambda **options: found)
    return found


def at(degrees: int, name: str = "text") -> str:
    return f"{name} at {degrees} degrees"


def pair(number: int, chosen: str, rejected: str) -> PreferencePair:
    return replace(pair_for(0), id=f"pair/{number}", chosen=chosen, rejected=rejected)


def kept_pairs(frozen: Snapshot) -> list[str]:
    return [one.id for one in [*frozen.split.pairs, *frozen.split.held_out_pairs]]


def test_a_text_is_compared_only_with_those_that_were_kept(encoder: Directions, tmp_path: Path) -> None:
    """The second goes because of the first; the third is near the second alone."""
    examples = [used(0, text=at(0)), used(2, text=at(10)), used(4, text=at(20))]
    frozen = snapshot_freeze(RawData(examples, [], {}), tmp_path / "snapshot")
    assert [one.id for one in frozen.split.examples] == ["revision/0", "revision/4"]
    assert frozen.excluded == {"near_duplicate": 1}


def test_pairs_that_are_nearly_the_same_in_both_texts_are_learned_once(encoder: Directions, tmp_path: Path) -> None:
    pairs = [
        pair(1, at(0), at(FAR)),
        pair(2, at(5, "other"), at(FAR + 5)),
        pair(3, at(0), at(3 * FAR)),  # over another text
        pair(4, at(2 * FAR), at(FAR)),  # another text over the same
    ]
    frozen = snapshot_freeze(RawData([], pairs, {}), tmp_path / "snapshot")
    assert kept_pairs(frozen) == ["pair/1", "pair/3", "pair/4"]
    assert frozen.excluded == {"near_duplicate": 1}


def test_one_text_is_preferred_to_a_few_others_and_not_to_a_hundred(encoder: Directions, tmp_path: Path) -> None:
    pairs = [pair(n, at(0), at(FAR * n % 360, f"draft {n}")) for n in range(1, 9)]
    frozen = snapshot_freeze(RawData([], [*pairs, pair(9, at(FAR), at(3 * FAR))], {}), tmp_path / "snapshot")
    assert kept_pairs(frozen) == ["pair/1", "pair/2", "pair/3", "pair/9"]
    assert frozen.excluded == {"near_duplicate": 8 - MOST_OF_ONE_CHOSEN}


def test_a_text_that_was_edited_and_approved_a_hundred_times_is_trained_once(tmp_path: Path) -> None:
    """With the encoder that comes along, as example and as the better text of a pair."""
    text, draft = "A soft warm blanket of merino wool for every quiet evening", "Blanket, merino, warm: buy it now"
    examples = [used(n, text=text) for n in range(100)]
    pairs = [pair(n, text, f"{draft}{'!' * (n % 3)}") for n in range(100)]
    frozen = snapshot_freeze(RawData(examples, pairs, {}), tmp_path / "snapshot")
    assert len(frozen.split.examples) + len(frozen.split.held_out) == 1
    assert kept_pairs(frozen) == ["pair/0"]
    assert frozen.excluded == {"near_duplicate": 99 + 99}


def test_between_pieces_it_asks_whether_to_stop_and_leaves_nothing_half_written(
    encoder: Directions, tmp_path: Path
) -> None:
    examples = [used(n, text=at(n % 360, f"number {n}")) for n in range(200)]
    asked: list[int] = []

    def should_stop() -> bool:
        asked.append(len(encoder.pieces))
        return len(asked) == 3

    with pytest.raises(TrainingStoppedError):
        snapshot_freeze(RawData(examples, [], {}), tmp_path / "snapshot", should_stop)
    assert asked == [0, 1, 2] and encoder.pieces == [64, 64]
    assert list(tmp_path.iterdir()) == []


def test_in_pieces_nothing_is_lost(encoder: Directions, tmp_path: Path) -> None:
    examples = [used(n, text=at(FAR * n % 360, f"number {n}")) for n in range(200)]
    frozen = snapshot_freeze(RawData(examples, [], {}), tmp_path / "snapshot", lambda: False)
    assert sum(encoder.pieces) == 200 and max(encoder.pieces) == 64
    assert frozen.excluded == {"near_duplicate": 200 - 360 // FAR}


def test_a_training_is_cancelled_while_its_texts_are_compared(
    shop: Cast, learned: Learned, encoder: Directions, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned.examples = [used(n, text=at(n % 360, f"number {n}")) for n in range(130)]
    run = start(shop)
    cancelled_at_the_first_batch(run, shop, monkeypatch)
    training_execute(run_id=run.pk)
    run.refresh_from_db()
    assert run.status == JobStatus.CANCELLED and encoder.pieces == [64]
    assert not (run_folder(run) / "snapshot").exists()

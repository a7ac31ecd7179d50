"""Figures for TensorBoard: on the disk when they were measured, and a full disk is an error that ends."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest
from tensorboardX.proto.event_pb2 import Event

from generation.engine.errors import TrainingError
from generation.engine.training.journal import Journal


def read(folder: Path) -> list[Event]:
    """The events of a folder: each record is its length (8 bytes), a checksum (4), the event, a checksum (4)."""
    found = []
    for path in sorted(folder.iterdir()):
        data = path.read_bytes()
        while data:
            length = int.from_bytes(data[:8], "little")
            found.append(Event.FromString(data[12 : 12 + length]))
            data = data[16 + length :]
    return found


def figures(folder: Path) -> list[tuple[int, dict[str, float]]]:
    events = [event for event in read(folder) if event.summary.value]
    return [(event.step, {one.tag: round(one.simple_value, 4) for one in event.summary.value}) for event in events]


def test_every_figure_is_there(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "events", "run", {})
    journal.note(1, loss=2.5, learning_rate=0.001)
    journal.note(2, loss=1.5, learning_rate=0.002, held_out=1.75, pair__accuracy=0.5)
    assert figures(tmp_path / "events")[1][1]["held_out"] == 1.75, "what was measured is on the disk at once"
    journal.note(3, loss=1.25)
    journal.close()
    assert figures(tmp_path / "events") == [
        (1, {"loss": 2.5, "learning_rate": 0.001}),
        (2, {"loss": 1.5, "learning_rate": 0.002, "held_out": 1.75, "pair/accuracy": 0.5}),
        (3, {"loss": 1.25}),
    ]


@pytest.mark.timeout(30)
def test_a_full_disk_ends_with_an_error_and_not_in_waiting(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "events", "run", {})
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            for step in range(1000):
                journal.note(step, loss=1.0)
        journal.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_key_without_its_package_is_said_before_anything_is_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "secret")
    monkeypatch.setitem(__import__("sys").modules, "wandb", None)
    with pytest.raises(TrainingError, match="pip install wandb"):
        Journal(tmp_path / "events", "run", {})

"""Figures for TensorBoard: on the disk when they were measured, and a full disk is an error that ends."""

from __future__ import annotations

import logging
import resource
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tensorboardX.proto.event_pb2 import Event

from generation.engine.errors import TrainingError
from generation.engine.training.journal import Journal


class Wandb(ModuleType):
    """In place of the package, which no test may reach: what was asked of it, and what it fails at."""

    def __init__(self, *fails: str) -> None:
        super().__init__("wandb")
        self.fails, self.asked = fails, list[dict[str, Any]]()
        self.logged: list[tuple[int, dict[str, float]]] = []

    def _may(self, verb: str) -> None:
        if verb in self.fails:
            raise ConnectionError(f"no {verb}")

    def init(self, **asked: Any) -> Wandb:
        self.asked.append(asked)
        self._may("init")
        return self

    def log(self, figures: dict[str, float], step: int) -> None:
        self._may("log")
        self.logged.append((step, figures))

    def finish(self) -> None:
        self._may("finish")


def fake(monkeypatch: pytest.MonkeyPatch, *fails: str) -> Wandb:
    module = Wandb(*fails)
    monkeypatch.setenv("WANDB_API_KEY", "secret")
    monkeypatch.setitem(sys.modules, "wandb", module)
    return module


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
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(TrainingError, match="pip install wandb"):
        Journal(tmp_path / "events", "run", {})


def test_with_a_key_the_same_figures_go_there_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = fake(monkeypatch)
    journal = Journal(tmp_path / "5" / "events", "5", {"rank": 4})
    journal.note(1, loss=2.5, pair__accuracy=0.5)
    journal.close()
    assert there.logged == [(1, {"loss": 2.5, "pair/accuracy": 0.5})]
    assert (there.asked[0]["name"], there.asked[0]["config"], there.asked[0]["resume"]) == ("5", {"rank": 4}, "allow")


@pytest.mark.parametrize("fails", ["init", "log", "finish"])
def test_what_goes_wrong_there_is_one_warning_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, fails: str
) -> None:
    fake(monkeypatch, fails)
    with caplog.at_level(logging.WARNING):
        journal = Journal(tmp_path / "events", "run", {})
        journal.note(1, loss=2.5)
        journal.note(2, loss=1.5)
        journal.close()
    assert [record.getMessage() for record in caplog.records] == [
        f"Weights & Biases is left out from here on: ConnectionError: no {fails}"
    ]
    assert [step for step, _figures in figures(tmp_path / "events")] == [1, 2]


def test_a_training_is_the_same_there_when_it_is_gone_on_with_and_never_anothers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = fake(monkeypatch)
    for installation in ("one", "one", "two"):
        Journal(tmp_path / installation / "training" / "5" / "events", "5", {}).close()
    first, again, other = (asked["id"] for asked in there.asked)
    assert first == again != other
    assert "5" not in (first, other) and len(first) == 16

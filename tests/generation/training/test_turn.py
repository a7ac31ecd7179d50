"""One computing process at a time: the turn is exclusive, whoever waits gets it, and death gives it back."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from generation.services.turn import compute_turn, somebody_waits

fork = multiprocessing.get_context("fork")
PATIENCE = 20.0


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.01)


class Other:
    """Another process that computes when it is told to. It is forked before anybody holds the turn: a child would share it."""

    def __init__(self) -> None:
        self.go, self.held, self.release = fork.Event(), fork.Event(), fork.Event()
        self.process = fork.Process(target=self._run, daemon=True)
        self.process.start()

    def _run(self) -> None:
        self.go.wait(PATIENCE)
        with compute_turn():
            self.held.set()
            self.release.wait(PATIENCE)


def test_nobody_else_computes_meanwhile_and_a_kill_gives_the_turn_back() -> None:
    first, second = Other(), Other()
    first.go.set()
    assert first.held.wait(PATIENCE) and not somebody_waits()
    second.go.set()
    until(somebody_waits)
    assert not second.held.is_set()
    os.kill(first.process.pid or 0, signal.SIGKILL)
    assert second.held.wait(PATIENCE), "a killed holder holds nothing"
    assert not somebody_waits()
    second.release.set()
    second.process.join(PATIENCE)


def test_long_work_lets_the_one_that_waits_go_first() -> None:
    short, later = Other(), Other()
    with compute_turn() as turn:
        assert not turn.step_aside(), "nobody waits"
        short.release.set()
        short.go.set()
        until(somebody_waits)
        assert not short.held.is_set()
        assert turn.step_aside()
        assert short.held.is_set(), "it has computed, and the turn is here again"
        short.process.join(PATIENCE)
        assert not turn.step_aside()
        later.release.set()
        later.go.set()
        until(somebody_waits)
        assert not later.held.is_set(), "the turn that came back is a whole one"
    assert later.held.wait(PATIENCE)
    later.process.join(PATIENCE)

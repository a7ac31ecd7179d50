"""A folder is there whole or not at all, whatever ends its writer."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from generation.engine.whole_folder import written_whole


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "made" / "step-1"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_it_has_its_name_when_all_is_written(target: Path) -> None:
    with written_whole(target) as beside:
        (beside / "a").write_text("1")
        assert not target.exists() and beside.parent == target.parent
    assert (target / "a").read_text() == "1"
    assert names(target.parent) == ["step-1"]


def test_it_takes_the_place_of_what_had_the_name(target: Path) -> None:
    for text in ("old", "new"):
        with written_whole(target) as beside:
            (beside / text).write_text(text)
    assert names(target) == ["new"]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt, MemoryError])
def test_an_error_leaves_nothing_and_keeps_what_was_there(target: Path, error: type[BaseException]) -> None:
    with written_whole(target) as beside:
        (beside / "old").write_text("old")
    with pytest.raises(error), written_whole(target) as beside:
        (beside / "half").write_text("half")
        raise error
    assert names(target) == ["old"] and names(target.parent) == ["step-1"]


def test_what_is_given_up_is_no_error(target: Path) -> None:
    with written_whole(target) as beside:
        beside.rmdir()
    assert names(target.parent) == []


def test_a_writer_that_was_killed_is_written_over(target: Path) -> None:
    child = os.fork()
    if child == 0:
        with written_whole(target) as beside:
            (beside / "half").write_text("half")
            os.kill(os.getpid(), signal.SIGKILL)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    assert not target.exists() and names(target.parent) == [".partial-step-1"]
    with written_whole(target) as beside:
        (beside / "whole").write_text("whole")
    assert names(target) == ["whole"] and names(target.parent) == ["step-1"]

"""Checkpoints: whole or passed over, of this training or refused, and never more than two."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path

import pytest
import torch

from generation.engine.errors import TrainingError
from generation.engine.training import checkpoint as module
from generation.engine.training.checkpoint import KEPT, Checkpoint, TrainState, read_newest, write_checkpoint

OF = {"base": "b", "data": "d", "config": {"rank": 4, "threads": None, "rate": 0.1}, "steps": 9}
FILES = ["adapter.safetensors", "best.safetensors", "optimizer.safetensors", "state.json"]


def checkpoint(step: int) -> Checkpoint:
    state = TrainState(
        step=step,
        best_loss=1.5,
        since_best=1,
        seconds=3.25,
        tokens=100,
        history=[{"step": 0, "loss": None, "held_out": 2.0}],
        recent=[1.0, 0.5],
    )
    numbers = torch.arange(12, dtype=torch.float32).reshape(3, 4) + step
    return Checkpoint(
        state, {"a": numbers, "b": numbers.t()}, {"a": numbers * 2}, {"a/step": torch.tensor(float(step))}
    )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_it_comes_back_to_the_last_bit(tmp_path: Path) -> None:
    written = checkpoint(3)
    path = write_checkpoint(tmp_path, written, OF)
    assert names(path) == FILES
    found = read_newest(tmp_path, OF)
    assert found is not None and found.state == written.state
    for one, other in (
        (found.weights, written.weights),
        (found.best, written.best),
        (found.optimizer, written.optimizer),
    ):
        assert one.keys() == other.keys()
        assert all(torch.equal(one[name], other[name]) for name in one)


def test_one_from_before_skipped_steps_were_counted_is_read(tmp_path: Path) -> None:
    path = write_checkpoint(tmp_path, checkpoint(3), OF) / "state.json"
    found = json.loads(path.read_text())
    del found["state"]["skipped"]
    path.write_text(json.dumps(found))
    read = read_newest(tmp_path, OF)
    assert read is not None and (read.state.step, read.state.skipped, read.state.place) == (3, 0, 3)


def test_nothing_there_is_none(tmp_path: Path) -> None:
    assert read_newest(tmp_path, OF) is None
    assert read_newest(tmp_path / "missing", OF) is None


def test_the_newest_two_are_kept(tmp_path: Path) -> None:
    for step in (1, 2, 10, 9):
        write_checkpoint(tmp_path, checkpoint(step), OF)
    assert names(tmp_path) == ["step-00000009", "step-00000010"] and KEPT == 2
    found = read_newest(tmp_path, OF)
    assert found is not None and found.state.step == 10


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("damage", ["missing", "cut", "empty", "garbage"])
def test_a_damaged_one_is_passed_over(tmp_path: Path, file: str, damage: str) -> None:
    write_checkpoint(tmp_path, checkpoint(1), OF)
    path = write_checkpoint(tmp_path, checkpoint(2), OF) / file
    if damage == "missing":
        path.unlink()
    elif damage == "garbage":
        path.write_bytes(b"\xff" * path.stat().st_size)
    else:
        os.truncate(path, 0 if damage == "empty" else path.stat().st_size - 1)
    found = read_newest(tmp_path, OF)
    assert found is not None and found.state.step == 1
    shutil.rmtree(tmp_path / "step-00000001")
    assert read_newest(tmp_path, OF) is None


def test_what_a_killed_writer_left_is_passed_over_and_written_over(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, checkpoint(1), OF)
    half = tmp_path / ".partial-step-00000002"
    half.mkdir()
    (half / "adapter.safetensors").write_bytes(b"half")
    found = read_newest(tmp_path, OF)
    assert found is not None and found.state.step == 1
    write_checkpoint(tmp_path, checkpoint(2), OF)
    assert names(tmp_path) == ["step-00000001", "step-00000002"]


@pytest.mark.parametrize("changed", [{"base": "other"}, {"data": "other"}, {"steps": 10}, {"config": {"rank": 8}}])
def test_one_of_another_training_is_refused(tmp_path: Path, changed: dict[str, object]) -> None:
    write_checkpoint(tmp_path, checkpoint(1), OF)
    with pytest.raises(TrainingError, match="another training"):
        read_newest(tmp_path, {**OF, **changed})


def test_one_of_another_format_is_refused(tmp_path: Path) -> None:
    path = write_checkpoint(tmp_path, checkpoint(1), OF) / "state.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 99}))
    with pytest.raises(TrainingError):
        read_newest(tmp_path, OF)


@pytest.mark.parametrize("full_at", [1, 2, 3])
def test_a_full_disk_keeps_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full_at: int) -> None:
    write_checkpoint(tmp_path, checkpoint(1), OF)
    real, calls = module.write_tensors, [0]

    def full(path: Path, *rest: object) -> None:
        calls[0] += 1
        if calls[0] == full_at:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "write_tensors", full)
    with pytest.raises(OSError, match="No space"):
        write_checkpoint(tmp_path, checkpoint(2), OF)
    assert names(tmp_path) == ["step-00000001"]
    assert read_newest(tmp_path, OF) is not None


def test_there_is_no_pickle_in_it(tmp_path: Path) -> None:
    path = write_checkpoint(tmp_path, checkpoint(1), OF)
    assert {file.suffix for file in path.iterdir()} == {".safetensors", ".json"}

"""What ends a training badly: each failure has a reason, and leaves nothing that is half written."""

from __future__ import annotations

import errno
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError

from copystudio.db import JobStatus
from copystudio.models import Event, Notification
from generation.engine.training import adapter_folder, checkpoint
from generation.models import Evaluation, ModelVersion, TrainingRun
from generation.services import train as worker
from generation.services.run_folder import run_folder
from generation.services.train import training_execute
from generation.services.training import training_resume
from tests.generation.learning import (
    QUICK,
    STEPS,
    Learned,
    active_of,
    base_of,
    other_weights,
    pairs,
    start,
    train,
    used,
)
from tests.people import Cast

WORDS = ("Sturdy boots", "A bright lamp", "Cool linen sheets", "Quick bread", "Silent keyboards", "Ocean salt")


def execute(run: TrainingRun) -> TrainingRun:
    training_execute(run_id=run.pk)
    run.refresh_from_db()
    return run


def assert_nothing_came_of(cast: Cast, run: TrainingRun, code: str, said: str) -> None:
    assert (run.status, run.error_code) == (JobStatus.FAILED, code)
    assert said in run.error_params["detail"]
    assert run.version is None and run.lease_until is None
    assert list(ModelVersion.objects.filter(workspace=cast.workspace)) == [active_of(cast)]
    assert not Evaluation.objects.exists()
    assert sorted(path.name for path in base_of(cast).path.parent.iterdir()) == ["tiny"]
    folder = run_folder(run)
    assert not list(folder.rglob(".partial-*")) if folder.exists() else True
    assert Event.objects.filter(verb="trainingrun.failed").count() == 1
    told = Notification.objects.get()
    assert (told.person, told.code) == (cast.admin, "training.failed")


def test_weights_that_are_no_numbers(shop: Cast) -> None:
    from safetensors.torch import load_file, save_file

    weights = base_of(shop).path / "model.safetensors"
    tensors = load_file(weights)
    tensors["model.embed_tokens.weight"].fill_(float("nan"))
    save_file(tensors, weights, metadata={"format": "pt"})
    assert_nothing_came_of(shop, execute(start(shop)), "engine", "no number")


def test_a_base_whose_folder_is_gone_or_hostile(shop: Cast) -> None:
    run = start(shop)
    (base_of(shop).path / "evil.pkl").write_bytes(b"")
    assert_nothing_came_of(shop, execute(run), "engine", "evil.pkl")
    (base_of(shop).path / "evil.pkl").unlink()
    (base_of(shop).path / "config.json").rename(base_of(shop).path / "other.json")
    training_resume(actor=shop.admin, run=run)
    execute(run)
    assert run.error_code == "engine" and "config.json is missing" in run.error_params["detail"]
    (base_of(shop).path / "other.json").rename(base_of(shop).path / "config.json")
    training_resume(actor=shop.admin, run=run)
    assert execute(run).status == JobStatus.SUCCEEDED, "what was wrong is put right, and the same run goes on"


def test_a_parent_that_was_changed_since_it_was_trained(shop: Cast) -> None:
    parent = train(shop)
    Notification.objects.all().delete()
    run = start(shop, parent=parent)
    assert parent.adapter_path is not None
    weights = parent.adapter_path / adapter_folder.WEIGHTS
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    execute(run)
    assert (run.status, run.error_code) == (JobStatus.FAILED, "engine")
    assert "changed since it was written" in run.error_params["detail"]


def test_a_base_that_was_replaced_under_a_parent(shop: Cast) -> None:
    run = start(shop, parent=train(shop))
    other_weights(base_of(shop).path)
    execute(run)
    assert (run.status, run.error_code) == (JobStatus.FAILED, "engine")
    assert "another base" in run.error_params["detail"]


def test_data_of_which_only_doubles_were_to_be_measured_by(shop: Cast, learned: Learned) -> None:
    text = "The blanket that every quiet winter morning at home begins with"
    learned.examples = [used(0, text=text), used(26, text=text, product="mug")]
    learned.examples += [used(n, text=f"{word} for a long day", product="lamp") for n, word in enumerate(WORDS, 1)]
    run = execute(start(shop, with_corpus=False))
    assert_nothing_came_of(shop, run, "engine", "kept for measuring")


def test_no_room_for_a_checkpoint(shop: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first checkpoint is written, the second finds the disk full in the middle of a file, then there is room again."""
    real, calls = checkpoint.write_tensors, [0]

    def full(path: Path, *args: Any) -> None:
        calls[0] += 1
        if calls[0] == 5:
            path.write_bytes(b"half")
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        real(path, *args)

    monkeypatch.setattr(checkpoint, "write_tensors", full)
    run = execute(start(shop))
    assert_nothing_came_of(shop, run, "disk_full", "No space left")
    assert [path.name for path in (run_folder(run) / "checkpoints").iterdir()] == ["step-00000003"]
    monkeypatch.undo()
    training_resume(actor=shop.admin, run=run)
    assert execute(run).status == JobStatus.SUCCEEDED
    assert [point.step for point in run.points.all()] == list(range(STEPS + 1))


@contextmanager
def no_file_above(size: int) -> Iterator[None]:
    """A disk on which no file can be larger: what the system says is EFBIG."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("size", [0, 1_000, 8_000, 20_000, 40_000])
def test_really_no_room(shop: Cast, size: int) -> None:
    """At the journal, the snapshot, a checkpoint's weights or its optimiser: the database's files are another process's."""
    run = start(shop)
    with no_file_above(size):
        execute(run)
    assert_nothing_came_of(shop, run, "disk_full", "File too large")
    training_resume(actor=shop.admin, run=run)
    assert execute(run).status == JobStatus.SUCCEEDED


def test_no_room_for_the_adapter(shop: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path) -> Any:
        raise OSError(errno.EDQUOT, "Disk quota exceeded", str(path))

    monkeypatch.setattr(adapter_folder, "sha256_of", full)  # after the weights, before the name
    run = execute(start(shop))
    assert_nothing_came_of(shop, run, "disk_full", "quota")
    assert run.done == STEPS
    monkeypatch.undo()
    training_resume(actor=shop.admin, run=run)
    assert execute(run).status == JobStatus.SUCCEEDED


def test_no_memory(shop: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*args: Any) -> bool:
        raise MemoryError

    monkeypatch.setattr(worker, "_on_step", none)
    run = execute(start(shop))
    assert (run.status, run.error_code, run.error_params) == (JobStatus.FAILED, "memory", {})


def test_an_error_that_nobody_foresaw_has_its_type_as_reason(shop: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def odd(*args: Any) -> bool:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(worker, "_on_step", odd)
    assert_nothing_came_of(shop, execute(start(shop)), "unexpected", "ZeroDivisionError: by nothing")


def test_a_worker_that_died_too_often(shop: Cast) -> None:
    """Nobody works on it any more: whoever claims it next ends it, and says so."""
    run = start(shop)
    TrainingRun.objects.filter(pk=run.pk).update(attempt=run.max_attempts)
    execute(run)
    assert (run.status, run.error_code) == (JobStatus.FAILED, "attempts")
    told = Notification.objects.get()
    assert (told.person, told.code, told.params) == (shop.admin, "training.failed", {"label": "Spring"})


def test_a_database_that_is_away_ends_nothing(shop: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: Any) -> bool:
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(worker, "_on_step", away)
    run = start(shop)
    with pytest.raises(OperationalError):
        execute(run)
    run.refresh_from_db()
    assert run.status == JobStatus.RUNNING, "its lease runs out, and it is taken up again"


def test_pairs_alone_do_not_train_without_something_to_measure_by(shop: Cast, learned: Learned) -> None:
    learned.pairs = pairs([0, 2, 4])
    run = execute(start(shop, config=replace(QUICK, epochs=0, preference_epochs=1)))
    assert run.status == JobStatus.SUCCEEDED, "the corpus is measured by, the pairs are learned from"
    assert [point.step for point in run.points.all()] == [0, 1]

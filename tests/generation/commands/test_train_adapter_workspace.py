"""``manage.py train_adapter --workspace``: the run, the data and the version that the browser's button leads to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from copystudio.db import JobStatus
from copystudio.models import Event, User
from generation.engine.errors import TrainingError
from generation.engine.training.dataset import Source
from generation.management import foreground
from generation.models import ModelVersion, TrainingRun
from generation.services import train as worker
from generation.services.training import training_cancel
from tests.generation.commands.test_train_adapter import SHORT, is_taken
from tests.generation.learning import Learned, used
from tests.people import Cast


def command(*args: str, slug: str = "shop") -> str:
    out = StringIO()
    call_command("train_adapter", "--workspace", slug, *args, "--set", *SHORT, stdout=out)
    return out.getvalue()


def test_it_learns_from_use_and_ends_in_a_staged_version(shop: Cast, learned: Learned) -> None:
    asked = used(24)
    asked = replace(asked, brief=replace(asked.brief, instructions="Call 13812345678"))
    learned.examples = [
        asked,
        used(25, text="25 Stay dry on every walk"),
        used(26, text="26 Warm hands all winter long"),
    ]
    said = command("--label", "Spring").splitlines()
    run = TrainingRun.objects.get()
    version = run.version
    assert version is not None and (version.status, version.name) == ("staged", "Spring")
    assert (run.status, run.created_by, run.with_corpus, run.is_scheduled) == ("succeeded", shop.admin, True, False)
    assert run.config["rank"] == 4 and run.excluded["personal_data_masked"]
    assert run.data_counts[Source.APPROVED] >= 1
    assert Event.objects.filter(verb="trainingrun.create", actor=shop.admin).count() == 1
    assert said[0] == "Spring: {'approved': 3, 'starter': 24}"
    assert any(line.startswith("Spring: froze the data: ") for line in said)
    assert any(line.startswith(f"step {run.total}/{run.total} loss ") and "held-out" in line for line in said)
    assert said[-1] == f"{version} is staged. {version.folder}: SHA-256 {version.adapter_sha256}"


def test_the_same_data_are_refused_the_second_time(shop: Cast) -> None:
    command("--label", "Spring")
    with pytest.raises(CommandError, match="Nothing is new since training “Spring”"):
        command()
    assert TrainingRun.objects.count() == 1


def test_it_holds_the_machines_turn(shop: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    inner, taken = worker._on_step, list[bool]()

    def on_step(*args: Any) -> bool:
        taken.append(is_taken())
        return inner(*args)

    monkeypatch.setattr(worker, "_on_step", on_step)
    command()
    assert taken and all(taken) and not is_taken()


def test_it_goes_on_from_a_version_over_its_base_and_without_the_corpus(
    shop: Cast, learned: Learned, adapted: Callable[..., ModelVersion]
) -> None:
    learned.examples, version = [used(n) for n in range(24)], adapted()
    command("--base", "tiny", "--parent", version.folder, "--without-corpus")
    run = TrainingRun.objects.get()
    assert (run.parent, run.with_corpus, run.language_model.folder) == (version, False, "tiny")


@pytest.mark.parametrize("named", ["South", "brand/3"])
def test_it_learns_from_one_brand(shop: Cast, learned: Learned, named: str) -> None:
    learned.parts, learned.examples = [("brand/1", "North"), ("brand/3", "South")], [used(1)]
    said = command("--brand", named)
    assert "step 0/" in said and "step 0/10 loss" not in said
    assert TrainingRun.objects.get().scope == "brand/3" and set(learned.scopes) == {"brand/3"}


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--base", "more"], "no base model more in shop"),
        (["--parent", "adapter-9"], "no version with the adapter adapter-9 in shop"),
        (
            ["--brand", "East"],
            r"no brand East in shop. There are: North \(brand/1\), North \(brand/2\), South \(brand/3\)",
        ),
        (["--brand", "North"], "no brand North in shop"),
        (["--examples", "more.jsonl"], "go with --name"),
    ],
)
def test_what_the_workspace_has_not_is_said(shop: Cast, learned: Learned, args: list[str], said: str) -> None:
    learned.parts = [("brand/1", "North"), ("brand/2", "North"), ("brand/3", "South")]
    with pytest.raises(CommandError, match=said):
        command(*args)
    assert not TrainingRun.objects.exists()


def test_a_workspace_that_is_not_there_or_has_no_admin_is_said(shop: Cast) -> None:
    with pytest.raises(CommandError, match="no workspace nowhere"):
        command(slug="nowhere")
    User.objects.filter(pk=shop.admin.pk).update(is_active=False)
    with pytest.raises(CommandError, match="no active admin in shop"):
        command()


def test_another_version_of_another_rank_is_refused_by_its_field(
    shop: Cast, adapted: Callable[..., ModelVersion]
) -> None:
    with pytest.raises(CommandError, match="rank: This version has rank 4"):
        call_command("train_adapter", "--workspace", "shop", "--parent", adapted().folder, stdout=StringIO())


def test_several_processes_do_not_train_a_workspace(shop: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(CommandError, match="without torchrun"):
        command()
    assert not TrainingRun.objects.exists()


def test_a_training_that_fails_or_is_cancelled_is_an_error(shop: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*args: Any) -> bool:
        raise TrainingError("no number any more")

    def cancels(run: TrainingRun, *args: Any) -> bool:
        training_cancel(actor=shop.admin, run=run)
        return True

    for on_step, said in ((fails, "no number any more"), (cancels, "was cancelled")):
        monkeypatch.setattr(worker, "_on_step", on_step)
        with pytest.raises(CommandError, match=said):
            command()
    assert set(TrainingRun.objects.values_list("status", flat=True)) == {JobStatus.FAILED, JobStatus.CANCELLED}


def test_an_equal_run_that_a_worker_has_is_followed_to_its_end(shop: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    execute, tries = foreground.training_execute, list[int]()

    def busy(*, run_id: int) -> None:
        tries.append(run_id)
        if len(tries) == 3:
            execute(run_id=run_id)

    monkeypatch.setattr(foreground, "SECONDS", 0.01)
    monkeypatch.setattr(foreground, "training_execute", busy)
    assert "is staged" in command()
    assert len(tries) == 3


@pytest.mark.django_db(transaction=True)
def test_progress_is_told_while_it_trains(shop: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreground, "SECONDS", 0.01)
    inner, tellers = worker._on_step, set[str]()
    tell = foreground._Teller.tell

    def noted(self: foreground._Teller) -> None:
        before = self._step
        tell(self)
        if self._step > before:
            tellers.add(threading.current_thread().name)

    def on_step(*args: Any) -> bool:
        stop = inner(*args)
        time.sleep(0.2)
        return stop

    monkeypatch.setattr(foreground._Teller, "tell", noted)
    monkeypatch.setattr(worker, "_on_step", on_step)
    command()
    assert "progress" in tellers

"""``manage.py train_adapter``: what is typed is what is trained, by one process or by two."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import uuid
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from generation.engine.adapters import check_adapter
from generation.engine.manifest import sha256_of
from generation.engine.training.adapter_folder import WEIGHTS, read_lineage
from generation.engine.training.dataset import Source, write_lines
from generation.engine.training.distributed import World
from generation.engine.training.job import TrainingJob
from generation.management.commands.train_adapter import Command, config_of
from generation.services import turn
from tests.generation.engine.training.conftest import example_for, pair_for
from tests.generation.learning import Learned, other_weights
from tests.structure.source import ROOT

SHORT = ("epochs=1", "batch_size=4", "rank=4", "alpha=8", "learning_rate=0.02", "checkpoint_every=2", "threads=1")
TRAVERSALS = ("..", "../models", "a/b", "/etc", ".hidden", "", "a\0b", "~", "a b", "$HOME")


def command(*args: str) -> str:
    out = StringIO()
    call_command("train_adapter", *args, stdout=out)
    return out.getvalue()


@pytest.fixture
def root(learned: Learned, settings: Any) -> Path:
    return Path(settings.MODEL_ROOT)


def test_it_trains_on_the_corpus_and_says_what_came_of_it(root: Path) -> None:
    said = command("--name", "mine", "--set", *SHORT)
    digest = sha256_of(root / "mine" / WEIGHTS)
    check_adapter(root / "mine", root, sha256=digest)
    assert "20 examples, 4 held out, {'starter': 24}" in said
    assert "step 5/5" in said and "tokens/s" in said
    assert said.splitlines()[-1] == f"mine: SHA-256 {digest}"
    lineage = read_lineage(root / "mine")
    assert said.splitlines()[-2] == f"Held-out loss {lineage['state']['held_out']:.4f} after 5 steps."
    assert (lineage["base_name"], lineage["template"], lineage["parent"]) == ("tiny", "brief-1", "")
    assert lineage["config"]["rank"] == 4 and lineage["config"]["learning_rate"] == 0.02


def test_examples_and_pairs_come_from_files(root: Path, tmp_path: Path) -> None:
    write_lines(tmp_path / "more.jsonl", [example_for(n) for n in range(30, 54)])
    write_lines(tmp_path / "pairs.jsonl", [pair_for(0), pair_for(2)])
    files = ["--examples", str(tmp_path / "more.jsonl"), "--pairs", str(tmp_path / "pairs.jsonl")]
    assert "40 examples, 8 held out" in command("--name", "both", "--set", *SHORT, "--examples", files[1])
    said = command("--name", "own", "--without-corpus", *files, "--set", *SHORT)
    assert "20 examples, 4 held out, {'edit_over_draft': 2, 'starter': 24}" in said
    assert read_lineage(root / "own")["state"]["steps"] == 5 + 1


def test_what_editors_made_of_drafts_is_learned_beside_a_share_of_the_corpus(
    root: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    edited = [replace(example_for(n), id=f"edits/{n}", source=Source.EDITED) for n in (30, 32)]
    monkeypatch.setattr("campaigns.services.starter_corpus.starter_edits", lambda: (edited, [pair_for(0)]))
    said = command("--name", "edited", "--edits", "--corpus-share", "0.5", "--set", *SHORT)
    assert "12 examples, 4 held out, {'edit_over_draft': 1, 'edited': 2, 'starter': 14}" in said
    assert read_lineage(root / "edited")["state"]["steps"] == 3 + 1
    with pytest.raises(CommandError, match="a share is between 0 and 1"):
        command("--name", "more", "--corpus-share", "2", "--set", *SHORT)
    for wrong in (["--edits"], ["--reads", "gemma"]):
        with pytest.raises(CommandError, match="go with --name"):
            command("--workspace", "shop", *wrong)


def test_what_readers_found_of_an_adapters_drafts_is_learned_as_pairs(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = {"starter": [replace(pair_for(0), source=Source.APPROVED_OVER_REJECTED)]}
    monkeypatch.setattr("tests.generation.learning.reads", lambda by: read.get(by, []))
    said = command("--name", "read", "--reads", "starter", "--set", *SHORT)
    assert "{'approved_over_rejected': 1, 'starter': 24}" in said
    with pytest.raises(CommandError, match="nobody read drafts of another"):
        command("--name", "unread", "--reads", "another", "--set", *SHORT)


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        (["learning=1"], "NAME one of"),
        (["rank"], "NAME=VALUE"),
        (["rank=many"], "no number"),
        (["rank=0"], "rank=0"),
        (["rank=[4]"], "rank="),
        (["rank=NaN"], "rank="),
        (["learning_rate=Infinity"], "finite"),
        (["epochs=0", "preference_epochs=0"], "epochs"),
    ],
)
def test_settings_that_make_no_sense_are_said_before_anything_is_trained(
    root: Path, pairs: list[str], said: str
) -> None:
    with pytest.raises(CommandError, match=said):
        command("--name", "mine", "--set", *pairs)
    assert not (root / "mine").exists() and not (root / ".training").exists()


def test_settings_are_read_as_json() -> None:
    config = config_of(["rank=8", "learning_rate=3e-4", "time_budget=null", "seed=9"])
    assert (config.rank, config.learning_rate, config.time_budget, config.seed) == (8, 3e-4, None, 9)


@pytest.mark.parametrize("option", ["--name", "--base", "--parent"])
@pytest.mark.parametrize("value", TRAVERSALS)
def test_a_name_that_is_no_name_leads_nowhere(root: Path, option: str, value: str) -> None:
    if option == "--parent" and not value:
        return  # no parent
    values = {"--name": "mine", option: value}
    with pytest.raises(CommandError, match=r"no folder's name"):
        command(*(part for pair in values.items() for part in pair), "--set", *SHORT)
    assert sorted(path.name for path in root.iterdir()) == ["tiny"]


def test_what_is_missing_or_broken_is_said(root: Path, tmp_path: Path) -> None:
    for args, said in (
        (["--base", "nothing"], "config.json is missing"),
        (["--parent", "nothing"], "adapter_config.json is missing"),
        (["--examples", str(tmp_path / "none.jsonl")], "No such file"),
        (["--without-corpus"], "nothing to learn from"),
    ):
        with pytest.raises(CommandError, match=said):
            command("--name", "mine", *args, "--set", *SHORT)
    (tmp_path / "bad.jsonl").write_text("{}\n")
    with pytest.raises(CommandError, match=r"bad\.jsonl, line 1"):
        command("--name", "mine", "--examples", str(tmp_path / "bad.jsonl"))


def test_it_goes_on_from_another_adapter_whose_weights_are_named(root: Path) -> None:
    command("--name", "first", "--set", *SHORT)
    command("--name", "second", "--parent", "first", "--set", *SHORT)
    assert read_lineage(root / "second")["parent"] == sha256_of(root / "first" / WEIGHTS)
    with pytest.raises(CommandError, match="first: this parent has rank 4 and alpha 8, the settings have 4 and 16"):
        command("--name", "third", "--parent", "first", "--set", *SHORT, "alpha=16")
    (root / "first" / "training.json").write_text("{}")
    with pytest.raises(CommandError, match=r"training\.json"):
        command("--name", "third", "--parent", "first", "--set", *SHORT)


def test_a_parent_over_another_base_is_refused(root: Path) -> None:
    command("--name", "first", "--set", *SHORT)
    other_weights(root / "tiny")
    with pytest.raises(CommandError, match="first: this parent was trained over another base than tiny"):
        command("--name", "second", "--parent", "first", "--set", *SHORT)
    assert not (root / "second").exists()


def test_the_same_command_goes_on_where_it_was_stopped(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command("--name", "whole", "--set", *SHORT)
    say = Command._say
    steps: list[int] = []

    def stopped(self: Command, progress: Any, is_first: bool) -> bool:
        steps.append(progress.step)
        if progress.step == 3 and len(steps) == 3:
            raise KeyboardInterrupt
        return say(self, progress, is_first)

    monkeypatch.setattr(Command, "_say", stopped)
    with pytest.raises(KeyboardInterrupt):
        command("--name", "mine", "--set", *SHORT)
    assert not (root / "mine").exists()
    command("--name", "mine", "--set", *SHORT)
    assert steps == [1, 2, 3, 3, 4, 5]
    assert sha256_of(root / "mine" / WEIGHTS) == sha256_of(root / "whole" / WEIGHTS)
    with pytest.raises(CommandError, match="another training"):
        command("--name", "mine", "--set", *SHORT, "seed=3")


def is_taken() -> bool:
    """Whether somebody holds the machine's turn: file locks know no process of their own, but the open file."""
    with turn._file(turn.COMPUTING).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_it_holds_the_machines_turn_while_it_trains_and_steps_aside(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say, taken, asked = Command._say, list[bool](), list[bool]()

    def watched(self: Command, progress: Any, is_first: bool) -> bool:
        taken.append(is_taken())
        return say(self, progress, is_first)

    monkeypatch.setattr(Command, "_say", watched)
    monkeypatch.setattr(turn.Turn, "step_aside", lambda self: asked.append(True))
    command("--name", "mine", "--set", *SHORT)
    assert taken == [True] * 5 and len(asked) > 5, "after each step, and between the batches of a measurement"
    assert not is_taken()


def test_of_processes_that_train_together_only_the_first_takes_the_turn(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = list[bool]()

    def run(self: TrainingJob, on_step: Any, world: World, between: Any) -> Any:
        ran.append(is_taken())
        return None, ""

    monkeypatch.setattr(TrainingJob, "run", run)
    monkeypatch.setattr(World, "join", lambda: World(rank=1, size=2))
    assert command("--name", "mine", "--set", *SHORT) == ""
    assert ran == [False]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_processes_end_with_nearly_the_weights_of_one(root: Path, tmp_path: Path) -> None:
    """Dropout off: each process draws its own. Sums in another order differ in the last bits."""
    from generation.engine.training.lora import read_weights

    write_lines(tmp_path / "examples.jsonl", [example_for(n) for n in range(24)])
    write_lines(tmp_path / "pairs.jsonl", [pair_for(n) for n in range(6)])
    data = ["--examples", str(tmp_path / "examples.jsonl"), "--pairs", str(tmp_path / "pairs.jsonl")]
    args = ["--without-corpus", *data, "--set", *SHORT, "dropout=0", "epochs=2", "learning_rate=0.005"]
    command("--name", "one", *args)
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [sys.executable, *torchrun, "manage.py", "train_adapter", "--name", "two", "--base", "tiny", *args],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "copystudio.settings",
            "STUDIO_STAGE": "local",
            "STUDIO_SECRET_KEY": uuid.uuid4().hex * 2,
            "STUDIO_VAR": str(tmp_path / "var"),
            "MODEL_ROOT": str(root),
            "OMP_NUM_THREADS": "1",
        },
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count("held out") == 1, "one process speaks for both"
    one, two = read_weights(root / "one"), read_weights(root / "two")
    assert one.keys() == two.keys()
    for name in one:
        assert (one[name] - two[name]).norm() <= 0.02 * one[name].norm(), name
    states = [read_lineage(root / name)["state"] for name in ("one", "two")]
    for first, second in zip(*(state["history"] for state in states), strict=True):
        assert first["step"] == second["step"]
        assert first["held_out"] == pytest.approx(second["held_out"], rel=0.01)

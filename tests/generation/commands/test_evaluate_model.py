"""``manage.py evaluate_model``: figures without the web, of a folder or of what a workspace writes with."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from generation.engine.evaluation.metrics import MetricName
from generation.engine.evaluation.result import Evaluation as Measured
from generation.engine.training.dataset import write_lines
from generation.management.commands import evaluate_model
from generation.models import ModelVersion
from generation.services.registry import model_version_promote
from tests.generation.engine.training.conftest import example_for, pair_for
from tests.generation.learning import Learned
from tests.people import Cast


def command(*args: str) -> str:
    out = StringIO()
    call_command("evaluate_model", *args, stdout=out, stderr=StringIO())
    return out.getvalue()


@pytest.fixture
def root(learned: Learned, settings: Any, tiny_adapter: Path) -> Path:
    shutil.copytree(tiny_adapter, settings.MODEL_ROOT / "mine")
    return Path(settings.MODEL_ROOT)


def test_an_adapter_is_measured_against_its_base(root: Path, tmp_path: Path) -> None:
    said = command("--adapter", "mine", "--items", "3", "--seed", "5", "--out", str(tmp_path / "figures.json"))
    lines = said.splitlines()
    assert lines[0].split()[:3] == ["metric", "new", "base"]
    table = {line.split()[0]: line.split()[1:] for line in lines[1 : 1 + len(MetricName)]}
    assert list(table) == [name.value for name in MetricName]
    assert float(table["loss"][0]) < float(table["loss"][1]), "it has learned something"
    assert "better" in table["loss"] and table["preference_accuracy"] == ["-", "-", "-"]
    assert any(line.startswith("harm: passed") for line in lines)
    assert lines[-1] in ("Every gate is passed.", "Not every gate is passed.")
    found = json.loads((tmp_path / "figures.json").read_text())
    assert set(found) == {"results", "by_language", "differences", "gates"}
    measured = Measured.from_dict(found["results"]["new"])
    assert len(measured.items) == 3 and measured.seed == 5
    assert found["by_language"]["new"]["en"]["loss"]["value"] == pytest.approx(float(table["loss"][0]), rel=0.01)
    assert {one["name"] for one in found["gates"]} >= {"limit", "forgetting"}


def test_the_same_command_gives_the_same_figures(root: Path) -> None:
    args = ["--adapter", "mine", "--items", "2"]
    assert command(*args) == command(*args)


def test_against_another_adapter_the_gates_compare_with_it(root: Path) -> None:
    shutil.copytree(root / "mine", root / "other")
    said = command("--adapter", "mine", "--against", "other", "--items", "2")
    assert said.splitlines()[0].split()[:4] == ["metric", "new", "active", "base"]
    assert "held-out loss: passed, loss_per_character" in said


def test_examples_pairs_and_samples_are_asked_for_too(root: Path, tmp_path: Path) -> None:
    write_lines(tmp_path / "examples.jsonl", [example_for(n) for n in (26, 27)])  # about the mug, which is held out
    write_lines(tmp_path / "pairs.jsonl", [pair_for(2), pair_for(3)])  # of which the first is about the mug
    files = ["--examples", str(tmp_path / "examples.jsonl"), "--pairs", str(tmp_path / "pairs.jsonl")]
    out = tmp_path / "figures.json"
    said = command("--adapter", "mine", *files, "--samples", "2", "--out", str(out))
    measured = Measured.from_dict(json.loads(out.read_text())["results"]["new"])
    assert "preferences: " in said
    assert measured.metrics[MetricName.PREFERENCE_ACCURACY].n == 1
    assert measured.samples_per_item == 2


def test_what_a_workspace_writes_with_is_measured(shop: Cast, adapted: Callable[..., ModelVersion]) -> None:
    model_version_promote(actor=shop.admin, version=adapted(), reason="try")
    said = command("--workspace", shop.workspace.slug, "--items", "2")
    assert "better" in next(line for line in said.splitlines() if line.startswith("loss "))


def test_the_base_alone_may_write_too(shop: Cast) -> None:
    said = command("--workspace", shop.workspace.slug, "--items", "2")
    loss = next(line for line in said.splitlines() if line.startswith("loss ")).split()
    assert loss[1] == loss[2], "it is its own base"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--adapter", "../mine"], r"no folder's name"),
        (["--adapter", "mine", "--base", "/etc"], r"no folder's name"),
        (["--adapter", "mine", "--against", ".."], r"no folder's name"),
        (["--adapter", "tiny"], "adapter_config"),
        (["--adapter", "nothing"], "adapter_config"),
        (["--adapter", "mine", "--base", "nothing"], "config.json is missing"),
        (["--adapter", "mine", "--items", "0"], "At least one"),
        (["--adapter", "mine", "--examples", "nothing.jsonl"], "No such file"),
        ([], "required"),
        (["--adapter", "mine", "--workspace", "shop"], "not allowed with"),
    ],
)
def test_what_cannot_be_measured_is_said(root: Path, args: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        command(*args)


@pytest.mark.parametrize(("out", "said"), [("nowhere/figures.json", "No such file"), (".", "Is a directory")])
def test_figures_that_cannot_be_written_are_not_measured(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, out: str, said: str
) -> None:
    monkeypatch.setattr(evaluate_model, "measure", lambda *args, **values: pytest.fail("it was measured"))
    with pytest.raises(CommandError, match=said):
        command("--adapter", "mine", "--out", str(tmp_path / out))


def test_what_lies_there_stays_until_there_are_figures(root: Path, tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text("{}")
    for name in ("old.json", "new.json"):
        with pytest.raises(CommandError):
            command("--adapter", "nothing", "--out", str(tmp_path / name))
    assert (tmp_path / "old.json").read_text() == "{}" and not (tmp_path / "new.json").exists()


def test_a_workspace_without_anything_that_writes_is_said(shop: Cast) -> None:
    with pytest.raises(CommandError, match="no workspace nowhere"):
        command("--workspace", "nowhere")
    ModelVersion.objects.update(status=ModelVersion.Status.RETIRED)
    with pytest.raises(CommandError, match="No version is active"):
        command("--workspace", shop.workspace.slug)

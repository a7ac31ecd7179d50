"""``manage.py evaluate_model --workspace --number``: the evaluation that the browser's button leads to, kept and seen."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from copystudio.db import JobStatus
from copystudio.models import Event
from copystudio.services.jobs import job_cancel
from generation.engine.evaluation.result import Evaluation as Measured
from generation.engine.evaluation.result import compare
from generation.management import foreground
from generation.management.commands import evaluate_model
from generation.models import Evaluation, ModelVersion
from generation.services import evaluation as worker
from generation.services.evaluation import evaluation_start
from tests.generation.learning import active_of, delete
from tests.people import Cast


def command(*args: str, slug: str = "shop") -> str:
    out = StringIO()
    call_command("evaluate_model", "--workspace", slug, *args, stdout=out, stderr=StringIO())
    return out.getvalue()


@pytest.fixture
def version(adapted: Callable[..., ModelVersion]) -> ModelVersion:
    return adapted()


def test_its_figures_and_gates_are_kept_with_the_version(shop: Cast, version: ModelVersion, tmp_path: Path) -> None:
    said = command("--number", str(version.number), "--out", str(tmp_path / "figures.json")).splitlines()
    evaluation = Evaluation.objects.get()
    assert (evaluation.version, evaluation.against) == (version, active_of(shop))
    assert (evaluation.status, evaluation.created_by) == (JobStatus.SUCCEEDED, shop.admin)
    assert Event.objects.get(verb="evaluation.create").actor == shop.admin
    assert said[0].split()[:4] == ["metric", "new", "active", "base"]
    assert said[-1] == ("Every gate is passed." if evaluation.passed else "Not every gate is passed.")
    found = json.loads((tmp_path / "figures.json").read_text())
    assert found["gates"] == evaluation.results["gates"]
    assert found["differences"] == evaluation.results["differences"]
    new, base = (Measured.from_dict(found["results"][name]) for name in ("new", "base"))
    assert compare(new, base)


def test_the_number_is_that_of_the_workspace(shop: Cast, version: ModelVersion) -> None:
    with pytest.raises(CommandError, match=r"no version 99 in shop"):
        command("--number", "99")
    with pytest.raises(CommandError, match="no workspace nowhere"):
        command("--number", "1", slug="nowhere")
    assert not Evaluation.objects.exists()


@pytest.mark.parametrize(
    "args", [["--items", "2"], ["--samples", "1"], ["--seed", "5"], ["--against", "other"], ["--pairs", "more.jsonl"]]
)
def test_what_is_asked_of_files_does_not_go_with_it(shop: Cast, version: ModelVersion, args: list[str]) -> None:
    with pytest.raises(CommandError, match=f"as the browser does: without {args[0]}"):
        command("--number", str(version.number), *args)
    with pytest.raises(CommandError, match="goes with --workspace"):
        call_command("evaluate_model", "--adapter", "mine", "--number", "1")
    assert not Evaluation.objects.exists()


def test_a_version_without_files_is_refused(shop: Cast, version: ModelVersion) -> None:
    delete(shop, version)
    with pytest.raises(CommandError, match="files of this version were deleted"):
        command("--number", str(version.number))


def test_an_evaluation_that_fails_or_is_cancelled_is_an_error(
    shop: Cast, version: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*args: Any, **values: Any) -> Any:
        raise ValueError("no number any more")

    monkeypatch.setattr(worker, "measure", fails)
    with pytest.raises(CommandError, match="ValueError: no number any more"):
        command("--number", str(version.number))
    job_cancel(actor=shop.admin, job=evaluation_start(actor=shop.admin, version=version))

    def cancelled(*, actor: Any, version: ModelVersion) -> Evaluation:
        return Evaluation.objects.get(version=version, status=JobStatus.CANCELLED)

    monkeypatch.setattr(evaluate_model, "evaluation_start", cancelled)
    with pytest.raises(CommandError, match="was cancelled"):
        command("--number", str(version.number))


def test_an_evaluation_that_a_worker_has_is_followed_to_its_end(
    shop: Cast, version: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute, tries = evaluate_model.evaluation_execute, list[int]()
    started = evaluation_start(actor=shop.admin, version=version)

    def busy(*, evaluation_id: int) -> None:
        tries.append(evaluation_id)
        if len(tries) == 3:
            execute(evaluation_id=evaluation_id)

    monkeypatch.setattr(foreground, "SECONDS", 0.01)
    monkeypatch.setattr(evaluate_model, "evaluation_execute", busy)
    assert "gate" in command("--number", str(version.number))
    assert tries == [started.pk] * 3

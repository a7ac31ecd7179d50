"""Brands with adapters of their own take turns without the base being loaded again. Work is counted, not timed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

from copystudio.db import JobStatus
from generation.engine import openvino_export
from generation.engine.backends.torch import TorchBackend
from generation.engine.config import Prompt
from generation.engine.errors import ModelFolderError
from generation.engine.manifest import MANIFEST_NAME
from generation.models import ModelVersion
from generation.services.execute import run_execute
from generation.services.export import export_execute, export_queue
from generation.services.writers import WRITERS, torch_writer, writer_of
from tests.generation.learning import active_of
from tests.generation.runs.conftest import MakeRun
from tests.people import Cast

PROMPT = Prompt("Product: rain jacket\nHeadline:", "\n")
TEXTS = [" soft wool for winter", " lamp"]


@pytest.fixture
def brands(adapted: Callable[..., ModelVersion], settings: Any) -> list[ModelVersion]:
    """Two versions over one base, their adapters of other weights, and the base alone."""
    settings.GENERATION_BACKEND = "torch"
    first, second = adapted(), adapted()
    change(second.adapter_path)
    return [first, second]


def change(adapter: Path | None) -> None:
    assert adapter is not None
    weights = adapter / "adapter_model.safetensors"
    save_file({name: -2 * tensor for name, tensor in load_file(weights).items()}, weights)
    (adapter / MANIFEST_NAME).unlink()


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """The bases that were loaded."""
    from generation.engine.loader import AutoModelForCausalLM

    found: list[Any] = []
    real = AutoModelForCausalLM.from_pretrained

    def counting(folder: Any, **values: Any) -> Any:
        found.append(folder)
        return real(folder, **values)

    monkeypatch.setattr(AutoModelForCausalLM, "from_pretrained", counting)
    yield found


def test_versions_over_one_base_take_turns_over_one_loaded_model(
    brands: list[ModelVersion], shop: Cast, loads: list[Any]
) -> None:
    versions = [*brands, active_of(shop)]
    expected = [
        torch_writer(one.language_model.path, one.adapter_path).backend.score(TEXTS, PROMPT) for one in versions
    ]
    assert len({tuple(scores) for scores in expected}) == 3
    loads.clear()
    for _ in range(3):
        for version, scores in zip(versions, expected, strict=True):
            writer = writer_of(version)
            assert writer.backend.score(TEXTS, PROMPT) == scores and writer.about["backend"] == "torch"
            assert writer_of(version) is writer, "what it has read of prompts is kept"
    assert len(loads) == 1 and len(WRITERS) == 1


def test_runs_of_two_brands_in_turn_load_once(
    brands: list[ModelVersion], shop: Cast, make_run: MakeRun, loads: list[Any]
) -> None:
    for version in [*brands, *brands]:
        run = make_run(2)
        run.model_version = version
        run.save(update_fields=["model_version"])
        run_execute(run_id=run.pk)
        run.refresh_from_db()
        assert run.status == JobStatus.SUCCEEDED and run.done == 2
    assert len(loads) == 1


def test_a_writer_that_was_kept_over_a_swap_does_not_write(brands: list[ModelVersion]) -> None:
    first, second = brands
    kept = writer_of(first)
    writer_of(second)
    with pytest.raises(RuntimeError, match="another adapter"):
        kept.backend.score(TEXTS, PROMPT)


def test_a_broken_adapter_fails_alone(brands: list[ModelVersion], loads: list[Any]) -> None:
    first, second = brands
    scores = writer_of(first).backend.score(TEXTS, PROMPT)
    assert second.adapter_path is not None
    (second.adapter_path / "adapter_model.safetensors").write_bytes(b"{")
    for _ in range(2):
        with pytest.raises(ModelFolderError):
            writer_of(second)
        assert writer_of(first).backend.score(TEXTS, PROMPT) == scores
    assert len(loads) == 1


def test_an_adapter_or_a_base_that_was_replaced_is_taken_anew(brands: list[ModelVersion], loads: list[Any]) -> None:
    first, _second = brands
    before = writer_of(first).backend.score(TEXTS, PROMPT)
    change(first.adapter_path)
    assert writer_of(first).backend.score(TEXTS, PROMPT) != before and len(loads) == 1
    base = first.language_model.path
    shutil.copytree(base, base.with_name("again"))
    shutil.rmtree(base)
    shutil.move(base.with_name("again"), base)
    (base / "config.json").touch()
    writer_of(first)
    assert len(loads) == 2


def test_an_adapter_that_only_peft_can_load_is_loaded_whole(
    brands: list[ModelVersion], loads: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    _first, second = brands
    expected = [writer_of(one).backend.score(TEXTS, PROMPT) for one in brands]
    WRITERS.clear()
    loads.clear()
    monkeypatch.setattr("generation.engine.loader.is_plain", lambda folder: folder.name != second.folder)
    for _ in range(2):
        assert [writer_of(one).backend.score(TEXTS, PROMPT) for one in brands] == expected
    assert len(loads) == 2 and len(WRITERS) == 2, "both are kept"


def test_exports_of_several_versions_are_kept(
    brands: list[ModelVersion], shop: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("openvino")
    settings.GENERATION_BACKEND = "openvino"
    versions = [*brands, active_of(shop)]
    for version in versions:
        export = export_queue(version=version, actor=None)
        assert export is not None
        export_execute(export_id=export.pk)
    compiled: list[Path] = []
    real = openvino_export.load_export

    def counting(place: Path, **values: Any) -> Any:
        compiled.append(place)
        return real(place, **values)

    monkeypatch.setattr(openvino_export, "load_export", counting)
    writers = [writer_of(version) for version in versions]
    assert all(one.about["backend"] == "openvino" for one in writers)
    scores = [one.backend.score(TEXTS, PROMPT) for one in writers]
    for version, writer, expected in zip(versions, writers, scores, strict=True):
        assert writer_of(version) is writer and not isinstance(writer.backend, TorchBackend)
        assert writer.backend.score(TEXTS, PROMPT) == expected
    assert len(compiled) == 3 and len({tuple(one) for one in scores}) == 3

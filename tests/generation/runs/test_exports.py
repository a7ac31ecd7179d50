"""The quantised copy of a version: made in the background, written with as soon as it is there, torch until then."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
from django.db.models import F

from copystudio.db import JobStatus
from copystudio.models import Outbox
from generation.engine.errors import OpenVinoError
from generation.models import Candidate, ModelExport
from generation.services.execute import run_execute
from generation.services.export import AGAIN_AFTER, export_execute, export_of, export_queue, exports_root
from generation.services.registry import model_version_delete, model_version_promote, model_version_roll_back
from tests.generation.learning import active_of
from tests.generation.runs.conftest import MakeRun
from tests.people import Cast

pytest.importorskip("openvino")


def done(make_run: MakeRun) -> Any:
    run = make_run(2, 2)
    run_execute(run_id=run.pk)
    run.refresh_from_db()
    assert run.status == JobStatus.SUCCEEDED and run.done == 4
    return run


def test_torch_writes_until_the_copy_is_there_and_says_so(make_run: MakeRun, shop: Cast) -> None:
    first = done(make_run)
    assert (first.engine["backend"], first.engine["note"]) == ("torch", "export_pending")
    export = ModelExport.objects.get()
    assert export.version == active_of(shop)
    export_execute(export_id=export.pk)
    export.refresh_from_db()
    assert export.status == JobStatus.SUCCEEDED and (exports_root() / export.folder / "model.bin").is_file()
    second = done(make_run)
    assert second.engine["backend"] == "openvino" and second.engine["numbers"] == "int8" and "note" not in second.engine
    assert all(one.fluency < 0 for one in Candidate.objects.filter(item__run=second))
    export_execute(export_id=export.pk)  # a doorbell may ring twice
    assert ModelExport.objects.count() == 1


def test_a_copy_that_cannot_be_made_leaves_torch_at_work(make_run: MakeRun, shop: Cast) -> None:
    done(make_run)
    exports_root().write_text("in the way", encoding="utf-8")
    export = ModelExport.objects.get()
    export_execute(export_id=export.pk)
    export.refresh_from_db()
    assert export.status == JobStatus.FAILED and export.error_params["detail"]
    run = done(make_run)
    assert (run.engine["backend"], run.engine["note"]) == ("torch", "export_failed")


def test_promoting_asks_for_the_copy_and_deleting_removes_it(
    adapted: Any, shop: Cast, django_capture_on_commit_callbacks: Any
) -> None:
    before = active_of(shop)
    version = adapted()
    model_version_promote(actor=shop.admin, version=version, reason="try it")
    export = ModelExport.objects.get(version=version)
    export_execute(export_id=export.pk)
    place, why = export_of(version)
    assert place is not None and why == ""
    model_version_roll_back(actor=shop.admin, workspace=shop.workspace)
    assert active_of(shop) == before
    assert place.is_dir()
    with django_capture_on_commit_callbacks(execute=True):
        model_version_delete(actor=shop.admin, version=version)
    assert not place.exists()


def test_a_copy_that_is_broken_leaves_torch_at_work_and_is_made_anew_on_promoting(
    adapted: Any, make_run: MakeRun, shop: Cast
) -> None:
    version = adapted()
    model_version_promote(actor=shop.admin, version=version, reason="try it")
    export = ModelExport.objects.get(version=version)
    export_execute(export_id=export.pk)
    place, _why = export_of(version)
    assert place is not None
    weights = place / "model.bin"
    whole = weights.read_bytes()
    weights.write_bytes(bytes(len(whole)))
    for _ in range(2):
        assert done(make_run).engine["note"] == "export_failed"
    export.refresh_from_db()
    assert export.status == JobStatus.FAILED and "model.bin" in export.error_params["detail"]
    model_version_roll_back(actor=shop.admin, workspace=shop.workspace)
    model_version_promote(actor=shop.admin, version=version, reason="again")
    export.refresh_from_db()
    assert (export.status, export.error_code) == (JobStatus.QUEUED, "")
    assert Outbox.objects.filter(task=export.task, object_id=export.pk).count() == 2
    export_execute(export_id=export.pk)
    assert weights.read_bytes() == whole
    assert done(make_run).engine["backend"] == "openvino"


def test_a_model_that_openvino_refuses_leaves_torch_at_work(
    make_run: MakeRun, shop: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = export_queue(version=active_of(shop), actor=None)
    assert export is not None
    export_execute(export_id=export.pk)

    def refuse(*args: Any, **values: Any) -> None:
        raise OpenVinoError("OpenVINO cannot load it")

    monkeypatch.setattr("generation.engine.openvino_export.load_export", refuse)
    run = done(make_run)
    assert (run.engine["backend"], run.engine["note"]) == ("torch", "export_failed")
    assert done(make_run).engine["note"] == "export_failed"
    ModelExport.objects.update(finished_at=F("finished_at") - AGAIN_AFTER)
    assert done(make_run).engine["note"] == "export_pending", "a day later it is made again"
    assert ModelExport.objects.get().status == JobStatus.QUEUED


def test_a_copy_whose_folder_is_gone_is_made_again_when_its_version_writes(make_run: MakeRun, shop: Cast) -> None:
    export = export_queue(version=active_of(shop), actor=None)
    assert export is not None
    export_execute(export_id=export.pk)
    place, _why = export_of(active_of(shop))
    assert place is not None
    shutil.rmtree(place)
    assert done(make_run).engine["note"] == "export_pending"
    export_execute(export_id=export.pk)
    assert done(make_run).engine["backend"] == "openvino"


def test_where_torch_is_asked_for_nothing_is_exported(make_run: MakeRun, settings: Any) -> None:
    settings.GENERATION_BACKEND = "torch"
    run = done(make_run)
    assert "note" not in run.engine and not ModelExport.objects.exists()

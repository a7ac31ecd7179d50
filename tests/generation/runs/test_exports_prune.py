"""Quantised copies go when nothing writes with them any more, a day after nobody is told of them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as product
from django.utils import timezone

from campaigns.models import Brand
from copystudio.celery import app
from copystudio.db import JobStatus
from generation.engine.manifest import MANIFEST_NAME
from generation.models import ModelExport, ModelVersion
from generation.services import export_prune
from generation.services.export import exports_root
from generation.services.export_prune import exports_prune
from generation.tasks import exports_prune as task
from tests.people import Cast

Make = Callable[..., tuple[ModelVersion, Path]]
LONG_AGO = timezone.now() - timedelta(days=8)


def aged(place: Path, days: float) -> None:
    at = time.time() - 86_400 * days
    os.utime(place, (at, at))


@pytest.fixture
def make(adapted: Any, settings: Any) -> Make:
    """A version with a copy that was made eight days ago; torch writes, so that no weights are read."""
    settings.GENERATION_BACKEND = "torch"
    ModelVersion.objects.update(promoted_at=LONG_AGO - timedelta(days=1))

    def make(status: str = "retired", folder: str = "", **values: Any) -> tuple[ModelVersion, Path]:
        version = adapted(status=status, promoted_at=LONG_AGO)
        place = exports_root() / (folder or f"copy-{version.number}")
        place.mkdir(parents=True, exist_ok=True)
        aged(place, 8)
        export = ModelExport.objects.create(
            workspace=version.workspace, version=version, folder=place.name, **{"status": "succeeded", **values}
        )
        ModelExport.objects.filter(pk=export.pk).update(created_at=LONG_AGO, finished_at=LONG_AGO)
        return version, place

    return make


def test_a_retired_versions_copy_is_given_up_and_goes_a_day_later(make: Make) -> None:
    version, place = make()
    assert exports_prune() == 0 and place.is_dir()
    assert not ModelExport.objects.filter(version=version).exists()
    aged(place, 0.9)
    assert exports_prune() == 0 and place.is_dir()
    aged(place, 1.1)
    assert exports_prune() == 1 and not place.exists()


@pytest.mark.parametrize("status", ["staged", "retired"])
def test_one_that_a_brand_writes_with_stays(make: Make, status: str) -> None:
    version, _place = make(status)
    Brand.objects.create(workspace=version.workspace, name="Own", model_version=version)
    exports_prune()
    assert ModelExport.objects.filter(version=version).exists()


def test_one_that_writes_wrote_or_was_replaced_lately_stays(
    make: Make, adapted: Any, make_run: Any, shop: Cast
) -> None:
    writing, _place = make()
    run = make_run()
    type(run).objects.filter(pk=run.pk).update(model_version=writing, updated_at=LONG_AGO)
    wrote, _place = make()
    other = make_run()
    type(other).objects.filter(pk=other.pk).update(
        model_version=wrote, status=JobStatus.SUCCEEDED, updated_at=timezone.now() - timedelta(days=6)
    )
    exports_prune()
    assert ModelExport.objects.filter(version__in=[writing, wrote]).count() == 2
    replaced, _place = make()
    adapted(promoted_at=timezone.now() - timedelta(days=6))
    exports_prune()
    assert ModelExport.objects.filter(version=replaced).exists()


def test_one_of_a_deleted_version_goes_and_one_that_is_being_made_stays(make: Make) -> None:
    make("deleted")
    made, _other = make(status="retired")
    ModelExport.objects.filter(version=made).update(status=JobStatus.QUEUED)
    exports_prune()
    assert [one.version for one in ModelExport.objects.all()] == [made]


def test_a_folder_that_another_version_has_too_stays(make: Make) -> None:
    _retired, place = make(folder="shared")
    Brand.objects.create(workspace=(other := make(folder="shared")[0]).workspace, name="Own", model_version=other)
    exports_prune()
    aged(place, 2)
    assert exports_prune() == 0 and place.is_dir()


def test_nothing_is_deleted_while_a_copy_is_being_made(make: Make) -> None:
    version, _place = make()
    ModelExport.objects.filter(version=version).update(status=JobStatus.QUEUED)
    unnamed = exports_root() / "unnamed"
    unnamed.mkdir()
    aged(unnamed, 3)
    assert exports_prune() == 0 and unnamed.is_dir()
    ModelExport.objects.all().delete()
    assert exports_prune() == 2 and not unnamed.exists()


def test_a_copy_of_other_weights_is_given_up(make: Make, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("openvino")
    from generation.engine.openvino_export import export_name

    version, _place = make("staged")
    settings.GENERATION_BACKEND = "openvino"
    adapter = version.adapter_path
    assert adapter is not None
    name = export_name(version.language_model.path, adapter)
    ModelExport.objects.filter(version=version).update(folder=name)
    exports_prune()
    assert ModelExport.objects.filter(version=version).exists()
    manifest = adapter / MANIFEST_NAME
    manifest.write_bytes(manifest.read_bytes() + b"\n")
    exports_prune()
    assert not ModelExport.objects.filter(version=version).exists()


def test_without_a_copy_there_is_nothing_to_do(shop: Cast) -> None:
    assert exports_prune() == 0


def test_the_clock_rings_for_it_where_copies_are_made() -> None:
    assert product.CELERY_BEAT_SCHEDULE["exports"]["task"] == task.name and task.name in app.tasks
    assert product.CELERY_TASK_ROUTES[task.name] == product.CELERY_TASK_ROUTES["generation.export"]
    assert export_prune.UNNAMED_KEPT < export_prune.QUIET

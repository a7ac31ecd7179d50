"""What a new workspace writes with."""

from __future__ import annotations

import pytest
from django.conf import LazySettings

from copystudio.models import Workspace
from generation.engine import starter, starter_adapter
from generation.models import ModelVersion
from generation.services.setup import workspace_setup


@pytest.fixture
def shop(db: None) -> Workspace:
    return Workspace.objects.create(slug="new-shop", name="New shop")


def test_with_the_starter_model_the_starter_adapter_writes(shop: Workspace, settings: LazySettings) -> None:
    settings.STARTER_MODEL = starter.GEMMA.name
    workspace_setup(workspace=shop)
    base, trained = ModelVersion.objects.filter(workspace=shop).order_by("number")
    assert (base.number, base.status, base.folder, base.prompt_template) == (1, "retired", "", "few-shot-1")
    assert (trained.number, trained.status, trained.folder) == (2, "active", starter_adapter.NAME)
    assert trained.prompt_template == "brief-1"
    assert trained.adapter_sha256 == starter_adapter.shipped_sha256()
    assert trained.lineage["data_counts"]["starter"] >= 2000
    assert trained.language_model.licence == starter.LICENCE


def test_over_another_base_the_base_alone_writes(shop: Workspace, settings: LazySettings) -> None:
    settings.STARTER_MODEL = "my-own-model"
    workspace_setup(workspace=shop)
    version = ModelVersion.objects.get(workspace=shop)
    assert (version.status, version.folder, version.prompt_template) == ("active", "", "few-shot-1")
    assert version.language_model.licence == ""

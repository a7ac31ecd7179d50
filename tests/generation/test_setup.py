"""What a new workspace writes with."""

from __future__ import annotations

import pytest
from django.conf import LazySettings

from copystudio.models import Event, Workspace
from generation.engine import starter, starter_adapter
from generation.models import ModelVersion
from generation.services.setup import starter_offer, workspace_setup


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


def upgraded(shop: Workspace, settings: LazySettings) -> ModelVersion:
    """A workspace that was set up with the starter adapter of an earlier release, which writes."""
    settings.STARTER_MODEL = starter.GEMMA.name
    workspace_setup(workspace=shop)
    ModelVersion.objects.filter(workspace=shop, number=2).update(folder="earlier-starter", adapter_sha256="0" * 64)
    return ModelVersion.objects.get(workspace=shop, number=2)


def test_a_newer_starter_adapter_is_offered_once_and_changes_nothing(shop: Workspace, settings: LazySettings) -> None:
    writes = upgraded(shop, settings)
    assert (starter_offer(), starter_offer()) == (1, 0)
    offered = ModelVersion.objects.get(workspace=shop, status="staged")
    assert (offered.number, offered.folder, offered.language_model) == (3, starter_adapter.NAME, writes.language_model)
    assert offered.adapter_sha256 == starter_adapter.shipped_sha256() and offered.promoted_at is None
    assert ModelVersion.objects.get(workspace=shop, status="active") == writes
    assert Event.objects.get(workspace=shop, verb="modelversion.offer").object_id == offered.pk


def test_what_was_deleted_is_not_offered_again(shop: Workspace, settings: LazySettings) -> None:
    upgraded(shop, settings)
    starter_offer()
    ModelVersion.objects.filter(workspace=shop, number=3).update(status="deleted", folder="")
    assert starter_offer() == 0


def test_without_its_base_it_is_offered_to_nobody(shop: Workspace, settings: LazySettings) -> None:
    settings.STARTER_MODEL = "my-own-model"
    workspace_setup(workspace=shop)
    assert starter_offer() == 0
    settings.STARTER_MODEL = starter.GEMMA.name
    assert starter_offer() == 0

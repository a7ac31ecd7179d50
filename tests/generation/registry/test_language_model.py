"""Registering a base model: what may become one, and who may do it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from django.db import DataError, IntegrityError, transaction
from django.db.models import Model
from django.utils.translation import gettext as _

from copystudio.errors import InvalidInputError, NotPermittedError
from copystudio.models import Event
from generation.models import LanguageModel, ModelVersion
from generation.services.registry import language_model_add, language_model_look
from tests.generation.engine.traversals import TRAVERSALS, leads_out, listening
from tests.generation.learning import base_of
from tests.people import Cast


@pytest.fixture
def folder(shop: Cast) -> Path:
    """Another base in MODEL_ROOT, which is not registered."""
    path = base_of(shop).path
    return Path(shutil.copytree(path, path.parent / "second-1.5B_v2"))


def add(cast: Cast, folder: str, **values: str) -> LanguageModel:
    return language_model_add(
        actor=cast.admin, workspace=cast.workspace, **{"name": " Second ", "folder": folder, **values}
    )


def test_a_folder_becomes_a_base_with_a_first_version(shop: Cast, folder: Path) -> None:
    model = add(shop, folder.name, licence="MIT", licence_url="https://example.com/licence")
    assert (model.name, model.path, model.licence) == ("Second", folder, "MIT")
    version = ModelVersion.objects.get(language_model=model)
    assert (version.number, version.status, version.prompt_template, version.folder) == (2, "staged", "few-shot-1", "")
    event = Event.objects.get(verb="languagemodel.add")
    assert (event.actor, event.object_id) == (shop.admin, model.pk)


def test_what_it_is_is_read_from_settings_and_headers_alone(shop: Cast, folder: Path) -> None:
    found = language_model_look(folder.name)
    assert (found.architecture, found.layers, found.width) == ("Gemma3ForCausalLM", 2, 32)
    assert found.bytes == (folder / "model.safetensors").stat().st_size
    assert found.vocabulary is not None and found.parameters > 2 * 32 * found.vocabulary


def test_a_folder_is_registered_once_in_a_workspace(shop: Cast, folder: Path) -> None:
    add(shop, folder.name)
    with pytest.raises(InvalidInputError) as caught:
        add(shop, folder.name)
    assert list(caught.value.fields) == ["folder"]
    other = language_model_add(actor=shop.stranger, workspace=shop.elsewhere, name="", folder=folder.name)
    assert other.name == folder.name
    assert LanguageModel.objects.filter(folder=folder.name).count() == 2


@pytest.mark.parametrize("person", ["viewer", "copywriter", "approver", "stranger"])
def test_only_an_admin_may(shop: Cast, folder: Path, person: str) -> None:
    with pytest.raises(NotPermittedError):
        language_model_add(actor=getattr(shop, person), workspace=shop.workspace, name="x", folder=folder.name)
    with pytest.raises(NotPermittedError):  # and nobody else learns which folders there are
        language_model_add(actor=getattr(shop, person), workspace=shop.workspace, name="x", folder="no-such-folder")


@pytest.mark.parametrize(
    "name", ["no-such-folder", ".hidden", "", "a/b", "..", "../models/tiny", "/etc", "tiny\n", "tiny\0"]
)
def test_a_name_that_is_no_folder_of_models_is_refused(shop: Cast, name: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        add(shop, name)
    assert list(caught.value.fields) == ["folder"]


def test_no_name_opens_anything_outside_of_the_model_folder(shop: Cast, folder: Path) -> None:
    """A whole, harmless model lies outside: whoever follows the name would take it."""
    root = folder.parent
    shutil.copytree(folder, root.parent / "secret")
    str(_("Letters, digits, dot, dash and underscore only."))  # the catalogue is read before we listen
    with listening() as opened:
        for name in TRAVERSALS:
            with pytest.raises(InvalidInputError):
                language_model_look(name)
    assert leads_out(opened, root) == []
    assert ModelVersion.objects.filter(folder="").count() == 2


@pytest.mark.parametrize("model", [ModelVersion, LanguageModel])
def test_the_database_takes_no_such_name_either(shop: Cast, model: type[Model]) -> None:
    row = model._default_manager.filter(workspace=shop.workspace)
    for name in TRAVERSALS:
        if name and not (name.isascii() and name.isalnum() and len(name) < 100):
            with pytest.raises((IntegrityError, DataError, ValueError)), transaction.atomic():
                row.update(folder=name)


def test_an_adapter_is_no_base(shop: Cast, folder: Path, tiny_adapter: Path) -> None:
    shutil.copytree(tiny_adapter, folder.parent / "an-adapter")
    with pytest.raises(InvalidInputError, match="not valid") as caught:
        add(shop, "an-adapter")
    assert "config.json is missing" in str(caught.value.fields["folder"][0])

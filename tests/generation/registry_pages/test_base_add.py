"""Registering a base model: which folders there are, what they hold, and why one cannot be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse

from copystudio.models import Event
from generation.models import BaseFetch, LanguageModel, ModelVersion
from tests.generation.registry_pages.makers import write_base
from tests.people import Cast


@pytest.fixture(autouse=True)
def model_root(settings: Any, tmp_path: Path) -> Path:
    settings.MODEL_ROOT = tmp_path / "models"
    settings.MODEL_ROOT.mkdir()
    return settings.MODEL_ROOT


def url(cast: Cast) -> str:
    return f"/w/{cast.workspace.slug}/models/bases/new/"


def page(cast: Cast) -> str:
    return cast.client(cast.admin).get(url(cast)).content.decode()


def post(cast: Cast, **data: Any) -> HttpResponse:
    return cast.client(cast.admin).post(url(cast), {"folder": "fine", "name": "", "licence": "MIT", **data})


def test_without_a_folder_it_says_where_to_put_one(cast: Cast, model_root: Path) -> None:
    shown = page(cast)
    assert "There is no model in the model folder" in shown and str(model_root) in shown


def test_a_folder_is_shown_with_what_it_holds_before_it_is_registered(cast: Cast, model_root: Path) -> None:
    write_base(model_root, "fine")
    shown = page(cast)
    assert "Gemma3ForCausalLM" in shown and 'value="fine"' in shown
    assert ">8</td>" in shown and ">4</td>" in shown and "\N{NO-BREAK SPACE}bytes" in shown


def test_adapters_and_what_is_being_written_are_not_offered(cast: Cast, model_root: Path) -> None:
    (model_root / "adapter-1").mkdir()
    (model_root / "adapter-1" / "adapter_config.json").write_text("{}")
    write_base(model_root, ".partial-fine")
    shown = page(cast)
    assert "adapter-1" not in shown and ".partial-fine" not in shown


def spoil_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def spoil_pickle(folder: Path) -> None:
    (folder / "pytorch_model.bin").write_bytes(b"\x80\x04.")


def spoil_config(folder: Path) -> None:
    (folder / "config.json").write_text("[1]")


def spoil_json(folder: Path) -> None:
    (folder / "config.json").write_text("{")


def spoil_code(folder: Path) -> None:
    (folder / "config.json").write_text('{"auto_map": {"AutoModel": "code.Model"}}')


def spoil_link(folder: Path) -> None:
    (folder / "secret.json").symlink_to("/etc/hostname")


def spoil_size(folder: Path) -> None:
    (folder / "config.json").write_text('{"num_hidden_layers": 900}')


def spoil_index(folder: Path) -> None:
    (folder / "model.safetensors.index.json").write_text('{"weight_map": {"weight": "../other.safetensors"}}')


def spoil_adapter(folder: Path) -> None:
    (folder / "adapter_config.json").write_text("{}")


def spoil_names(folder: Path) -> None:
    (folder / "config.json").write_text('{"configuration_files": ["other.json"]}')


def spoil_loop(folder: Path) -> None:
    (folder / "loop.json").symlink_to("loop.json")


def spoil_header(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"\xff" * 8 + b"{}")


def spoil_end(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4])


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (spoil_weights, "It holds no safetensors file."),
        (spoil_pickle, "pytorch_model.bin could run code when it is read."),
        (spoil_config, "config.json cannot be read."),
        (spoil_json, "config.json cannot be read."),
        (spoil_code, "config.json asks for code of its own"),
        (spoil_size, "config.json describes a larger model than the weights can be."),
        (spoil_index, "model.safetensors.index.json names weights that are not in the folder."),
        (spoil_adapter, "adapter_config.json would put another base in this one"),
        (spoil_names, "config.json names other files to be read."),
        (spoil_loop, "It, or a link in it, leads nowhere."),
        (spoil_link, "secret.json is a link that leads out of the model folder."),
        (spoil_header, "model.safetensors is broken"),
        (spoil_end, "model.safetensors is broken"),
    ],
)
def test_an_unusable_folder_says_why_and_cannot_be_chosen(cast: Cast, model_root: Path, spoil: Any, words: str) -> None:
    spoil(write_base(model_root, "fine"))
    shown = page(cast)
    assert words in shown and "disabled" in shown
    refused = post(cast)
    assert refused.status_code == 422 and "There is no such folder to choose." in refused.content.decode()
    assert not LanguageModel.objects.filter(folder="fine").exists()


def test_it_is_registered_with_a_first_version(cast: Cast, model_root: Path) -> None:
    write_base(model_root, "fine")
    assert post(cast, name="Fine base", licence_url="https://example.com/licence").status_code == 303
    base = LanguageModel.objects.get(workspace=cast.workspace, folder="fine")
    assert (base.name, base.licence, base.licence_url) == ("Fine base", "MIT", "https://example.com/licence")
    assert ModelVersion.objects.get(language_model=base).status == "staged"
    assert Event.objects.get(verb="languagemodel.add").actor == cast.admin


def test_a_registered_folder_is_not_offered_again(cast: Cast, model_root: Path) -> None:
    write_base(model_root, "fine")
    post(cast)
    assert "registered" in page(cast)
    assert post(cast).status_code == 422


def test_what_was_typed_stays_where_something_is_missing(cast: Cast, model_root: Path) -> None:
    write_base(model_root, "fine")
    answer = post(cast, folder="", name="My base")
    shown = answer.content.decode()
    assert (
        answer.status_code == 422
        and "Choose a folder, or give a name on the hub." in shown
        and 'value="My base"' in shown
    )
    answer = post(cast, licence="", name="My base").content.decode()
    assert "This field is required." in answer and 'value="fine"' in answer


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"hub": "someone/something"}, "Choose a folder, or give a name on the hub."),
        ({"folder": "", "hub": "no hub name"}, "Write it as owner/name"),
        ({"folder": "", "hub": "../../etc"}, "Write it as owner/name"),
        ({"folder": "", "hub": "nobody/has-this-in-a-cache"}, "fetching from the hub is off"),
    ],
)
def test_a_name_on_the_hub_is_the_other_way(
    cast: Cast, model_root: Path, settings: Any, data: dict[str, str], words: str
) -> None:
    settings.MODEL_HUB = False
    write_base(model_root, "fine")
    answer = post(cast, **data)
    assert answer.status_code == 422 and words in answer.content.decode()
    assert LanguageModel.objects.filter(workspace=cast.workspace).count() == 1


def test_a_name_on_the_hub_becomes_a_job_and_the_request_fetches_nothing(
    cast: Cast, model_root: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MODEL_HUB = True
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    answer = post(cast, folder="", hub="acme/tiny", name="Tiny", licence_url="https://example.com/licence")
    fetch = BaseFetch.objects.get(workspace=cast.workspace)
    assert answer.status_code == 303
    assert answer["Location"] == f"/w/{cast.workspace.slug}/models/fetches/{fetch.pk}/"
    assert (fetch.hub_name, fetch.name, fetch.licence, fetch.status) == ("acme/tiny", "Tiny", "MIT", "queued")
    assert (fetch.created_by, fetch.licence_url) == (cast.admin, "https://example.com/licence")
    assert list(model_root.iterdir()) == []
    again = cast.client(cast.admin).post(url(cast), {"hub": "acme/tiny", "licence": "MIT"}, follow=True)
    assert BaseFetch.objects.count() == 1 and "being fetched already" in again.content.decode()


@pytest.mark.parametrize("folder", ["../models/fine", "/etc", ".", "fine/../fine", "nowhere"])
def test_a_path_is_never_chosen(cast: Cast, model_root: Path, folder: str) -> None:
    write_base(model_root, "fine")
    assert post(cast, folder=folder).status_code == 422


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x"])
def test_a_licence_is_no_script(cast: Cast, model_root: Path, address: str) -> None:
    write_base(model_root, "fine")
    assert post(cast, licence_url=address).status_code == 422


def test_only_admins_register(cast: Cast, model_root: Path) -> None:
    write_base(model_root, "fine")
    for person in (cast.viewer, cast.copywriter, cast.approver):
        assert cast.client(person).get(url(cast)).status_code == 403
        assert cast.client(person).post(url(cast), {"folder": "fine", "licence": "MIT"}).status_code == 403
    assert cast.client(cast.stranger).get(url(cast)).status_code == 404
    assert cast.client(cast.admin).put(url(cast)).status_code == 405

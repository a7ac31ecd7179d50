"""``manage.py fetch_encoder``, from a hub of the test's own."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from generation.engine.encoder import FolderEncoder
from generation.services.encoder import encoder_open
from tests.generation.engine.test_encoder_folder import make_tiny_encoder
from tests.generation.registry.hub_server import HubServer, serving

WEIGHTS = "model.safetensors"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_encoder(tmp_path_factory.mktemp("hub") / "e5")


@pytest.fixture
def hub(tmp_path: Path, made: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    settings.MODEL_ROOT, settings.MODEL_HUB, settings.ENCODER_MODEL = tmp_path / "models", True, "acme/tiny"
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving(made) as (server, address):
        monkeypatch.setenv("HF_ENDPOINT", address)
        yield server


def fetch() -> str:
    """What the command prints."""
    said = StringIO()
    call_command("fetch_encoder", stdout=said)
    return said.getvalue()


def refusal() -> str:
    with pytest.raises(CommandError) as caught:
        fetch()
    return str(caught.value)


def left(settings: Any) -> list[str]:
    root: Path = settings.MODEL_ROOT
    return sorted(path.name for path in root.iterdir()) if root.exists() else []


def test_the_encoder_comes_once_whole_and_opens(hub: HubServer, made: Path, settings: Any) -> None:
    hub.files |= {"pytorch_model.bin": b"x", "modeling.py": b"print()", "README.md": b"# E5", "vocab.txt": b"wool"}
    said = fetch()
    folder = settings.MODEL_ROOT / "acme--tiny"
    assert said.startswith("asking\n") and "checking\n" in said and f"acme/tiny is now in {folder}." in said
    assert {path.name for path in folder.iterdir()} == {path.name for path in made.iterdir()} | {"vocab.txt"}
    assert left(settings) == [".hub.lock", "acme--tiny"]
    assert isinstance(encoder_open(), FolderEncoder)
    hub.asked.clear()
    assert fetch() == f"acme/tiny was already in {folder}.\n"
    assert hub.asked == []


def test_a_revision_comes_beside_the_newest(hub: HubServer, made: Path, settings: Any) -> None:
    shutil.copytree(made, settings.MODEL_ROOT / "acme--tiny")
    hub.revisions = ["v1"]
    hub.files[WEIGHTS] = b"not what was asked for"
    settings.ENCODER_MODEL = "acme/tiny@v1"
    assert "acme/tiny@v1 is now in" in fetch()
    assert left(settings) == [".hub.lock", "acme--tiny", "acme--tiny--v1"]


def test_how_far_it_is_is_printed_while_it_comes(hub: HubServer) -> None:
    said = StringIO()

    def half_way() -> None:
        until = time.monotonic() + 20
        while "downloading: " not in said.getvalue() and time.monotonic() < until:
            time.sleep(0.02)

    hub.half_way = half_way
    call_command("fetch_encoder", stdout=said)
    parts = [line for line in said.getvalue().splitlines() if line.startswith("downloading: ")]
    assert parts and len(parts) == len(set(parts)) and all(line.endswith("0 % of 0.0 MB") for line in parts)


def test_with_the_hub_off_it_says_which_switch_to_turn(hub: HubServer, settings: Any) -> None:
    settings.MODEL_HUB = False
    assert "MODEL_HUB=1" in refusal()
    assert hub.asked == [] and left(settings) == [".hub.lock"]


def test_without_a_network_it_says_so(hub: HubServer, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert "The hub cannot be reached." in refusal()
    assert left(settings) == [".hub.lock"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("acme/nothing", "The hub shows no such model here."),
        ("acme/tiny@v9", "The repository has no such revision."),
    ],
)
def test_what_the_hub_does_not_have_is_named(hub: HubServer, settings: Any, name: str, sentence: str) -> None:
    settings.ENCODER_MODEL = name
    said = refusal()
    assert said.startswith(f"{name}: ") and sentence in said
    assert left(settings) == [".hub.lock"]


def _config(hub: HubServer, **values: Any) -> None:
    hub.files["config.json"] = json.dumps(json.loads(hub.files["config.json"]) | values).encode()


UNUSABLE = {
    "no safetensors file": lambda hub: hub.files.pop(WEIGHTS),
    "llama is not a sentence encoder": lambda hub: _config(hub, model_type="llama"),
    "tokenizer.json is missing": lambda hub: hub.files.pop("tokenizer.json"),
    "asks for code of its own": lambda hub: _config(hub, auto_map={"AutoModel": "modeling.Evil"}),
    "header": lambda hub: hub.files.update({WEIGHTS: (2**40).to_bytes(8, "little") + b"{}"}),
}


@pytest.mark.parametrize("reason", UNUSABLE)
def test_what_is_no_encoder_that_can_be_opened_is_refused_and_leaves_nothing(
    hub: HubServer, settings: Any, reason: str
) -> None:
    UNUSABLE[reason](hub)
    said = refusal()
    assert "no sentence encoder that can be opened" in said and reason in said and ".partial" not in said
    assert left(settings) == [".hub.lock"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "names no repository"),
        ("e5", "there is nothing to fetch"),
        ("acme/e5@", "no revision after the @"),
        ("acme/e5/onnx", "owner/name"),
    ],
)
def test_a_setting_that_names_no_repository_is_explained(
    hub: HubServer, settings: Any, name: str, sentence: str
) -> None:
    settings.ENCODER_MODEL = name
    assert sentence in refusal()
    assert hub.asked == [] and left(settings) == []


def test_a_folder_that_is_there_but_does_not_open_is_named_and_stays(hub: HubServer, made: Path, settings: Any) -> None:
    folder = Path(shutil.copytree(made, settings.MODEL_ROOT / "acme--tiny"))
    (folder / "tokenizer.json").unlink()
    assert refusal() == "acme--tiny: tokenizer.json is missing"
    assert folder.is_dir() and hub.asked == []

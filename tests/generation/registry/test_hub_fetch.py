"""A base model by its hub name, out of a local cache that the test lays out; nothing here asks the network."""

from __future__ import annotations

import fcntl
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from copystudio.errors import InvalidInputError
from generation.services import hub
from generation.services.hub import HubError, hub_check, hub_fetch, hub_folder
from generation.services.registry import language_model_look

COMMIT = "a" * 40


@pytest.fixture(autouse=True)
def places(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """MODEL_ROOT and an empty cache of the test's own, and a client that may not open a connection. Returns the cache."""
    settings.MODEL_ROOT = tmp_path / "models"
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    return tmp_path / "cache"


def laid_out(cache: Path, tiny_model: Path, name: str = "acme/tiny", **more: bytes) -> Path:
    """A repository as the hub's client keeps it: blobs, a reference, and a snapshot of links. Returns the snapshot."""
    repository = cache / f"models--{name.replace('/', '--')}"
    snapshot, blobs = repository / "snapshots" / COMMIT, repository / "blobs"
    for folder in (snapshot, blobs, repository / "refs"):
        folder.mkdir(parents=True)
    (repository / "refs" / "main").write_text(COMMIT)
    files = {path.name: path.read_bytes() for path in tiny_model.iterdir()} | more
    for number, (file, content) in enumerate(files.items()):
        (blobs / f"blob{number}").write_bytes(content)
        (snapshot / file).symlink_to(Path("..", "..", "blobs", f"blob{number}"))
    return snapshot


def fetch(name: str = "acme/tiny") -> str:
    """Fetched by somebody who never stops it."""
    return hub_fetch(name, lambda step, done, total: None)


def reason(refused: pytest.ExceptionInfo[HubError]) -> str:
    return f"{refused.value.code}: {refused.value.detail}"


@pytest.mark.parametrize("is_on", [False, True])
def test_a_model_of_the_cache_becomes_a_folder_without_network(
    places: Path, tiny_model: Path, settings: Any, is_on: bool
) -> None:
    settings.MODEL_HUB = is_on
    laid_out(places, tiny_model)
    assert fetch(" acme/tiny ") == "acme--tiny"
    folder = settings.MODEL_ROOT / "acme--tiny"
    assert {path.name for path in folder.iterdir()} == {path.name for path in tiny_model.iterdir()}
    assert not any(path.is_symlink() for path in folder.iterdir())
    assert language_model_look("acme--tiny").parameters == language_model_look_of(tiny_model, settings)


def language_model_look_of(tiny_model: Path, settings: Any) -> int:
    shutil.copytree(tiny_model, settings.MODEL_ROOT / "original")
    return language_model_look("original").parameters


def test_the_fetched_model_loads(places: Path, tiny_model: Path, settings: Any) -> None:
    from generation.engine.loader import load

    laid_out(places, tiny_model)
    loaded = load(settings.MODEL_ROOT / fetch("acme/tiny"), model_root=settings.MODEL_ROOT, threads=1)
    assert loaded.model.config.model_type


def test_code_pickles_and_subfolders_stay_behind(places: Path, tiny_model: Path, settings: Any) -> None:
    snapshot = laid_out(
        places, tiny_model, **{"pytorch_model.bin": b"x", "modeling_tiny.py": b"print()", "README.md": b"# Tiny"}
    )
    (snapshot / "onnx").mkdir()
    (snapshot / "onnx" / "model.safetensors").write_bytes(b"x")
    fetch("acme/tiny")
    taken = {path.name for path in (settings.MODEL_ROOT / "acme--tiny").rglob("*")}
    assert taken == {path.name for path in tiny_model.iterdir()}


def test_a_model_that_asks_for_code_of_its_own_is_refused_and_leaves_nothing(
    places: Path, tiny_model: Path, settings: Any
) -> None:
    config = json.loads((tiny_model / "config.json").read_text()) | {"auto_map": {"AutoModel": "modeling.Evil"}}
    laid_out(places, tiny_model, **{"config.json": json.dumps(config).encode()})
    with pytest.raises(HubError) as refused:
        fetch("acme/tiny")
    assert "asks for code of its own" in reason(refused) and ".partial" not in reason(refused)
    assert [path.name for path in settings.MODEL_ROOT.iterdir()] == [".hub.lock"]


def test_a_link_out_of_the_cached_repository_is_refused(
    places: Path, tiny_model: Path, settings: Any, tmp_path: Path
) -> None:
    (tmp_path / "secret.json").write_text("{}")
    (laid_out(places, tiny_model) / "extra.json").symlink_to(tmp_path / "secret.json")
    with pytest.raises(HubError) as refused:
        fetch("acme/tiny")
    assert "leads out" in reason(refused)
    assert not (settings.MODEL_ROOT / "acme--tiny").exists()


def test_weights_of_which_a_part_is_missing_are_refused(places: Path, tiny_model: Path) -> None:
    index = {"weight_map": {"a": "model.safetensors", "b": "model-00002-of-00002.safetensors"}}
    laid_out(places, tiny_model, **{"model.safetensors.index.json": json.dumps(index).encode()})
    with pytest.raises(HubError) as refused:
        fetch("acme/tiny")
    assert "names weights that are not in the folder" in reason(refused)


def test_weights_whose_header_lies_are_refused(places: Path, tiny_model: Path) -> None:
    laid_out(places, tiny_model, **{"model.safetensors": (2**40).to_bytes(8, "little") + b"{}"})
    with pytest.raises(HubError) as refused:
        fetch("acme/tiny")
    assert "header" in reason(refused)


def test_a_folder_that_is_there_is_taken_as_it_is(places: Path, tiny_model: Path, settings: Any) -> None:
    shutil.copytree(tiny_model, settings.MODEL_ROOT / "acme--tiny")
    assert fetch("acme/tiny") == "acme--tiny"


def test_a_folder_that_is_there_and_cannot_be_used_is_not_registered(
    places: Path, tiny_model: Path, settings: Any
) -> None:
    folder = shutil.copytree(tiny_model, settings.MODEL_ROOT / "acme--tiny")
    (folder / "model.safetensors").unlink()
    with pytest.raises(HubError) as refused:
        fetch("acme/tiny")
    assert reason(refused) == "unusable: acme--tiny: no safetensors file" and folder.is_dir()


def test_a_part_of_a_model_in_the_cache_is_no_reason_not_to_fetch_it(
    places: Path, tiny_model: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (laid_out(places, tiny_model) / "model.safetensors").unlink()

    def download(beside: Path, *_: Any) -> None:
        assert not list(beside.iterdir())
        shutil.copytree(tiny_model, beside, dirs_exist_ok=True)

    monkeypatch.setattr("generation.services.hub._download", download)
    settings.MODEL_HUB = False
    with pytest.raises(HubError, match="no safetensors"):
        fetch("acme/tiny")
    settings.MODEL_HUB = True
    assert language_model_look(fetch("acme/tiny")).layers == 2


def test_off_and_not_in_the_cache_says_what_to_do(settings: Any) -> None:
    settings.MODEL_HUB = False
    with pytest.raises(HubError) as refused:
        fetch("acme/tiny")
    assert refused.value.code == "off"
    with pytest.raises(InvalidInputError) as early:
        hub_check("acme/tiny")
    said = str(early.value.fields["folder"][0])
    assert "acme/tiny" in said and "MODEL_ROOT" in said and "MODEL_HUB=1" in said
    settings.MODEL_HUB = True
    assert hub_check("acme/tiny") == "acme--tiny"


def test_on_but_without_network_says_so(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MODEL_HUB = True
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(HubError) as refused:
        fetch("acme/tiny")
    assert refused.value.code == "unreachable"
    assert [path.name for path in settings.MODEL_ROOT.iterdir()] == [".hub.lock"]


def test_the_hub_is_off_where_nobody_switched_it_on() -> None:
    from copystudio import settings as product

    assert product.MODEL_HUB is False


HOSTILE = [
    "acme", "", "/", "acme/", "/tiny", "a/b/c", "../tiny", "acme/..", "./tiny", "acme/.tiny", "-acme/tiny", "acme/ti ny",
    "acme/tiny\n", "acme/tiny\x00", "a--b/c", "a/b--c", "acme\\tiny", "acme/tiny.git", "https://x.example/acme", "datasets/a/b",
    "acmé/tiny", "阿/小", "acme/tiny@main", "acme/tiny?x=1", "acme/%2e%2e", f"acme/{'x' * 100}", "~/tiny", "acme/tiny;rm",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_refused_before_anything_is_looked_at(settings: Any, name: str) -> None:
    settings.MODEL_HUB = True
    if name.strip() == "acme/tiny":  # space around a name is no harm
        assert hub_folder(name) == "acme--tiny"
        return
    for look in (fetch, hub_check):
        with pytest.raises(InvalidInputError) as refused:
            look(name)
        assert "owner/name" in str(refused.value.fields["folder"][0])
    assert not settings.MODEL_ROOT.exists()


def test_two_names_never_share_a_folder() -> None:
    assert hub_folder("a-b/c") == "a-b--c" and hub_folder("a/b-c") == "a--b-c"
    assert hub_folder("a/b", "c/d") == "a--b--c--d" != hub_folder("a/b", "c-d")


def test_a_revision_of_the_cache_is_found_by_its_name_and_no_other_is(
    places: Path, tiny_model: Path, settings: Any
) -> None:
    settings.MODEL_HUB = False
    snapshot = laid_out(places, tiny_model)
    (snapshot.parent.parent / "refs" / "v1").write_text(COMMIT)
    (snapshot.parent.parent / "refs" / "main").unlink()
    assert hub_fetch("acme/tiny", lambda step, done, total: None, revision="v1") == "acme--tiny--v1"
    with pytest.raises(HubError, match="off"):
        fetch("acme/tiny")


def test_a_second_fetch_at_the_same_time_waits_and_then_says_why(
    places: Path, tiny_model: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    laid_out(places, tiny_model)
    monkeypatch.setattr(hub, "_PATIENCE", 0.6)
    steps: list[str] = []
    settings.MODEL_ROOT.mkdir()
    with (settings.MODEL_ROOT / ".hub.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(HubError, match="busy"):
            hub_fetch("acme/tiny", lambda step, done, total: steps.append(step))
    assert set(steps) == {"waiting"} and len(steps) > 1
    assert fetch("acme/tiny") == "acme--tiny"

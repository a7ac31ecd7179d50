"""A base model over the network, from a server of the test's own: how far it is, stopping it, and why it fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as product

from copystudio.errors import InvalidInputError
from generation.services.hub import WANTED, HubError, hub_fetch
from tests.generation.registry.hub_server import OLDER, HubServer, serving


@pytest.fixture
def hub(tmp_path: Path, tiny_model: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    settings.MODEL_ROOT, settings.MODEL_HUB = tmp_path / "models", True
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving(tiny_model) as (server, address):
        monkeypatch.setenv("HF_ENDPOINT", address)
        yield server


class Heard:
    """Everything that a fetch told."""

    def __init__(self) -> None:
        self.all: list[tuple[str, int, int]] = []
        self.some = threading.Event()  # set when a part is there

    def __call__(self, step: str, done: int, total: int) -> None:
        self.all.append((step, done, total))
        if done:
            self.some.set()


def root_of(settings: Any) -> list[str]:
    return sorted(path.name for path in settings.MODEL_ROOT.iterdir())


def test_it_comes_whole_and_says_how_far_it_is(hub: HubServer, tiny_model: Path, settings: Any) -> None:
    hub.files |= {"pytorch_model.bin": b"x" * 100, "modeling_tiny.py": b"print()"}
    heard = Heard()
    hub.half_way = lambda: heard.some.wait(20)
    assert hub_fetch("acme/tiny", heard) == "acme--tiny"
    folder = settings.MODEL_ROOT / "acme--tiny"
    for path in tiny_model.iterdir():
        assert (folder / path.name).read_bytes() == path.read_bytes()
    assert {path.name for path in folder.iterdir()} == {path.name for path in tiny_model.iterdir()}
    assert not any(path.endswith((".bin", ".py")) for path in hub.asked)
    total = sum(path.stat().st_size for path in tiny_model.iterdir())
    assert heard.all[0] == ("asking", 0, 0) and heard.all[-1] == ("checking", total, total)
    amounts = [done for step, done, all_of_it in heard.all if step == "downloading" and all_of_it == total]
    assert amounts == sorted(amounts) and any(0 < done < total for done in amounts)


class StoppedError(Exception):
    pass


def test_what_the_teller_raises_ends_the_process_at_once_and_leaves_nothing(hub: HubServer, settings: Any) -> None:
    hub.half_way = lambda: time.sleep(60)
    began = time.monotonic()

    def stop(step: str, done: int, total: int) -> None:
        if done:
            raise StoppedError

    with pytest.raises(StoppedError):
        hub_fetch("acme/tiny", stop)
    assert time.monotonic() - began < 30
    assert root_of(settings) == [".hub.lock"]


@pytest.mark.parametrize(("status", "code"), [(404, "not_found"), (503, "unreachable"), (500, "unreachable")])
def test_what_the_hub_refuses_has_a_reason(hub: HubServer, settings: Any, status: int, code: str) -> None:
    hub.status = status
    with pytest.raises(HubError) as caught:
        hub_fetch("acme/tiny", Heard())
    assert caught.value.code == code
    assert root_of(settings) == [".hub.lock"]


def test_a_model_that_the_disk_has_no_room_for_is_not_begun(hub: HubServer, settings: Any) -> None:
    hub.told_size = 2**60
    with pytest.raises(HubError) as caught:
        hub_fetch("acme/tiny", Heard())
    assert caught.value.code == "disk_full"
    assert not any("/resolve/" in path for path in hub.asked)


def test_a_model_that_asks_for_code_of_its_own_is_refused_after_it_came(hub: HubServer, settings: Any) -> None:
    hub.files["config.json"] = b'{"auto_map": {"AutoModel": "modeling.Evil"}}'
    with pytest.raises(HubError) as caught:
        hub_fetch("acme/tiny", Heard())
    assert caught.value.code == "unusable" and "asks for code of its own" in caught.value.detail
    assert root_of(settings) == [".hub.lock"]


@pytest.mark.parametrize(
    ("revision", "folder"),
    [
        ("v1", "acme--tiny--v1"),
        ("refs/pr/1", "acme--tiny--refs--pr--1"),
        (OLDER, f"acme--tiny--{OLDER}"),
    ],
)
def test_a_revision_comes_as_it_was_into_a_folder_of_its_own(
    hub: HubServer, settings: Any, revision: str, folder: str
) -> None:
    hub.revisions = ["v1", "refs/pr/1"]
    hub.older_files["added.json"] = b'{"of": "then"}'
    hub.files["added.json"] = b'{"of": "now"}'
    assert hub_fetch("acme/tiny", Heard(), revision=revision) == folder
    assert json.loads((settings.MODEL_ROOT / folder / "added.json").read_text()) == {"of": "then"}
    assert root_of(settings) == [".hub.lock", folder]


def test_a_revision_that_the_repository_lacks_has_its_own_reason(hub: HubServer, settings: Any) -> None:
    with pytest.raises(HubError) as caught:
        hub_fetch("acme/tiny", Heard(), revision="v9")
    assert (caught.value.code, caught.value.detail) == ("no_revision", "acme/tiny@v9")
    assert root_of(settings) == [".hub.lock"]


@pytest.mark.parametrize(
    "revision", ["../..", "a//b", "/a", "a/", "-x", ".x", "a--b", "a b", "main\n", "x" * 97, "a/../b"]
)
def test_a_hostile_revision_is_refused_before_anything_is_asked(hub: HubServer, settings: Any, revision: str) -> None:
    with pytest.raises(InvalidInputError, match="not valid"):
        hub_fetch("acme/tiny", Heard(), revision=revision)
    assert hub.asked == [] and not settings.MODEL_ROOT.exists()


def test_a_repository_without_safetensors_is_refused_before_anything_comes(hub: HubServer, settings: Any) -> None:
    hub.files["pytorch_model.bin"] = hub.files.pop("model.safetensors")
    with pytest.raises(HubError) as caught:
        hub_fetch("acme/tiny", Heard())
    assert (caught.value.code, caught.value.detail) == ("unusable", "acme/tiny: no safetensors file")
    assert not any("/resolve/" in path for path in hub.asked)
    assert root_of(settings) == [".hub.lock"]


def test_the_process_ends_with_whoever_started_it(hub: HubServer, tmp_path: Path) -> None:
    """The starter is killed while half of the weights are there; the download does not go on alone."""
    hub.half_way = lambda: time.sleep(60)
    (tmp_path / "into").mkdir()
    asked = {"name": "acme/tiny", "folder": str(tmp_path / "into"), "wanted": WANTED, "unwanted": []}
    program = (
        "import json, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-m', 'generation.engine.hub_download'], stdin=subprocess.PIPE)\n"
        f"child.stdin.write(json.dumps({asked!r}).encode() + b'\\n'); child.stdin.flush()\n"
        "print(child.pid, flush=True); time.sleep(60)\n"
    )
    starter = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=product.BASE_DIR)
    assert starter.stdout is not None
    pid = int(starter.stdout.readline())
    until = time.monotonic() + 30
    while not any("/resolve/" in path for path in hub.asked) and time.monotonic() < until:
        time.sleep(0.1)
    assert is_running(pid)
    starter.kill()
    starter.wait()
    while is_running(pid) and time.monotonic() < until:
        time.sleep(0.1)
    assert not is_running(pid)
    starter.stdout.close()


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False

"""Which encoder finds texts that say the same: the one that the settings name, else the bundled one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from generation.engine.encoder import BundledEncoder, FolderEncoder
from generation.engine.errors import ModelFolderError
from generation.services.encoder import encoder_open
from tests.generation.engine.test_encoder_folder import make_tiny_encoder
from tests.generation.registry.hub_server import serving


def test_without_a_name_it_is_the_bundled_one(settings: Any) -> None:
    assert settings.ENCODER_MODEL == ""
    assert isinstance(encoder_open(), BundledEncoder)


def test_a_folder_of_the_model_root_is_opened_by_its_name(settings: Any, tmp_path: Path) -> None:
    make_tiny_encoder(tmp_path / "e5")
    settings.MODEL_ROOT, settings.ENCODER_MODEL = tmp_path, "e5"
    encoder = encoder_open()
    assert isinstance(encoder, FolderEncoder)
    assert encoder.encode(["soft wool"]).shape == (1, 16)


@pytest.mark.parametrize("name", ["nowhere", "../outside"])
def test_a_folder_that_is_not_there_is_refused(settings: Any, tmp_path: Path, name: str) -> None:
    make_tiny_encoder(tmp_path / "outside")
    settings.MODEL_ROOT, settings.ENCODER_MODEL = tmp_path / "models", name
    with pytest.raises(ModelFolderError):
        encoder_open()


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("acme/e5", "acme--e5"),
        ("acme/e5@v1", "acme--e5--v1"),
        ("acme/e5@refs/pr/2", "acme--e5--refs--pr--2"),
    ],
)
def test_a_repository_is_opened_from_the_folder_that_it_was_fetched_into(
    settings: Any, tmp_path: Path, name: str, folder: str
) -> None:
    make_tiny_encoder(tmp_path / folder)
    settings.MODEL_ROOT, settings.ENCODER_MODEL = tmp_path, name
    encoder = encoder_open()
    assert isinstance(encoder, FolderEncoder) and encoder.model_id.startswith(f"{folder}/")


def test_a_folder_within_a_folder_is_still_a_folder(settings: Any, tmp_path: Path) -> None:
    make_tiny_encoder(tmp_path / "encoders" / "e5")
    settings.MODEL_ROOT, settings.ENCODER_MODEL = tmp_path, "encoders/e5"
    assert isinstance(encoder_open(), FolderEncoder)


def test_a_repository_that_was_not_fetched_is_not_fetched_now_but_names_the_command(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_tiny_encoder(tmp_path / "hub")
    settings.MODEL_ROOT, settings.MODEL_HUB, settings.ENCODER_MODEL = tmp_path / "models", True, "acme/tiny"
    with serving(tmp_path / "hub") as (hub, address):
        monkeypatch.setenv("HF_ENDPOINT", address)
        monkeypatch.setenv("HF_HUB_OFFLINE", "0")
        with pytest.raises(
            ModelFolderError, match=r"acme/tiny is not fetched yet\. .*manage\.py fetch_encoder.*MODEL_HUB=1"
        ):
            encoder_open()
        assert hub.asked == [] and not settings.MODEL_ROOT.exists()


@pytest.mark.parametrize(
    "name", ["acme/e5@", "acme/e5/onnx", "acme/e5@../..", "https://hub.example/acme/e5", "acme/ e5"]
)
def test_what_is_neither_a_folder_nor_a_repository_is_refused(settings: Any, tmp_path: Path, name: str) -> None:
    settings.MODEL_ROOT, settings.ENCODER_MODEL = tmp_path, name
    with pytest.raises(ModelFolderError, match="ENCODER_MODEL="):
        encoder_open()

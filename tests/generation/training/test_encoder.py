"""Which encoder finds texts that say the same: the one that the settings name, else the bundled one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from generation.engine.encoder import BundledEncoder, FolderEncoder
from generation.engine.errors import ModelFolderError
from generation.services.encoder import encoder_open
from tests.generation.engine.test_encoder_folder import make_tiny_encoder


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

"""The system checks of what generates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from generation import checks


def test_the_bundled_encoder_and_a_folder_that_is_there_are_sound(settings: Any, tmp_path: Path) -> None:
    settings.MODEL_ROOT = tmp_path
    (tmp_path / "e5").mkdir()
    (tmp_path / "acme--e5--v1").mkdir()
    for name in ("", "e5", "acme/e5@v1"):
        settings.ENCODER_MODEL = name
        assert checks.encoder_is_there(None) == []


@pytest.mark.parametrize("name", ["acme/e5", "acme/e5@v1"])
def test_an_encoder_that_was_not_fetched_is_a_warning_that_names_the_command(
    settings: Any, tmp_path: Path, name: str
) -> None:
    settings.MODEL_ROOT, settings.ENCODER_MODEL = tmp_path, name
    (found,) = checks.encoder_is_there(None)
    assert found.id == "copystudio.W002" and name in found.msg
    assert "manage.py fetch_encoder" in str(found.hint) and "MODEL_HUB=1" in str(found.hint)


def test_an_encoder_folder_that_is_not_there_is_a_warning_without_the_command(settings: Any, tmp_path: Path) -> None:
    settings.MODEL_ROOT, settings.ENCODER_MODEL = tmp_path, "e5"
    (found,) = checks.encoder_is_there(None)
    assert found.id == "copystudio.W002" and found.hint and "fetch_encoder" not in found.hint


def test_a_name_that_is_neither_is_a_warning_that_says_how_to_write_it(settings: Any, tmp_path: Path) -> None:
    settings.MODEL_ROOT, settings.ENCODER_MODEL = tmp_path, "acme/e5/onnx"
    (found,) = checks.encoder_is_there(None)
    assert found.id == "copystudio.W003" and "owner/name@revision" in str(found.hint)

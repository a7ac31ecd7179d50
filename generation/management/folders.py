"""Folders of MODEL_ROOT by the names that are typed after a command."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from generation.models.language_model import folder_name


def model_folder(name: str) -> Path:
    """The folder of that name in MODEL_ROOT, whether it is there or not. Raises CommandError for what is no plain name."""
    try:
        folder_name(name)
    except ValidationError as error:
        raise CommandError(f"{name!r} is no folder's name. {' '.join(error.messages)}") from error
    return Path(settings.MODEL_ROOT) / name

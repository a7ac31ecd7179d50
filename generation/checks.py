"""System checks of what generates; their ids go on with those of ``copystudio.checks``."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register

from generation.engine.errors import ModelFolderError
from generation.services.encoder import HOW_TO_FETCH, encoder_source


@register(Tags.compatibility)
def encoder_is_there(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    try:
        source = encoder_source()
    except ModelFolderError as error:
        return [
            Warning(
                str(error),
                hint="Set ENCODER_MODEL to a folder of MODEL_ROOT, to owner/name or owner/name@revision, or to nothing.",
                id="copystudio.W003",
            )
        ]
    if source is None or not source.is_missing:
        return []
    return [
        Warning(
            f"The sentence encoder {settings.ENCODER_MODEL} is not in {settings.MODEL_ROOT}.",
            hint=HOW_TO_FETCH if source.repository else "Put its folder there, or set ENCODER_MODEL to another.",
            id="copystudio.W002",
        )
    ]

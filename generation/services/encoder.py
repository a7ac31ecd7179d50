"""The sentence encoder that the settings name, else the bundled one."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from generation.engine.encoder import Encoder, open_encoder


def encoder_open() -> Encoder:
    """Raises ``ModelFolderError`` where ``settings.ENCODER_MODEL`` names a folder that may not be loaded."""
    if not settings.ENCODER_MODEL:
        return open_encoder()
    root = Path(settings.MODEL_ROOT)
    return open_encoder(root / settings.ENCODER_MODEL, root)

"""Telling the rest of the studio that a generation run ended."""

from __future__ import annotations

from django.conf import settings
from django.utils.module_loading import import_string

from generation.models import GenerationRun


def run_ended(run: GenerationRun) -> None:
    """Tell ``settings.GENERATION_ENDED``, in the transaction that ends the run, however it ended."""
    import_string(settings.GENERATION_ENDED)(run)

"""Model versions for tests: rows beside the workspace's active one, without files."""

from __future__ import annotations

from typing import Any

from generation.models import LanguageModel, ModelVersion
from generation.services.registry import next_number
from tests.people import Cast


def make_version(cast: Cast, **values: Any) -> ModelVersion:
    """A staged version over the starter model, of its base alone, or as ``values`` say."""
    data = {
        "workspace": cast.workspace,
        "language_model": LanguageModel.objects.filter(workspace=cast.workspace).earliest("pk"),
        "number": next_number(cast.workspace),
        "prompt_template": "few-shot-1",
    }
    return ModelVersion.objects.create(**{**data, **values})

"""What a new workspace gets: the starter model as its active version."""

from __future__ import annotations

from django.conf import settings

from copystudio.models import Workspace
from generation.models import LanguageModel, ModelVersion

PROMPT_TEMPLATE = "few-shot-1"


def workspace_setup(*, workspace: Workspace) -> None:
    model = LanguageModel.objects.create(
        workspace=workspace,
        name="Gemma 3 270M" if settings.STARTER_MODEL == "gemma-3-270m" else settings.STARTER_MODEL,
        folder=settings.STARTER_MODEL,
        licence="Gemma Terms of Use" if settings.STARTER_MODEL == "gemma-3-270m" else "",
        licence_url="https://ai.google.dev/gemma/terms" if settings.STARTER_MODEL == "gemma-3-270m" else "",
    )
    ModelVersion.objects.create(
        workspace=workspace,
        language_model=model,
        number=1,
        prompt_template=PROMPT_TEMPLATE,
        status=ModelVersion.Status.ACTIVE,
    )

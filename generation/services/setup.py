"""What a new workspace gets: the starter model, as it is and with the starter adapter, which writes."""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone

from copystudio.models import Workspace
from generation.engine import starter, starter_adapter
from generation.models import LanguageModel, ModelVersion

BASE_TEMPLATE = "few-shot-1"


def workspace_setup(*, workspace: Workspace) -> None:
    """The base alone is version 1, to go back to. The adapter over it is version 2 and writes; without it, or over
    another base than it was trained on, the base writes."""
    is_starter = starter.GEMMA.name == settings.STARTER_MODEL
    has_adapter = is_starter and starter_adapter.is_shipped()
    model = LanguageModel.objects.create(
        workspace=workspace,
        name="Gemma 3 270M" if is_starter else settings.STARTER_MODEL,
        folder=settings.STARTER_MODEL,
        licence=starter.LICENCE if is_starter else "",
        licence_url=starter.LICENCE_URL if is_starter else "",
    )
    status = ModelVersion.Status
    ModelVersion.objects.create(
        workspace=workspace,
        language_model=model,
        number=1,
        name=model.name,
        prompt_template=BASE_TEMPLATE,
        status=status.RETIRED if has_adapter else status.ACTIVE,
        promoted_at=timezone.now(),
    )
    if has_adapter:
        lineage = starter_adapter.shipped_lineage()
        ModelVersion.objects.create(
            workspace=workspace,
            language_model=model,
            number=2,
            name="Starter",
            prompt_template=lineage["template"],
            folder=starter_adapter.NAME,
            adapter_sha256=starter_adapter.shipped_sha256(),
            base_sha256=lineage["base_sha256"],
            lineage=lineage,
            status=status.ACTIVE,
            promoted_at=timezone.now(),
        )

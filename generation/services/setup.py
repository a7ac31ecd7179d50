"""What a new workspace gets: the starter model, as it is and with the starter adapter, which writes."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from copystudio.db import locked
from copystudio.models import Workspace
from copystudio.services.events import event_record
from generation.engine import starter, starter_adapter
from generation.models import LanguageModel, ModelVersion
from generation.services.registry import next_number

BASE_TEMPLATE = "few-shot-1"


def workspace_setup(*, workspace: Workspace) -> None:
    """The base alone is version 1, to go back to. The adapter over it is version 2 and writes; without it, or over
    another base than it was trained on, the base writes."""
    is_starter = starter.GEMMA.name == settings.STARTER_MODEL
    has_adapter = _has_adapter()
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
        ModelVersion.objects.create(
            workspace=workspace,
            language_model=model,
            number=2,
            status=status.ACTIVE,
            promoted_at=timezone.now(),
            **_shipped(),
        )


def starter_offer() -> int:
    """Stage the starter adapter of this release wherever its base is, and it was never before; what writes stays what it
    is until an admin promotes another. Returns in how many workspaces."""
    if not _has_adapter():
        return 0
    known = ModelVersion.objects.filter(workspace=OuterRef("pk"), adapter_sha256=starter_adapter.shipped_sha256())
    base = LanguageModel.objects.filter(workspace=OuterRef("pk"), folder=starter.GEMMA.name)
    rows = Workspace.objects.filter(Exists(base), ~Exists(known)).order_by("pk")
    return sum(_offer(pk) for pk in rows.values_list("pk", flat=True))


def _offer(pk: int) -> bool:
    with transaction.atomic():
        workspace = locked(Workspace, children=True, pk=pk)
        if ModelVersion.objects.filter(workspace=workspace, adapter_sha256=starter_adapter.shipped_sha256()).exists():
            return False
        version = ModelVersion.objects.create(
            workspace=workspace,
            language_model=LanguageModel.objects.get(workspace=workspace, folder=starter.GEMMA.name),
            number=next_number(workspace),
            **_shipped(),
        )
        event_record(actor=None, workspace=workspace, verb="modelversion.offer", target=version)
        return True


def _has_adapter() -> bool:
    return starter.GEMMA.name == settings.STARTER_MODEL and starter_adapter.is_shipped()


def _shipped() -> dict[str, Any]:
    """What a version of the shipped adapter has, whatever its number and status."""
    lineage = starter_adapter.shipped_lineage()
    return {
        "name": "Starter",
        "prompt_template": lineage["template"],
        "folder": starter_adapter.NAME,
        "adapter_sha256": starter_adapter.shipped_sha256(),
        "base_sha256": lineage["base_sha256"],
        "lineage": lineage,
    }

"""Starting a generation run."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from copystudio.access import require
from copystudio.db import OPEN_STATUSES, locked
from copystudio.errors import BusyError, InvalidInputError
from copystudio.models import Role, User, Workspace
from copystudio.services.events import event_record
from copystudio.services.jobs import job_ring
from generation.engine.config import SamplingConfig
from generation.models import Candidate, GenerationItem, GenerationRun, ModelVersion
from generation.services.blocks import blocks_create

MAX_TEXTS = 20_000


@dataclass(frozen=True)
class ItemRequest:
    """One prompt: the brief as ``CopyBrief.to_dict`` gives it, and how many texts are wanted.

    ``group`` is the place of the request that leads among those whose texts are read together, which follow each other.
    """

    payload: dict[str, Any]
    count: int
    group: int | None = None

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError("count must be at least 1")


def request_hash(*, version: ModelVersion, items: Sequence[ItemRequest]) -> str:
    """SHA-256 over everything that was asked for: equal requests have equal hashes.

    Texts that already ran are not asked for: adopting one while the run goes on does not make the next press another run.
    """
    asked = [
        [{key: value for key, value in item.payload.items() if key not in ("ran", "taken")}, item.count]
        for item in items
    ]
    body = [version.pk, version.prompt_template, asked]
    return hashlib.sha256(json.dumps(body, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def model_version_active(workspace: Workspace) -> ModelVersion:
    """The version that writes now. Raises BusyError where there is none."""
    version = ModelVersion.objects.select_related("language_model").filter(workspace=workspace, status="active").first()
    if version is None:
        raise BusyError(_("No language model is active in this workspace. Ask an admin to set one up."))
    return version


def run_create(
    *,
    actor: User,
    workspace: Workspace,
    label: str,
    items: Sequence[ItemRequest],
    version: ModelVersion | None = None,
    idempotency_key: str | None = None,
    sampling: SamplingConfig | None = None,
    parent: Candidate | None = None,
    tweak: str = "",
) -> tuple[GenerationRun, bool]:
    """Queue a run. Returns it and whether it is new: pressing twice, at the same time too, starts one run.

    ``version`` writes, the active one for None. ``parent`` is the candidate that the run was asked for from, ``tweak`` what
    is to be different. Raises BusyError where there is no version, its files were deleted, or an
    equal run is being cancelled.
    """
    if not items:
        raise InvalidInputError(_("Nothing to write: no product, segment and channel fit together."))
    total = sum(item.count for item in items)
    if total > MAX_TEXTS:
        raise InvalidInputError(
            _("%(total)d texts in one run are too many: at most %(most)d.") % {"total": total, "most": MAX_TEXTS}
        )
    chosen, version = version, version or model_version_active(workspace)
    fingerprint = request_hash(version=version, items=items)
    try:
        with transaction.atomic():
            require(actor=actor, workspace=workspace, role=Role.COPYWRITER)
            if chosen is not None:
                version_keep(chosen, workspace)
            run = GenerationRun.objects.create(
                workspace=workspace,
                created_by=actor,
                model_version=version,
                label=label[:200],
                seed=secrets.randbits(48),
                sampling=drawing(sampling or SamplingConfig()),
                parent=parent,
                tweak=tweak,
                request_hash=fingerprint,
                idempotency_key=idempotency_key,
                total=total,
            )
            rows = [
                GenerationItem(
                    workspace=workspace,
                    run=run,
                    position=n,
                    payload=item.payload,
                    requested=item.count,
                    group=item.group,
                )
                for n, item in enumerate(items)
            ]
            blocks_create(run=run, items=rows)
            GenerationItem.objects.bulk_create(rows)
            event_record(
                actor=actor,
                workspace=workspace,
                verb="run.create",
                target=run,
                data={"texts": total, "items": len(items)},
            )
            job_ring(run)
            return run, True
    except IntegrityError as error:
        if "generation_run_open_once" not in str(error):
            raise
        existing = GenerationRun.objects.filter(
            workspace=workspace, request_hash=fingerprint, status__in=OPEN_STATUSES
        ).first()
        if existing is None:  # it ended between the two statements: simply press again
            raise BusyError from None
        if existing.cancel_requested_at is not None:
            raise BusyError(
                _("An equal run is being cancelled. Try again when it has stopped, in a minute at most.")
            ) from None
        return existing, False


def drawing(sampling: SamplingConfig) -> dict[str, float]:
    """What is kept of the settings with the run; seed and batch size belong to item and machine."""
    return {name: value for name, value in sampling.to_dict().items() if name not in ("seed", "batch_size")}


def drawn(run: GenerationRun, batch_size: int) -> SamplingConfig:
    """The settings with which the run's outputs are drawn. A run from before there was arithmetic sampling goes on without."""
    return SamplingConfig.from_dict({"arithmetic": False, **run.sampling, "batch_size": batch_size})


def version_keep(version: ModelVersion, workspace: Workspace) -> None:
    """Lock the version until the run stands: who deletes it waits, and then finds the run. Raises BusyError where its files
    were deleted."""
    current = locked(ModelVersion, children=True, pk=version.pk)
    if current.workspace_id != workspace.pk:
        raise ValueError("a version of another workspace")
    if current.status == ModelVersion.Status.DELETED:
        raise BusyError(_("The files of this version were deleted."))

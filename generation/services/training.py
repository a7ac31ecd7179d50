"""Starting, cancelling and resuming training runs."""

from __future__ import annotations

import math
import secrets
from dataclasses import replace
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from copystudio.access import require
from copystudio.db import OPEN_STATUSES, JobStatus
from copystudio.errors import ConflictError, InvalidInputError, TransitionError
from copystudio.models import Role, User, Workspace
from copystudio.services.events import event_record
from copystudio.services.jobs import job_cancel, job_resume, job_ring
from generation.engine.adapters import AdapterShape, adapter_shape, fits_base
from generation.engine.errors import ModelFolderError
from generation.engine.training.config import TrainConfig
from generation.engine.training.dataset import is_held_out
from generation.models import LanguageModel, ModelVersion, TrainingRun
from generation.models.training import ATTEMPTS
from generation.services.lineage import base_sha256, has_its_base
from generation.services.snapshot import RawData, data_collect, data_scopes

TEMPLATE = "brief-1"
LEAST_EXAMPLES = 8


def training_start(
    *,
    actor: User | None,
    workspace: Workspace,
    label: str,
    language_model: LanguageModel,
    config: TrainConfig,
    parent: ModelVersion | None = None,
    since: datetime | None = None,
    with_corpus: bool = True,
    scope: str = "",
    is_scheduled: bool = False,
) -> tuple[TrainingRun, bool]:
    """Queue a training run. Returns it and whether it is new: pressing twice, at the same time too, starts one.

    ``actor`` is None only for the schedule; ``scope`` keeps to a part of the workspace's data, see ``data_scopes``. Raises
    InvalidInputError where there is too little to learn from, nothing that the last equal run has not learned already, no
    such scope, or a ``parent`` of another shape than ``config`` trains; ConflictError while another run of the workspace
    is open.
    """
    if actor is not None:
        require(actor=actor, workspace=workspace, role=Role.ADMIN)
    if language_model.workspace_id != workspace.pk:
        raise InvalidInputError(fields={"language_model": [_("This base model belongs to another workspace.")]})
    if scope and scope not in dict(data_scopes(workspace)):
        raise InvalidInputError(fields={"scope": [_("There are no data of this name in this workspace.")]})
    _check_parent(language_model, parent, config)
    until = timezone.now()
    if since is not None and since >= until:
        raise InvalidInputError(fields={"since": [_("The window begins in the future.")]})
    raw = data_collect(workspace=workspace, since=since, until=until, with_corpus=with_corpus, scope=scope)
    if scope and not raw.new:
        raise InvalidInputError(
            fields={"scope": [_("Nothing of this was approved, edited or sent back in this window.")]}
        )
    base, digest = base_sha256(language_model.path), raw.sha256  # seconds of work, before the transaction
    try:
        with transaction.atomic():
            if actor is not None:
                require(actor=actor, workspace=workspace, role=Role.ADMIN)
            _check_data(
                raw, workspace=workspace, language_model=language_model, base=base, config=config, parent=parent
            )
            run = TrainingRun.objects.create(
                workspace=workspace,
                created_by=actor,
                language_model=language_model,
                parent=parent,
                label=label.strip()[:120] or timezone.localtime(until).strftime("%Y-%m-%d %H:%M"),
                config=replace(config, seed=config.seed or secrets.randbits(32)).to_dict(),
                template=TEMPLATE,
                with_corpus=with_corpus,
                scope=scope,
                since=since,
                until=until,
                is_scheduled=is_scheduled,
                data_sha256=digest,
                data_counts=raw.counts,
                excluded=raw.excluded,
                max_attempts=ATTEMPTS,
            )
            event_record(
                actor=actor, workspace=workspace, verb="trainingrun.create", target=run, data={"data": raw.counts}
            )
            job_ring(run)
            return run, True
    except IntegrityError as error:
        if "generation_training_one_open" not in str(error):
            raise
        existing = TrainingRun.objects.filter(workspace=workspace, status__in=OPEN_STATUSES).first()
        if existing is not None and existing.data_sha256 == digest and _same_wish(existing, config, parent):
            return existing, False
        raise ConflictError(_("A training run of this workspace is open. Wait for it, or cancel it.")) from None


def training_cancel(*, actor: User, run: TrainingRun) -> TrainingRun:
    """Stop after the step that is being worked on; the last checkpoint stays."""
    return job_cancel(actor=actor, job=run, role=Role.ADMIN)


def training_resume(*, actor: User, run: TrainingRun) -> TrainingRun:
    """Go on from the last checkpoint of a run that was cancelled or failed. ConflictError while another one is open."""
    try:
        with transaction.atomic():
            return job_resume(actor=actor, job=run, role=Role.ADMIN)
    except IntegrityError as error:
        if "generation_training_one_open" not in str(error):
            raise
        raise ConflictError(_("A training run of this workspace is open. Wait for it, or cancel it.")) from None


def _check_parent(language_model: LanguageModel, parent: ModelVersion | None, config: TrainConfig) -> None:
    if parent is None:
        return
    if parent.workspace_id != language_model.workspace_id or parent.language_model_id != language_model.pk:
        raise InvalidInputError(fields={"parent": [_("This version belongs to another base model.")]})
    if parent.status == ModelVersion.Status.DELETED:
        raise TransitionError(_("The files of this version were deleted."))
    folder = parent.adapter_path
    if folder is None:
        raise InvalidInputError(fields={"parent": [_("This version has no adapter to go on from.")]})
    try:
        shape = adapter_shape(folder)
        fits, has_base = fits_base(shape.targets, language_model.path), has_its_base(parent)
    except (ModelFolderError, OSError) as error:
        raise InvalidInputError(
            fields={"parent": [_("The adapter of this version cannot be read: %(detail)s") % {"detail": error}]}
        ) from error
    _check_shape(shape, config)
    if not has_base:
        raise InvalidInputError(
            fields={"parent": [_("The base model was replaced since this version was trained over it.")]}
        )
    if not fits:
        raise InvalidInputError(
            fields={
                "parent": [_("The adapter of this version is put on other layers than a training of this base has.")]
            }
        )


def _check_shape(shape: AdapterShape, config: TrainConfig) -> None:
    """What goes on from an adapter has its rank and its scale: with others it would begin as another model."""
    if shape.rank != config.rank:
        raise InvalidInputError(fields={"rank": [_("This version has rank %(rank)d.") % {"rank": shape.rank}]})
    if not math.isclose(shape.alpha, config.alpha):
        raise InvalidInputError(
            fields={
                "parent": [
                    _("The adapter of this version has alpha %(own)g; these settings have %(wished)g.")
                    % {"own": shape.alpha, "wished": config.alpha}
                ]
            }
        )


def _check_data(
    raw: RawData,
    *,
    workspace: Workspace,
    language_model: LanguageModel,
    base: str,
    config: TrainConfig,
    parent: ModelVersion | None,
) -> None:
    if len(raw.examples) < LEAST_EXAMPLES:
        raise InvalidInputError(
            _("There are %(count)d examples in this window; training needs at least %(least)d. Approve more copy, widen the window, or take the starter corpus.")
            % {"count": len(raw.examples), "least": LEAST_EXAMPLES}
        )  # fmt: skip
    if len({is_held_out(one.product) for one in raw.examples}) < 2:
        raise InvalidInputError(
            _("One product in eight is kept for measuring, and this window has no products on both sides. Widen the window, or take the starter corpus.")
        )  # fmt: skip
    earlier = TrainingRun.objects.filter(
        workspace=workspace,
        status=JobStatus.SUCCEEDED,
        language_model=language_model,
        base_sha256=base,
        data_sha256=raw.sha256,
        version__isnull=False,
    ).exclude(version__status=ModelVersion.Status.DELETED)
    for run in earlier.select_related("version"):
        if _same_wish(run, config, parent):
            raise InvalidInputError(
                _("Nothing is new since training “%(label)s”: the same data, base and settings would give the same version again. Approve or change some copy first, or choose other settings.")
                % {"label": run.label},
                code="nothing_new",
            )  # fmt: skip


def _same_wish(run: TrainingRun, config: TrainConfig, parent: ModelVersion | None) -> bool:
    """Whether the run asks for the same; a seed that was not chosen does not make it another wish."""
    asked = {**config.to_dict(), "seed": config.seed or run.config["seed"]}
    return run.config == asked and run.parent_id == (parent.pk if parent else None)

"""Which version writes: promote, roll back, retire, delete; and which base models there are."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Max, Q
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from copystudio.access import require
from copystudio.db import OPEN_STATUSES, JobStatus, locked
from copystudio.errors import ConflictError, InvalidInputError, Text, TransitionError
from copystudio.models import Role, User, Workspace
from copystudio.services.events import event_record
from generation.engine.adapters import check_adapter
from generation.engine.errors import ModelFolderError
from generation.engine.folders import ModelSummary, check_folder, summary
from generation.models import Evaluation, LanguageModel, ModelVersion, TrainingRun
from generation.models.language_model import folder_name
from generation.models.model_version import TRANSITIONS
from generation.services.export import export_queue
from generation.services.lineage import base_sha256, has_its_base
from generation.services.version_files import version_folders

BASE_TEMPLATE = "few-shot-1"


def model_version_promote(*, actor: User, version: ModelVersion, reason: str = "") -> ModelVersion:
    """Let the version write from now on; the one that did is retired. Runs that have begun keep theirs.

    A version that did not pass its gates, or was never measured against the one that writes now, needs a reason, which is
    kept with the change. Raises InvalidInputError without one or with broken files, TransitionError in the wrong state.
    """
    _allowed("promote", actor=actor, version=version)
    _check_files(version)
    with transaction.atomic():
        current = _locked_for("promote", actor=actor, version=version)
        passed = _passed(current)
        if passed is not True and not reason.strip():
            raise InvalidInputError(
                fields={"reason": [_why_not(current, passed), _("To let it write all the same, say why.")]},
                code="gates",
            )
        _activate(current)
        export_queue(version=current, actor=actor)
        event_record(
            actor=actor,
            workspace=current.workspace,
            verb="modelversion.promote",
            target=current,
            data={"passed": passed, "reason": reason.strip()[:500]},
        )
        return current


def model_version_roll_back(*, actor: User, workspace: Workspace, leaving: ModelVersion | None = None) -> ModelVersion:
    """Let the version write again that did before the present one. It was promoted once, so nothing is asked again.

    The version that is left is no former one from then on: rolling back twice never brings it back, promoting does.
    ``leaving`` is the one that the person saw writing: pressing twice goes back once. Raises TransitionError where there is
    no former version or somebody was faster.
    """
    require(actor=actor, workspace=workspace, role=Role.ADMIN)
    former = former_version(workspace)
    if former is None:
        raise TransitionError(_("There is no former version to go back to."))
    _check_files(former)
    with transaction.atomic():
        current = _locked_for("promote", actor=actor, version=former)
        left = ModelVersion.objects.filter(workspace=workspace, status=ModelVersion.Status.ACTIVE)
        if former_version(workspace) != current or (leaving is not None and not left.filter(pk=leaving.pk).exists()):
            raise TransitionError(
                _("Which version writes has changed in the meantime. Look again before you roll back.")
            )
        for one in left:
            event_record(actor=actor, workspace=workspace, verb="modelversion.leave", target=one)
        left.update(promoted_at=None)
        _activate(current)
        export_queue(version=current, actor=actor)
        event_record(actor=actor, workspace=workspace, verb="modelversion.roll_back", target=current)
        return current


def former_version(workspace: Workspace) -> ModelVersion | None:
    """The version that a roll-back makes active again: of those that wrote before, the one promoted last."""
    retired = ModelVersion.objects.filter(workspace=workspace, status=ModelVersion.Status.RETIRED)
    return retired.filter(promoted_at__isnull=False).order_by("-promoted_at").first()


def model_version_retire(*, actor: User, version: ModelVersion) -> ModelVersion:
    """Take a staged version out of use. The active one goes only when another takes its place."""
    with transaction.atomic():
        current = _locked_for("retire", actor=actor, version=version)
        if current.status == ModelVersion.Status.ACTIVE:
            raise TransitionError(_("Promote another version first: without an active one nothing is written."))
        _set(current, ModelVersion.Status.RETIRED)
        event_record(actor=actor, workspace=current.workspace, verb="modelversion.retire", target=current)
        return current


def model_version_delete(*, actor: User, version: ModelVersion) -> ModelVersion:
    """Delete the version's files and what its training learned from. Its row stays, because copy says which version wrote it."""
    with transaction.atomic():
        current = _locked_for("delete", actor=actor, version=version)
        if _in_use(current):
            raise ConflictError(_("A run that is open uses this version."))
        if kept := import_string(settings.MODEL_VERSION_KEPT)(version=current):
            raise ConflictError(kept)
        folders = version_folders(current)
        _set(current, ModelVersion.Status.DELETED)
        event_record(actor=actor, workspace=current.workspace, verb="modelversion.delete", target=current)
        for folder in folders:
            transaction.on_commit(partial(shutil.rmtree, folder, ignore_errors=True))
        return current


def language_model_add(
    *, actor: User, workspace: Workspace, name: str, folder: str, licence: str = "", licence_url: str = ""
) -> LanguageModel:
    """Register a base model that lies in MODEL_ROOT, with a first version that writes from samples alone.

    Raises InvalidInputError where the folder holds no model that may be loaded, or is registered already.
    """
    require(actor=actor, workspace=workspace, role=Role.ADMIN)
    language_model_look(folder)
    base = base_sha256(Path(settings.MODEL_ROOT) / folder)
    with transaction.atomic():
        locked(Workspace, children=True, pk=workspace.pk)  # one number for one version
        require(actor=actor, workspace=workspace, role=Role.ADMIN)
        return language_model_create(
            actor=actor,
            workspace=workspace,
            name=name.strip()[:120] or folder.strip()[:120],
            folder=folder,
            licence=licence.strip()[:120],
            licence_url=licence_url,
            base_sha256=base,
        )


def language_model_create(
    *,
    actor: User | None,
    workspace: Workspace,
    name: str,
    folder: str,
    licence: str,
    licence_url: str,
    base_sha256: str,
) -> LanguageModel:
    """The base model and its first version, in the caller's transaction, which has locked the workspace; before it the caller
    looked into the folder and read what it is. Raises InvalidInputError where the folder is registered already."""
    try:
        with transaction.atomic():
            model = LanguageModel.objects.create(
                workspace=workspace, name=name, folder=folder, licence=licence, licence_url=licence_url
            )
    except IntegrityError as error:
        if "generation_languagemodel_folder" not in str(error):
            raise
        raise InvalidInputError(fields={"folder": [_("This folder is registered already.")]}) from None
    ModelVersion.objects.create(
        workspace=workspace,
        language_model=model,
        number=next_number(workspace),
        name=model.name,
        prompt_template=BASE_TEMPLATE,
        base_sha256=base_sha256,
        created_by=actor,
    )
    event_record(actor=actor, workspace=workspace, verb="languagemodel.add", target=model)
    return model


def language_model_look(folder: str) -> ModelSummary:
    """Architecture and size of the model in a folder of MODEL_ROOT, without loading it. InvalidInputError if unusable."""
    try:
        folder_name(folder)
        root = Path(settings.MODEL_ROOT)
        return summary(root / folder, root)
    except ModelFolderError as error:
        raise InvalidInputError(fields={"folder": [str(error)]}) from error
    except OSError as error:
        raise InvalidInputError(fields={"folder": [_("The folder cannot be read.")]}) from error
    except ValidationError as error:
        raise InvalidInputError(fields={"folder": list(error.messages)}) from error


def next_number(workspace: Workspace) -> int:
    """The number of the workspace's next version; call it in the transaction that makes one."""
    found = ModelVersion.objects.filter(workspace=workspace).aggregate(last=Max("number"))["last"]
    return int(found or 0) + 1


def _locked_for(verb: str, *, actor: User, version: ModelVersion) -> ModelVersion:
    """The version, locked after its workspace, so that two changes of what is active come one after the other."""
    locked(Workspace, children=True, pk=version.workspace_id)
    current = locked(ModelVersion, pk=version.pk)
    _allowed(verb, actor=actor, version=current)
    return current


def _allowed(verb: str, *, actor: User, version: ModelVersion) -> None:
    require(actor=actor, workspace=version.workspace, role=Role.ADMIN)
    if version.status not in TRANSITIONS[verb][0]:
        raise TransitionError


def _in_use(version: ModelVersion) -> bool:
    """Whether an open run writes, goes on from or measures with the version's files."""
    evaluations = Evaluation.objects.filter(Q(version=version) | Q(against=version))
    trainings = TrainingRun.objects.filter(parent=version)
    return any(jobs.filter(status__in=OPEN_STATUSES).exists() for jobs in (version.runs, trainings, evaluations))


def _activate(version: ModelVersion) -> None:
    ModelVersion.objects.filter(workspace_id=version.workspace_id, status=ModelVersion.Status.ACTIVE).update(
        status=ModelVersion.Status.RETIRED
    )
    ModelVersion.objects.filter(pk=version.pk).update(status=ModelVersion.Status.ACTIVE, promoted_at=timezone.now())
    version.refresh_from_db()


def _set(version: ModelVersion, status: str) -> None:
    ModelVersion.objects.filter(pk=version.pk).update(status=status)
    version.refresh_from_db()


def _passed(version: ModelVersion) -> bool | None:
    """Whether the newest finished evaluation passed; None where there is none, or where it compared the version with
    another than the one that writes now."""
    newest = _newest_measured(version)
    active = ModelVersion.objects.filter(workspace_id=version.workspace_id, status=ModelVersion.Status.ACTIVE).first()
    if newest is None or newest.against_id != (active.pk if active else None):
        return None
    return newest.passed is True


def _newest_measured(version: ModelVersion) -> Evaluation | None:
    return Evaluation.objects.filter(version=version, status=JobStatus.SUCCEEDED).order_by("-id").first()


def _why_not(version: ModelVersion, passed: bool | None) -> Text:
    if passed is False:
        return _("It did not pass every gate.")
    if _newest_measured(version) is None:
        return _("It was never measured.")
    return _("It was never measured against the version that writes now.")


def _check_files(version: ModelVersion) -> None:
    """Read the adapter's files, if there is one, and, unless it is known already, the base under it, before anything is locked: some two
    seconds a gigabyte."""
    folder, root = version.adapter_path, Path(settings.MODEL_ROOT)
    if folder is None and not version.base_sha256:  # of a base alone that nobody noted
        return
    try:
        check_folder(version.language_model.path, root)
        if folder is not None:
            check_adapter(folder, root, sha256=version.adapter_sha256)
    except ModelFolderError as error:
        raise InvalidInputError(
            _("The files of this version are not as they were written: %(detail)s") % {"detail": error}
        ) from error
    if not has_its_base(version):
        raise InvalidInputError(
            _("The base model in %(folder)s was replaced since this version was made over it. Put the former files back, or make a new version.")
            % {"folder": version.language_model.folder}
        )  # fmt: skip

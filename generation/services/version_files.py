"""What versions and trainings have on the disk, to be deleted with them."""

from __future__ import annotations

from pathlib import Path

from django.db.models import QuerySet

from copystudio.models import Workspace
from generation.engine import starter_adapter
from generation.models import ModelVersion, TrainingRun
from generation.services.export import export_of
from generation.services.run_folder import run_folder


def version_folders(version: ModelVersion) -> list[Path]:
    """The adapter, its copy for another engine and what its training froze and noted. Not what another version has too, and
    never the shipped adapter: the next new workspace writes with it."""
    folders = [run_folder(run) for run in TrainingRun.objects.filter(version=version)]
    if not _others_with(version).exists():
        copy, _why = export_of(version)
        shipped = version.folder == starter_adapter.NAME
        folders += [folder for folder in (None if shipped else version.adapter_path, copy) if folder is not None]
    return folders


def _others_with(version: ModelVersion) -> QuerySet[ModelVersion]:
    others = ModelVersion.objects.filter(folder=version.folder).exclude(pk=version.pk)
    return others.exclude(status=ModelVersion.Status.DELETED)


def workspace_folders(*, workspace: Workspace) -> list[Path]:
    """Of all its versions and trainings, those that came to nothing among them. The base models stay."""
    versions = ModelVersion.objects.filter(workspace=workspace).exclude(folder="")
    trainings = TrainingRun.objects.filter(workspace=workspace)
    found = [folder for version in versions for folder in version_folders(version)]
    return list(dict.fromkeys([*found, *map(run_folder, trainings)]))

"""Reading service dialogues."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Max, Min, QuerySet
from django.http import Http404

from campaigns.models import ServiceDialogue
from copystudio.models import Workspace

MOST_FILES = 50


@dataclass(frozen=True)
class DialogueFile:
    """The dialogues of one file name; ``pk`` is that of any one of them, by which the file can be deleted."""

    name: str
    rows: int
    pk: int
    last: dt.datetime


def dialogues(workspace: Workspace) -> QuerySet[ServiceDialogue]:
    return ServiceDialogue.objects.filter(workspace=workspace).select_related("product", "workspace")


def dialogue_get_for(*, workspace: Workspace, pk: int) -> ServiceDialogue:
    dialogue = dialogues(workspace).filter(pk=pk).first()
    if dialogue is None:
        raise Http404
    return dialogue


def dialogue_files(workspace: Workspace) -> list[DialogueFile]:
    """The files that dialogues came from, the newest first."""
    rows = (
        ServiceDialogue.objects.filter(workspace=workspace)
        .order_by()
        .values("file_name")
        .annotate(rows=Count("pk"), pk_any=Min("pk"), last=Max("created_at"))
        .order_by("-last", "file_name")
    )
    return [DialogueFile(row["file_name"], row["rows"], row["pk_any"], row["last"]) for row in rows[:MOST_FILES]]

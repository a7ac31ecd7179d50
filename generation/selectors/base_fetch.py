"""Reading the fetches of base models: which there are, what one waits for, and why it failed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from copystudio.db import OPEN_STATUSES, JobStatus
from copystudio.errors import Text
from copystudio.models import Workspace
from generation.engine.hub_download import DISK_FULL, NOT_FOUND, UNREACHABLE
from generation.models import BaseFetch
from generation.selectors.registry_words import folder_problem
from generation.services.base_fetch import REGISTERED, UNEXPECTED
from generation.services.hub import BUSY, OFF, UNUSABLE

LONG_WAIT = timedelta(seconds=60)
RECENT = 5

STEPS: dict[str, Text] = {
    "waiting": _("Another model is being fetched; this one is next."),
    "asking": _("The hub is asked what there is."),
    "downloading": _("It is being downloaded."),
    "copying": _("It is being copied out of this machine's cache."),
    "checking": _("What came is being looked through."),
}
# what stopped it, and what the person can do
ERRORS: dict[str, tuple[Text, Text]] = {
    NOT_FOUND: (
        _("The hub shows no such model here."),
        _("Look at the spelling. If its terms have to be accepted first, set HF_TOKEN to a token of somebody who did."),
    ),
    UNREACHABLE: (
        _("The hub cannot be reached."),
        _("Try again, or put the model's folder into MODEL_ROOT."),
    ),
    OFF: (
        _("Fetching from the hub is off, and the model is not in the local Hugging Face cache."),
        _("Put the model's folder into MODEL_ROOT, or set MODEL_HUB=1."),
    ),
    BUSY: (_("Another model is being fetched now."), _("Try again when it is there.")),
    DISK_FULL: (_("The disk has no room for it."), _("Make room where MODEL_ROOT lies, then try again.")),
    UNUSABLE: (_("What came cannot be used as a base model."), _("Nothing of it was kept. Choose another model.")),
    REGISTERED: (_("This model is registered already."), _("It stands among the base models.")),
    "attempts": (
        _("The worker was lost each time it was tried."),
        _("Ask whoever runs the studio to look at the worker's log, then try again."),
    ),
    UNEXPECTED: (
        _("Something unexpected happened."),
        _("Try again. If it comes back, show the details to whoever runs the studio."),
    ),
}


def fetches(workspace: Workspace) -> QuerySet[BaseFetch]:
    """Newest first."""
    return (
        BaseFetch.objects.filter(workspace=workspace)
        .select_related("workspace", "created_by", "language_model")
        .order_by("-id")
    )


def fetches_recent(workspace: Workspace) -> list[BaseFetch]:
    return list(fetches(workspace)[:RECENT])


def fetches_open(workspace: Workspace) -> list[BaseFetch]:
    return list(fetches(workspace).filter(status__in=OPEN_STATUSES))


def fetch_get_for(*, workspace: Workspace, pk: int) -> BaseFetch:
    """The fetch; Http404 where there is none of that number in this workspace."""
    found = fetches(workspace).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@dataclass(frozen=True)
class FetchState:
    """What an open fetch does or waits for, and why a failed one failed. Times are the web server's, and only shown."""

    step: str
    waits_long: bool
    stalled: bool
    problem: str = ""
    advice: str = ""
    detail: str = ""


def fetch_state(fetch: BaseFetch, *, now: datetime | None = None) -> FetchState:
    now = now or timezone.now()
    problem, advice = ("", "")
    detail = str(fetch.error_params.get("detail", ""))
    if fetch.status == JobStatus.FAILED:
        problem, advice = map(str, ERRORS.get(fetch.error_code, ERRORS[UNEXPECTED]))
    return FetchState(
        step=str(STEPS.get(fetch.step, "")),
        waits_long=fetch.status == JobStatus.QUEUED and now - fetch.updated_at > LONG_WAIT,
        stalled=fetch.status == JobStatus.RUNNING and fetch.lease_until is not None and fetch.lease_until < now,
        problem=problem,
        advice=advice,
        detail=folder_problem(detail) if fetch.error_code == UNUSABLE else detail,
    )

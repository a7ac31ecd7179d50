"""Fetching a base model from the hub: queued from the page, worked by the default worker, which computes nothing."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from copystudio.access import require
from copystudio.db import OPEN_STATUSES, JobStatus, locked
from copystudio.errors import ConflictError, InvalidInputError
from copystudio.models import Role, User, Workspace
from copystudio.services.events import event_record
from copystudio.services.jobs import (
    JobCancelledError,
    JobKeeper,
    LeaseLostError,
    job_cancel,
    job_claim,
    job_end,
    job_kept,
    job_progress,
    job_resume,
    job_ring,
    job_still_mine,
)
from copystudio.services.notification import notify
from generation.models import BaseFetch, LanguageModel
from generation.services.hub import HubError, Tell, hub_check, hub_fetch, refused
from generation.services.lineage import base_sha256
from generation.services.registry import language_model_create

REGISTERED, UNEXPECTED = "registered", "unexpected"
_EVERY = 1.0  # seconds between two writings of how far it is
log = logging.getLogger(__name__)


def base_fetch_start(
    *, actor: User, workspace: Workspace, hub_name: str, name: str, licence: str, licence_url: str = ""
) -> tuple[BaseFetch, bool]:
    """Queue the fetching of ``owner/name`` and its registration as a base model. Returns the job and whether it is new:
    pressing twice starts one.

    Raises InvalidInputError (field ``folder``) for what is no such name, cannot be fetched here, or is registered.
    """
    require(actor=actor, workspace=workspace, role=Role.ADMIN)
    folder, hub_name = hub_check(hub_name), hub_name.strip()
    try:
        with transaction.atomic():
            require(actor=actor, workspace=workspace, role=Role.ADMIN)
            if LanguageModel.objects.filter(workspace=workspace, folder=folder).exists():
                raise refused(_("This model is registered already."))
            fetch = BaseFetch.objects.create(
                workspace=workspace,
                created_by=actor,
                hub_name=hub_name,
                name=name.strip()[:120] or hub_name,
                licence=licence.strip()[:120],
                licence_url=licence_url,
            )
            event_record(
                actor=actor, workspace=workspace, verb="basefetch.create", target=fetch, data={"hub_name": hub_name}
            )
            job_ring(fetch)
            return fetch, True
    except IntegrityError as error:
        if "generation_basefetch_open_once" not in str(error):
            raise
        return BaseFetch.objects.get(workspace=workspace, hub_name=hub_name, status__in=OPEN_STATUSES), False


def base_fetch_cancel(*, actor: User, fetch: BaseFetch) -> BaseFetch:
    """Stop it; nothing of what was fetched stays."""
    return job_cancel(actor=actor, job=fetch, role=Role.ADMIN)


def base_fetch_resume(*, actor: User, fetch: BaseFetch) -> BaseFetch:
    """Begin again with what failed or was cancelled. ConflictError while the same model is being fetched."""
    try:
        return job_resume(actor=actor, job=fetch, role=Role.ADMIN)
    except IntegrityError as error:
        if "generation_basefetch_open_once" not in str(error):
            raise
        raise ConflictError(_("This model is being fetched already.")) from None


def base_fetch_execute(*, fetch_id: int) -> None:
    """Fetch and register. Safe to call twice: whoever holds the lease works; a killed worker's part is begun anew."""
    fetch = job_claim(BaseFetch, fetch_id)
    if fetch is None:
        return
    try:
        with job_kept(fetch) as keeper:
            folder = hub_fetch(fetch.hub_name, _teller(fetch, keeper))
            _register(fetch, folder, base_sha256(Path(settings.MODEL_ROOT) / folder))
    except JobCancelledError:
        _end(fetch, JobStatus.CANCELLED)
    except LeaseLostError:
        log.warning("fetch %s was taken over by another worker", fetch.pk)
    except (OperationalError, InterfaceError):
        raise  # the database is away: the lease runs out, and the fetch is taken up again
    except HubError as error:
        _end(fetch, JobStatus.FAILED, error.code, error.detail)
    except InvalidInputError:
        _end(fetch, JobStatus.FAILED, REGISTERED)
    except Exception as error:
        log.exception("fetch %s failed", fetch.pk)
        _end(fetch, JobStatus.FAILED, UNEXPECTED, f"{type(error).__name__}: {error}")


def _teller(fetch: BaseFetch, keeper: JobKeeper) -> Tell:
    """Asks each time whether to go on, and writes a new step at once, bytes once a second."""
    written, at = ("", -1, -1), 0.0

    def tell(step: str, done: int, total: int) -> None:
        nonlocal written, at
        keeper.check()
        now = time.monotonic()
        if (step, done, total) != written and (step != written[0] or now - at >= _EVERY):
            written, at = (step, done, total), now
            job_progress(fetch, done=done, total=total, step=step)

    return tell


def _register(fetch: BaseFetch, folder: str, base: str) -> None:
    """The base, its first version and the end of the job, in one transaction under the fence."""
    with transaction.atomic():
        job_still_mine(fetch)
        locked(Workspace, children=True, pk=fetch.workspace_id)
        model = language_model_create(
            actor=fetch.created_by,
            workspace=fetch.workspace,
            name=fetch.name,
            folder=folder,
            licence=fetch.licence,
            licence_url=fetch.licence_url,
            base_sha256=base,
        )
        BaseFetch.objects.filter(pk=fetch.pk).update(language_model=model)
        job_end(fetch, JobStatus.SUCCEEDED)
        _notify(fetch, "base.fetched")


def _end(fetch: BaseFetch, status: JobStatus, code: str = "", detail: str = "") -> None:
    try:
        with transaction.atomic():
            job_end(fetch, status, code=code, params={"detail": detail[:500]} if detail else {})
            if status == JobStatus.FAILED:
                _notify(fetch, "base.failed")
    except LeaseLostError:
        log.warning("fetch %s was taken over by another worker", fetch.pk)


def _notify(fetch: BaseFetch, code: str) -> None:
    notify(
        workspace=fetch.workspace,
        people=[fetch.created_by] if fetch.created_by is not None else [],
        code=code,
        params={"name": fetch.name},
        url=reverse("generation:fetch_detail", args=[fetch.workspace.slug, fetch.pk]),
    )

"""Doing once what a request asks for, however often it is sent (``Idempotency-Key``)."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models import ApiRequest
from copystudio.errors import ConflictError, InvalidInputError, StudioError

KEY = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)
MOST_FORGOTTEN = 1000  # old rows that one request clears away


@dataclass(frozen=True)
class Answer:
    """Status and JSON body; ``replayed``: it was given before, and nothing was done now."""

    status: int
    body: dict[str, Any]
    replayed: bool = False


class IdempotencyKeyError(StudioError):
    """The header does not hold a key."""

    status = 400
    code = "idempotency_key"
    message = _("Idempotency-Key has to be 1 to 255 visible ASCII characters.")


def fingerprint_of(*, method: str, path: str, body: bytes) -> str:
    """SHA-256 of a request, by which a key that is used for another one is told."""
    return hashlib.sha256(b"\0".join([method.encode(), path.encode(), body])).hexdigest()


def request_once(
    *, workspace_id: int, client_id: int, key: str | None, fingerprint: str, work: Callable[[], Answer]
) -> Answer:
    """Do ``work`` in one transaction with the note that it was done; a second time, answer as the first time.

    What ``work`` refuses is not kept: nothing was done, so it may be tried again under the same key. Raises
    IdempotencyKeyError, InvalidInputError where the key belongs to another request, ConflictError while the first one
    is still being done.
    """
    if key is None:
        with transaction.atomic():
            return work()
    if not KEY.fullmatch(key):
        raise IdempotencyKeyError
    with transaction.atomic():
        _hold(workspace_id, key)
        fresh = timezone.now() - dt.timedelta(seconds=settings.IDEMPOTENCY_SECONDS)
        known = ApiRequest.objects.filter(workspace_id=workspace_id, key=key).first()
        if known is not None and known.created_at > fresh:
            if known.fingerprint != fingerprint:
                raise InvalidInputError(
                    _("This Idempotency-Key was used for another request."), code="idempotency_mismatch"
                )
            return Answer(known.status, known.answer, replayed=True)
        if known is not None:
            known.delete()
        _forget(fresh)
        answer = work()
        ApiRequest.objects.create(
            workspace_id=workspace_id,
            client_id=client_id,
            key=key,
            fingerprint=fingerprint,
            status=answer.status,
            answer=answer.body,
        )
        return answer


def _hold(workspace_id: int, key: str) -> None:
    """Hold the key until the transaction ends; ConflictError where another request holds it."""
    digest = hashlib.sha256(f"{workspace_id}:{key}".encode()).digest()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [int.from_bytes(digest[:8], "big", signed=True)])
        [held] = cursor.fetchone()
    if not held:
        raise ConflictError(
            _("A request with this Idempotency-Key is being worked on. Send it again in a second."),
            code="idempotency_in_flight",
        )


def _forget(before: dt.datetime) -> None:
    old = ApiRequest.objects.filter(created_at__lt=before).order_by("created_at").select_for_update(skip_locked=True)
    ApiRequest.objects.filter(pk__in=[row.pk for row in old.only("pk")[:MOST_FORGOTTEN]]).delete()

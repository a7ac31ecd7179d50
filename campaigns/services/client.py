"""API clients and their keys. A clear key leaves ``client_create`` and ``client_rotate`` once and is kept nowhere."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models import ApiClient, Scope
from campaigns.services.variant import delivery_changed
from copystudio.access import require
from copystudio.db import locked
from copystudio.errors import InvalidInputError, Text, TransitionError
from copystudio.models import Role, User, Workspace
from copystudio.services.events import event_record

KEY_PREFIX = "cs_live_"
KEY_CHARACTERS = len(KEY_PREFIX) + 43  # 32 random bytes in URL-safe base64
SHOWN_CHARACTERS = len(KEY_PREFIX) + 6
MAX_OVERLAP = dt.timedelta(days=7)
USED_EVERY = dt.timedelta(minutes=1)


def key_hash(key: str) -> str:
    """How a key is stored: a plain SHA-256 is enough for 256 random bits."""
    return hashlib.sha256(key.encode("utf-8")).hexdigest()


def _check(*, name: str, scopes: list[str], expires_at: dt.datetime | None) -> None:
    wrong: dict[str, list[Text]] = {}
    if not name.strip() or len(name) > 120:
        wrong["name"] = [_("Give the client a name of at most 120 characters.")]
    if not scopes or not set(scopes) <= set(Scope.values):
        wrong["scopes"] = [_("Choose at least one thing that the key may do.")]
    if expires_at is not None and expires_at <= timezone.now():
        wrong["expires_at"] = [_("The key cannot expire in the past.")]
    if wrong:
        raise InvalidInputError(fields=wrong)


def _new(
    *, actor: User, workspace: Workspace, name: str, scopes: list[str], expires_at: dt.datetime | None
) -> tuple[ApiClient, str]:
    key = KEY_PREFIX + secrets.token_urlsafe(32)
    client = ApiClient.objects.create(
        workspace=workspace,
        name=name,
        prefix=key[:SHOWN_CHARACTERS],
        key_hash=key_hash(key),
        scopes=scopes,
        expires_at=expires_at,
        created_by=actor,
    )
    return client, key


def client_create(
    *, actor: User, workspace: Workspace, name: str, scopes: Iterable[str], expires_at: dt.datetime | None = None
) -> tuple[ApiClient, str]:
    """Make a client. Returns it with its clear key, which is to be shown once. For admins."""
    wanted = sorted(str(scope) for scope in scopes)
    try:
        with transaction.atomic():
            require(actor=actor, workspace=workspace, role=Role.ADMIN)
            _check(name=name, scopes=wanted, expires_at=expires_at)
            client, key = _new(
                actor=actor, workspace=workspace, name=name.strip(), scopes=wanted, expires_at=expires_at
            )
            data = {"prefix": client.prefix, "scopes": wanted, "expires_at": expires_at and expires_at.isoformat()}
            event_record(actor=actor, workspace=workspace, verb="client.create", target=client, data=data)
            delivery_changed(workspace)
            return client, key
    except IntegrityError as error:
        if "campaigns_client_name" not in str(error):
            raise
        raise InvalidInputError(fields={"name": [_("There is already a client of this name.")]}) from None


def is_revoked(client: ApiClient) -> bool:
    """Whether the key is refused already; a date in the future is the end of a rotation's overlap."""
    return client.revoked_at is not None and client.revoked_at <= timezone.now()


def may_rotate(client: ApiClient) -> bool:
    """Whether the key can be replaced: neither replaced nor revoked nor expired."""
    return client.revoked_at is None and (client.expires_at is None or client.expires_at > timezone.now())


def client_revoke(*, actor: User, client: ApiClient) -> ApiClient:
    """Refuse the key from now on; every web process knows within a second. For admins."""
    with transaction.atomic():
        row = locked(ApiClient, pk=client.pk)
        require(actor=actor, workspace=row.workspace, role=Role.ADMIN)
        if is_revoked(row):
            raise TransitionError(_("This key is revoked already."))
        row.revoked_at = timezone.now()
        row.save(update_fields=["revoked_at", "updated_at"])
        event_record(
            actor=actor, workspace=row.workspace, verb="client.revoke", target=row, data={"prefix": row.prefix}
        )
        delivery_changed(row.workspace)
        return row


def client_rotate(*, actor: User, client: ApiClient, overlap: dt.timedelta = dt.timedelta(0)) -> tuple[ApiClient, str]:
    """Replace the key: a new client of the same name and scopes, and the old one refused after ``overlap`` (≤ 7 days)."""
    if not dt.timedelta(0) <= overlap <= MAX_OVERLAP:
        raise InvalidInputError(fields={"overlap": [_("The old key can stay in force for at most seven days.")]})
    with transaction.atomic():
        old = locked(ApiClient, pk=client.pk)
        require(actor=actor, workspace=old.workspace, role=Role.ADMIN)
        if not may_rotate(old):
            raise TransitionError(_("This key is no longer in force. Make a new client instead."))
        old.revoked_at = timezone.now() + overlap
        old.save(update_fields=["revoked_at", "updated_at"])
        new, key = _new(
            actor=actor, workspace=old.workspace, name=old.name, scopes=list(old.scopes), expires_at=old.expires_at
        )
        data = {"old": old.prefix, "new": new.prefix, "old_until": old.revoked_at.isoformat()}
        event_record(actor=actor, workspace=old.workspace, verb="client.rotate", target=new, data=data)
        delivery_changed(old.workspace)
        return new, key


def client_used(*, client_id: int, now: dt.datetime) -> None:
    """Note that a key was used; not a change by a person, so no event. Writes at most once a minute."""
    due = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - USED_EVERY)
    ApiClient.objects.filter(due, pk=client_id).update(last_used_at=now)

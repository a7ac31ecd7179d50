"""API keys: ``Authorization: Bearer <key>``, never in the URL, where logs and proxies would keep it."""

from __future__ import annotations

import datetime as dt
import logging
import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import InterfaceError, OperationalError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import authentication, exceptions, permissions
from rest_framework.request import Request

from campaigns.services.client import KEY_CHARACTERS, KEY_PREFIX, USED_EVERY, client_used, key_hash
from campaigns.services.delivery import Held, shelf

if TYPE_CHECKING:  # the settings name this module, and that one reads them while it is imported
    from rest_framework.views import APIView

log = logging.getLogger(__name__)

KEY_SHAPE = re.compile(rf"{KEY_PREFIX}[A-Za-z0-9_-]{{{KEY_CHARACTERS - len(KEY_PREFIX)}}}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Caller:
    """The API client behind a request, with its workspace's payload. It stands where a person would."""

    client: int
    workspace: int
    scopes: frozenset[str]
    held: Held
    is_authenticated: bool = True

    @property
    def pk(self) -> int:
        return self.client


class UsedKeys:
    """When this process last noted the use of each key, so that a busy key costs one write a minute."""

    def __init__(self) -> None:
        self._noted: dict[int, dt.datetime] = {}
        self._lock = threading.Lock()

    def clear(self) -> None:
        self._noted.clear()

    def note(self, client_id: int, now: dt.datetime) -> None:
        with self._lock:
            last = self._noted.get(client_id)
            if last is not None and now - last < USED_EVERY:
                return
            self._noted[client_id] = now
        try:
            client_used(client_id=client_id, now=now)
        except (OperationalError, InterfaceError):
            log.warning("the database does not answer: the use of key %s is not noted", client_id)


used_keys = UsedKeys()


class ApiKeyAuthentication(authentication.BaseAuthentication):
    """Reads the bearer key. A key that is unknown, revoked or expired gets the same answer."""

    def authenticate(self, request: Request) -> tuple[Caller, str] | None:
        header = request.headers.get("Authorization", "")
        scheme, _space, key = header.partition(" ")
        if scheme.lower() != "bearer":
            return None
        now = timezone.now()
        found = shelf.find(key_hash(key)) if KEY_SHAPE.fullmatch(key) else None
        if found is None or not found[1].valid_at(now):
            raise exceptions.AuthenticationFailed(_("This API key is not valid."))
        held, entry = found
        used_keys.note(entry.client, now)
        return Caller(entry.client, held.payload.workspace, entry.scopes, held), "key"

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Copy Studio"'


class HasScope(permissions.BasePermission):
    """The key needs the scope that the view names in ``scope``; a view that names none is closed to every key."""

    message = _("This API key does not have the scope that this needs.")
    code = "missing_scope"

    def has_permission(self, request: Request, view: APIView) -> bool:
        scope: Any = getattr(view, "scope", None)
        return isinstance(request.user, Caller) and scope is not None and scope in request.user.scopes

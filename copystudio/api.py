"""What every API view shares: problem bodies for errors, and pages for lists."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from copystudio.errors import BusyError, InvalidInputError, StudioError

log = logging.getLogger(__name__)

PROBLEM = "application/problem+json"
LARGEST_ID = 2**63 - 1


def located(detail: Any, pointer: str = "") -> Iterator[dict[str, str]]:
    """Every message of a serializer's errors, with the JSON pointer of the value that it speaks of."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from located(inner, pointer if name == "non_field_errors" else f"{pointer}/{name}")
    elif isinstance(detail, list | tuple):
        for position, inner in enumerate(detail):
            yield from located(inner, f"{pointer}/{position}" if isinstance(inner, dict) else pointer)
    else:
        yield {"pointer": pointer, "detail": str(detail)}


def problem_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn any expected error into an RFC 9457 problem body; unexpected ones become a plain 500 elsewhere."""
    headers: dict[str, str] = {}
    extra: dict[str, Any] = {}
    if isinstance(error, Http404):
        error = exceptions.NotFound(_("There is nothing here, or you may not see it."))
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    elif isinstance(error, OperationalError | InterfaceError):
        log.error("database unavailable: %s", error)
        error = BusyError()
    if isinstance(error, StudioError):
        status, code, title = error.status, error.code, str(error.message)
        if status == BusyError.status:
            headers["Retry-After"] = "5"
        if isinstance(error, InvalidInputError) and error.fields:
            extra["errors"] = list(located(error.fields))
    elif isinstance(error, exceptions.ValidationError):
        status, code, title = 422, "invalid", _("Some of the input is not valid.")
        extra["errors"] = list(located(error.detail))
    elif isinstance(error, exceptions.APIException):
        status, title = error.status_code, str(error.detail)
        codes = error.get_codes()
        code = codes if isinstance(codes, str) else "refused"
        if wait := getattr(error, "wait", None):  # Throttled
            headers["Retry-After"] = str(wait)
        if getattr(error, "auth_header", None):
            headers["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
    else:
        return None
    body = {"type": f"urn:copystudio:problem:{code}", "title": title, "status": status, "code": code, **extra}
    return Response(body, status=status, headers=headers, content_type=PROBLEM)


class NewestFirst(CursorPagination):
    """Lists by cursor: stable while rows are added, and no counting of long tables."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 200

    def decode_cursor(self, request: Request) -> Cursor | None:
        """The cursor of the request; 404 for one that no list gave out."""
        try:
            cursor = super().decode_cursor(request)
        except exceptions.NotFound:
            raise self._unknown() from None
        if cursor is None or cursor.position is None:
            return cursor
        position = str(cursor.position)
        if not (position.isascii() and position.isdecimal() and int(position) <= LARGEST_ID):
            raise self._unknown()
        return cursor

    @staticmethod
    def _unknown() -> exceptions.NotFound:
        return exceptions.NotFound(_("This cursor is not one that a list gave out."), code="unknown_cursor")


class OldestFirst(NewestFirst):
    """The order in which rows came: what is added later stands on later pages."""

    ordering = "id"

"""What every API view shares: problem bodies for errors, and pages for lists."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.pagination import CursorPagination
from rest_framework.response import Response

from copystudio.errors import BusyError, InvalidInputError, StudioError

PROBLEM = "application/problem+json"


def problem_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn any expected error into an RFC 9457 problem body; unexpected ones become a plain 500 elsewhere."""
    headers: dict[str, str] = {}
    extra: dict[str, Any] = {}
    if isinstance(error, Http404):
        error = exceptions.NotFound(_("There is nothing here, or you may not see it."))
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    elif isinstance(error, OperationalError | InterfaceError):
        error = BusyError()
        headers["Retry-After"] = "5"
    if isinstance(error, StudioError):
        status, code, title = error.status, error.code, str(error.message)
        if isinstance(error, InvalidInputError) and error.fields:
            extra["errors"] = {name: [str(text) for text in texts] for name, texts in error.fields.items()}
    elif isinstance(error, exceptions.ValidationError):
        status, code, title = 400, "invalid", _("Some of the input is not valid.")
        extra["errors"] = error.detail
    elif isinstance(error, exceptions.APIException):
        status, title = error.status_code, str(error.detail)
        codes = error.get_codes()
        code = codes if isinstance(codes, str) else "refused"
        if isinstance(error, exceptions.Throttled) and error.wait:
            headers["Retry-After"] = str(int(error.wait) + 1)
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

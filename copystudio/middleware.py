"""Middleware: refuse broken requests early, add the headers Django lacks, turn service errors into pages."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse

from copystudio.errors import BusyError, StudioError
from copystudio.views.failure import failure, plain_failure

GetResponse = Callable[[HttpRequest], HttpResponse]
log = logging.getLogger(__name__)


class PlainRequests:
    """Refuse NUL characters in path and query: PostgreSQL cannot store them and would answer with an error."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        query = request.META.get("QUERY_STRING", "")
        if "\x00" in request.path or "%00" in query or "\x00" in query:
            return plain_failure(request, 400)
        return self.get_response(request)


class SecurityHeaders:
    """Headers that keep other sites from embedding, and the browser from using features we do not need."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
        if not request.path.startswith("/static/"):
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class StudioErrors:
    """Show a service's refusal as a page, a fragment or a problem body, and a lost database as 503."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, StudioError):
            return failure(request, error)
        if isinstance(error, OperationalError | InterfaceError):
            log.error("database unavailable: %s", error)
            response = failure(request, BusyError())
            response["Retry-After"] = "5"
            return response
        return None

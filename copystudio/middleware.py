"""Middleware: refuse broken requests early, add the headers Django lacks, turn service errors into pages."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from copystudio.errors import StudioError
from copystudio.views.failure import AWAY, failure, plain_failure, unavailable

GetResponse = Callable[[HttpRequest], HttpResponse]


class PlainRequests:
    """Refuse NUL in path, query and cookies: PostgreSQL cannot compare with it and would answer with an error."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        query = request.META.get("QUERY_STRING", "")
        texts = [request.path, query.replace("%00", "\x00"), *request.COOKIES.values()]
        if any("\x00" in text for text in texts):
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


class PersonLanguage:
    """Speak the language that a signed-in person chose, where this browser has not been told another one."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        cookies = request.COOKIES
        if settings.LANGUAGE_COOKIE_NAME not in cookies and settings.SESSION_COOKIE_NAME in cookies:
            language = getattr(request.user, "language", "")
            if language:
                translation.activate(language)
                request.LANGUAGE_CODE = translation.get_language()
        return self.get_response(request)


class StudioErrors:
    """Show a service's refusal as a page, a fragment or a problem body, and a lost server as 503."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, StudioError):
            return failure(request, error)
        return unavailable(request, error) if isinstance(error, AWAY) else None

"""Error answers: a page, a fragment for htmx, or a problem body for the API."""

from __future__ import annotations

import logging
import sys
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from redis.exceptions import ConnectionError as CacheConnectionError
from redis.exceptions import TimeoutError as CacheTimeoutError

from copystudio.errors import StudioError
from copystudio.http import is_fragment, render

PAGES = {400, 403, 404, 409, 422, 429, 500, 503}
# a server that pages need does not answer, or gave up on one request; trying again helps
AWAY = (OperationalError, InterfaceError, CacheConnectionError, CacheTimeoutError)
RETRY_SECONDS = 5
log = logging.getLogger(__name__)


def problem(status: int, code: str, detail: str, **extra: object) -> JsonResponse:
    """An RFC 9457 problem body."""
    body = {"type": f"urn:copystudio:problem:{code}", "title": detail, "status": status, "code": code, **extra}
    return JsonResponse(body, status=status, content_type="application/problem+json")


def failure(request: HttpRequest, error: StudioError) -> HttpResponse:
    """The answer to a refusal: what happened and what to do, never less than the status says."""
    message = str(error.message)
    if request.path.startswith("/api/"):
        return problem(error.status, error.code, message)
    page = error.status if error.status in PAGES else 400
    context = {"message": message, "status": error.status, "code": error.code}
    return render(request, f"errors/{page}.html", context, fragment="errors/fragment.html", status=error.status)


def plain_failure(request: HttpRequest, status: int) -> HttpResponse:
    """An answer that needs neither session nor user: for failures outside the usual middleware."""
    messages = {
        400: _("The request could not be understood."),
        403: _("Your role does not allow this."),
        404: _("There is nothing here, or you may not see it."),
        500: _("Something went wrong on our side. Nothing was saved."),
        503: _("A part that this needs is not ready yet. Try again in a minute."),
    }
    codes = {400: "bad_request", 403: "not_permitted", 404: "not_found", 500: "server_error", 503: "not_ready"}
    if request.path.startswith("/api/"):
        return problem(status, codes[status], messages[status])
    context = {"message": messages[status], "status": status, "code": codes[status]}
    template = "errors/fragment.html" if is_fragment(request) else f"errors/{status}.html"
    return HttpResponse(render_to_string(template, context), status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return plain_failure(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return plain_failure(request, 403)


def not_found(request: HttpRequest, exception: Exception | Http404) -> HttpResponse:
    return plain_failure(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Also what middleware raises ends here, so a server may be away."""
    error = sys.exc_info()[1]
    return unavailable(request, error) if isinstance(error, AWAY) else plain_failure(request, 500)


def unavailable(request: HttpRequest, error: BaseException) -> HttpResponse:
    """Database or cache is away: say so without asking either of them anything."""
    log.error("server unavailable: %s", error)
    response = plain_failure(request, 503)
    response["Retry-After"] = str(RETRY_SECONDS)
    return response


def locked_out(request: HttpRequest, response: HttpResponse, credentials: dict[str, Any] | None) -> HttpResponse:
    """The answer to too many failed sign-ins."""
    error = StudioError(_("Too many failed sign-ins."))
    error.status, error.code = 429, "too_many_attempts"
    return failure(request, error)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was open too long, or the sign-in changed: nothing typed is lost, the page asks to send again."""
    error = StudioError(_("This form is out of date. Reload the page in another tab, then send it again."))
    error.status, error.code = 403, "csrf"
    return failure(request, error)

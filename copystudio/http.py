"""Requests and responses of the browser pages: the one module that knows htmx's headers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render as django_render
from django.utils.cache import patch_vary_headers


def is_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of a page (and not to restore a whole one from history)."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-History-Restore-Request") != "true"


def render(
    request: HttpRequest,
    page: str,
    context: Mapping[str, Any] | None = None,
    *,
    fragment: str | None = None,
    status: int = 200,
) -> HttpResponse:
    """The whole page, or only ``fragment`` (a template that the page includes) where htmx asks for it."""
    template = fragment if fragment and is_fragment(request) else page
    response = django_render(request, template, dict(context or {}), status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def redirect(request: HttpRequest, url: str) -> HttpResponse:
    """Go to another page after a change: 303, or htmx's own way of leaving the page."""
    if is_fragment(request):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return HttpResponseRedirect(url, status=303)


def refresh(request: HttpRequest, url: str) -> HttpResponse:
    """Load the present page again after a change that touches several parts of it; ``url`` without htmx."""
    if is_fragment(request):
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return HttpResponseRedirect(url, status=303)


def remember_language(response: HttpResponse, language: str) -> None:
    """Keep the language in this browser; an empty one gives the choice back to what the browser asks for."""
    if not language:
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME, samesite="Lax")
        return
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
    )


def stop_polling(response: HttpResponse) -> HttpResponse:
    """Tell an ``every Ns`` trigger to stop (htmx's status 286) while the content is still swapped in."""
    response.status_code = 286
    return response


def retarget(response: HttpResponse, selector: str) -> HttpResponse:
    """Swap this response into another element than the request asked for."""
    response["HX-Retarget"] = selector
    response["HX-Reswap"] = "innerHTML"
    return response

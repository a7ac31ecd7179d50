"""For load balancers, and the browser's policy reports."""

from __future__ import annotations

import json
import logging

from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

log = logging.getLogger("copystudio.csp")
LONGEST_REPORT = 20_000


@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Database and cache answer: 200, else 503 with the name of what is away."""
    state = {"database": _database_answers(), "cache": _cache_answers()}
    return JsonResponse(state, status=200 if all(state.values()) else 503)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception as error:  # noqa: BLE001 (whatever it is, the probe says "away")
        log.warning("database away: %s", error)
        return False
    return True


def _cache_answers() -> bool:
    try:
        cache.set("ready", "1", 5)
        return bool(cache.get("ready") == "1")
    except Exception as error:  # noqa: BLE001 (as above)
        log.warning("cache away: %s", error)
        return False


@csrf_exempt
@require_POST
def csp_report(request: HttpRequest) -> HttpResponse:
    """A browser blocked something: log what and where. Nothing of it is kept or shown."""
    try:
        if int(request.headers.get("Content-Length") or 0) > LONGEST_REPORT:
            return HttpResponse(status=413)
        report = json.loads(request.body)["csp-report"]
        facts = {key: str(report.get(key, ""))[:300] for key in ("document-uri", "violated-directive", "blocked-uri")}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return HttpResponse(status=400)
    log.warning("policy report: %s", json.dumps(facts))
    return HttpResponse(status=204)

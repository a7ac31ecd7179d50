"""The reference page of the API, rendered on the server from the OpenAPI description."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from campaigns.api.description import description
from copystudio.http import render


@require_safe
@login_required
def docs(request: HttpRequest) -> HttpResponse:
    server = request.build_absolute_uri("/").rstrip("/")
    return render(request, "campaigns/api/reference.html", {"schema": description(server)})

"""The OpenAPI 3.1 description of the API, made from the code, in the reader's language."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import extend_schema
from rest_framework import authentication, permissions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from campaigns.api.authentication import ApiKeyAuthentication, Caller
from campaigns.api.base import ApiView
from campaigns.api.webhook_description import webhooks_described
from campaigns.services.tracking import MOST_EVENTS
from copystudio.models import User


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = ApiKeyAuthentication
    name = "apiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": str(_("An API key of the workspace, with the scope that the endpoint names.")),
        }

    def get_security_requirement(self, auto_schema: AutoSchema) -> dict[str, list[str]]:
        return {self.name: [getattr(auto_schema.view, "scope", None) or ""]}


LINKS = {
    "/api/v1/copy": {
        "detail": {"operationId": "copy_detail", "parameters": {"id": "$response.body#/results/0/id"}},
    },
    "/api/v1/decide": {
        "events": {
            "operationId": "events",
            "requestBody": {
                "events": [
                    {
                        "event_id": "0196a7b0-5c1e-7c3a-9d1e-2f4b6a8c0e12",
                        "type": "impression",
                        "token": "$response.header.Copy-Exposure-Token",
                        "timestamp": "2026-05-01T12:00:01Z",
                    }
                ]
            },
        }
    },
}
RUN = {
    name: {"operationId": operation, "parameters": {"id": "$response.body#/id"}}
    for name, operation in (("run", "run_detail"), ("candidates", "run_candidates"), ("cancel", "run_cancel"))
}
# these refuse what they do not know
EXACT = {
    "BriefRun": _("A run from a brief that stands in the studio."),
    "Wish": _("A run asked for in the request itself. It is kept as a brief, named by the client and the time."),
    "ProductFilter": _("Which products on sale; what is left out says nothing."),
}
EXAMPLES = {"placement": "home-hero", "visitor": "visitor-1"}


@lru_cache(maxsize=8)
def _described(language: str | None) -> dict[str, Any]:
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    # what the generator leaves out: the size of a batch, which answer leads to which request, and examples
    events = schema["components"]["schemas"]["EventBatch"]["properties"]["events"]
    events |= {"minItems": 1, "maxItems": MOST_EVENTS}
    for path, links in LINKS.items():
        for operation in schema["paths"][path].values():
            operation["responses"]["200"]["links"] = links
    for parameter in schema["paths"]["/api/v1/decide"]["get"]["parameters"]:
        if parameter["name"] in EXAMPLES:
            parameter["example"] = EXAMPLES[parameter["name"]]
    schema["paths"]["/api/v1/runs"]["post"]["requestBody"]["required"] = True
    for status in ("200", "202"):
        schema["paths"]["/api/v1/runs"]["post"]["responses"][status]["links"] = RUN
    for name, text in EXACT.items():
        schema["components"]["schemas"][name] |= {"additionalProperties": False, "description": str(text)}
    schema["webhooks"] = webhooks_described(schema)
    return schema


def description(server: str) -> dict[str, Any]:
    """The description in the present language; ``server`` is the address that the reader reaches us at."""
    return {**_described(get_language()), "servers": [{"url": server}]}


class IsMemberOrClient(permissions.BasePermission):
    """A signed-in member of any workspace, or any valid API key: the description names nothing of a workspace."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if isinstance(request.user, Caller):
            return True
        return isinstance(request.user, User) and request.user.is_active and request.user.memberships.exists()


class SchemaView(ApiView):
    authentication_classes = [ApiKeyAuthentication, authentication.SessionAuthentication]
    permission_classes = [IsMemberOrClient]

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        return Response(description(request.build_absolute_uri("/").rstrip("/")))

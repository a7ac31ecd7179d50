"""What the endpoints of the API share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from campaigns.api.authentication import ApiKeyAuthentication, Caller, HasScope
from campaigns.api.parsers import PlainJSONParser
from campaigns.api.serializers import ProblemSerializer
from campaigns.api.throttle import KeyRate
from copystudio.api import PROBLEM


class AlwaysJson(BaseContentNegotiation):
    """The API speaks JSON whatever ``Accept`` says; a body is read only with the type that we understand."""

    def select_parser(self, request: Request, parsers: Sequence[BaseParser]) -> BaseParser | None:
        kind = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == kind), None)

    def select_renderer(
        self, request: Request, renderers: Sequence[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], str(renderers[0].media_type)


class ApiView(APIView):
    """An endpoint for API keys; ``scope`` is what the key has to be allowed."""

    scope: str | None = None
    authentication_classes: Sequence[Any] = [ApiKeyAuthentication]
    permission_classes: Sequence[Any] = [HasScope]
    throttle_classes = [KeyRate]
    parser_classes = [PlainJSONParser]
    renderer_classes = [JSONRenderer]
    content_negotiation_class = AlwaysJson
    metadata_class = None


def caller_of(request: Request) -> Caller:
    """The API client of a request that ``HasScope`` has let pass."""
    assert isinstance(request.user, Caller)
    return request.user


PROBLEMS = {
    400: _("The request could not be read: its URL or body is malformed."),
    401: _("The API key is missing, unknown, revoked or expired."),
    403: _("The API key does not have the scope."),
    404: _("There is nothing of this name or number in the workspace of the key."),
    409: _("What is asked for is not possible in the present state."),
    413: _("The body is larger than 1 MB."),
    415: _("The body is not application/json."),
    422: _("Some of the input is not valid; “errors” says which."),
    429: _("Too many requests of this key in this minute; “Retry-After” says how long to wait."),
    503: _("The database does not answer; “Retry-After” says how long to wait."),
}


def problems(*statuses: int) -> dict[tuple[int, str], OpenApiResponse]:
    """The error responses of an endpoint, for its description."""
    return {
        (status, PROBLEM): OpenApiResponse(ProblemSerializer, description=PROBLEMS[status])  # type: ignore[arg-type]
        for status in (400, 401, 403, 429, 503, *statuses)
    }


RETRY_AFTER = OpenApiParameter(
    "Retry-After",
    OpenApiTypes.INT,
    OpenApiParameter.HEADER,
    description=_("Seconds to wait before the next attempt."),
    response=[429, 503],
)
WWW_AUTHENTICATE = OpenApiParameter(
    "WWW-Authenticate",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description=_("The scheme to authenticate with: Bearer."),
    response=[401],
)
COMMON_HEADERS = [RETRY_AFTER, WWW_AUTHENTICATE]

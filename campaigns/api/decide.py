"""GET /api/v1/decide: the text that a visitor gets at a placement."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.http import parse_etags
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api.base import COMMON_HEADERS, ApiView, caller_of, problems
from campaigns.api.serializers import DecideQuery, DecisionSerializer
from campaigns.models import Scope
from campaigns.services.delivery import Decision, decide

IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description=_("ETag of an earlier answer: where the copy is the same, the answer is 304 without a body."),
)
HEADERS = [
    OpenApiParameter(
        "ETag",
        OpenApiTypes.STR,
        OpenApiParameter.HEADER,
        description=_("Changes with what is served, not with the token."),
        response=[200, 304],
    ),
    OpenApiParameter(
        "Cache-Control",
        OpenApiTypes.STR,
        OpenApiParameter.HEADER,
        description=_("How long your HTTP client may keep the answer for this visitor."),
        response=[200, 304],
    ),
    OpenApiParameter(
        "AI-Disclosure",
        OpenApiTypes.STR,
        OpenApiParameter.HEADER,
        description=_("mode=ai-originated where a model wrote the text, else mode=none."),
        response=[200, 304],
    ),
    OpenApiParameter(
        "Copy-Exposure-Token",
        OpenApiTypes.STR,
        OpenApiParameter.HEADER,
        description=_("A fresh exposure token, also with 304. Missing for a fallback text."),
        response=[200, 304],
    ),
]


class DecideView(ApiView):
    scope = Scope.DECIDE.value

    @extend_schema(
        operation_id="decide",
        tags=["decide"],
        summary=_("Ask for the copy of a placement"),
        description=_(
            "Answers with the approved copy that the placement serves while its campaign runs, else with the placement’s "
            "fallback text. Call it from your server: keys do not belong into browsers, so the API sends no CORS headers."
        ),
        parameters=[DecideQuery, IF_NONE_MATCH, *HEADERS, *COMMON_HEADERS],
        responses={
            200: OpenApiResponse(DecisionSerializer, description=_("What to show.")),
            304: OpenApiResponse(description=_("What you have is what to show.")),
            **problems(404, 422),
        },
    )
    def get(self, request: Request) -> Response:
        query = DecideQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        decision = decide(held=caller_of(request).held, now=timezone.now(), **query.validated_data)
        headers = {
            "ETag": decision.etag,
            "Cache-Control": f"private, max-age={settings.DECIDE_MAX_AGE_SECONDS}",
            "AI-Disclosure": f"mode={decision.ai['metadata']['mode']}",
            "Vary": "Authorization",
        }
        if decision.token is not None:
            headers["Copy-Exposure-Token"] = decision.token
        known = parse_etags(request.headers.get("If-None-Match", ""))
        if decision.etag in known or "*" in known:
            return Response(status=304, headers=headers)
        return Response(body_of(decision), headers=headers)


def body_of(decision: Decision) -> dict[str, Any]:
    arm = decision.arm
    return {
        "placement": decision.slot.slug,
        "channel": decision.slot.channel,
        "source": "approved" if arm else "fallback",
        "text": decision.text,
        "sha256": decision.sha256,
        "language": arm.language if arm else None,
        "variant": arm.variant if arm else None,
        "revision": arm.revision if arm else None,
        "ai": decision.ai,
        "token": decision.token,
    }

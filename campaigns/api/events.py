"""POST /api/v1/events: what shoppers did."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api.base import COMMON_HEADERS, ApiView, caller_of, problems
from campaigns.api.serializers import EventBatchSerializer, EventReceiptSerializer
from campaigns.models import Scope
from campaigns.services.tracking import IncomingEvent, Kind, Outcome, Result, events_ingest

EXAMPLE = OpenApiExample(
    "batch",
    value={
        "sent_at": "2026-05-01T12:00:05Z",
        "events": [
            {
                "event_id": "0196a7b0-5c1e-7c3a-9d1e-2f4b6a8c0e11",
                "type": "click",
                "token": "x1.…",
                "timestamp": "2026-05-01T12:00:01Z",
            }
        ],
    },
    request_only=True,
)


class EventsView(ApiView):
    scope = Scope.EVENTS.value

    @extend_schema(
        operation_id="events",
        tags=["events"],
        summary=_("Send impressions, clicks and conversions"),
        description=_(
            "Takes up to 1,000 events in at most 1 MB, all or none. Sending a batch again is safe: an event id is stored "
            "once for each type. An event counts only with the exposure token of a decision, which counts once for each "
            "type: within 24 hours, and for a conversion within 8 days. Values are added up by currency."
        ),
        request=EventBatchSerializer,
        examples=[EXAMPLE],
        parameters=COMMON_HEADERS,
        responses={
            202: OpenApiResponse(EventReceiptSerializer, description=_("The batch is stored.")),
            **problems(413, 415, 422),
        },
    )
    def post(self, request: Request) -> Response:
        received_at = timezone.now()
        batch = EventBatchSerializer(data=request.data)
        batch.is_valid(raise_exception=True)
        caller = caller_of(request)
        outcomes = events_ingest(
            workspace_id=caller.workspace,
            signing=caller.held.signing,
            events=[incoming(event) for event in batch.validated_data["events"]],
            sent_at=batch.validated_data.get("sent_at"),
            received_at=received_at,
        )
        return Response(receipt(outcomes), status=202)


def incoming(event: dict[str, Any]) -> IncomingEvent:
    return IncomingEvent(
        event_id=event["event_id"],
        kind=Kind(event["type"]),
        token=event["token"],
        timestamp=event["timestamp"],
        value=event.get("value"),
        currency=event.get("currency", ""),
    )


def receipt(outcomes: list[Outcome]) -> dict[str, Any]:
    counts = Counter(outcome.result for outcome in outcomes)
    return {
        "received": len(outcomes),
        **{result.value: counts[result] for result in Result},
        "events": [
            {"event_id": str(outcome.event_id), "outcome": outcome.result.value}
            | ({"reason": outcome.reason.value} if outcome.reason else {})
            for outcome in outcomes
        ],
    }

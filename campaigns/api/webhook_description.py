"""What the OpenAPI description says of webhooks: the messages that the studio sends, and what it expects back."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from campaigns.models import WebhookEvent
from campaigns.services.webhook_send import GONE

EXAMPLE = {
    "type": "run.succeeded",
    "timestamp": "2026-05-01T12:03:20Z",
    "data": {
        "id": 12,
        "status": "succeeded",
        "label": "Autumn · Web shop 2026-05-01 12:00:00",
        "brief": 7,
        "campaign": 1,
        "requested": 8,
        "produced": 8,
        "error": None,
        "url": "https://studio.example.com/api/v1/runs/12",
    },
}


def webhooks_described(schema: dict[str, Any]) -> dict[str, Any]:
    """The ``webhooks`` of the description; puts the shape of a message among its components."""
    schema["components"]["schemas"]["WebhookMessage"] = _message()
    return {
        event: {
            "post": {
                "operationId": event.replace(".", "_"),
                "summary": str(event.label),
                "description": _(
                    "Signed as Standard Webhooks (v1) has it: HMAC-SHA256 with the webhook’s secret over “id.timestamp.body”. "
                    "The same message may come twice, always with the same webhook-id. Answer with 2xx within 10 seconds; "
                    "anything else, a redirect too, is tried again with growing pauses for a day. 410 takes the webhook "
                    "out of use."
                ),
                "parameters": _headers(),
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {"$ref": "#/components/schemas/WebhookMessage"},
                            "example": _example(event),
                        }
                    }
                },
                "responses": {
                    "2XX": {"description": _("The message is taken.")},
                    str(GONE): {"description": _("No more messages, please.")},
                },
            }
        }
        for event in WebhookEvent
    }


def _example(event: str) -> dict[str, Any]:
    status = event.removeprefix("run.")
    error = "memory" if event == WebhookEvent.RUN_FAILED else None
    return {**EXAMPLE, "type": str(event), "data": {**EXAMPLE["data"], "status": status, "error": error}}  # type: ignore[dict-item]


def _headers() -> list[dict[str, Any]]:
    described = {
        "webhook-id": _("Number of the message, the same on every try."),
        "webhook-timestamp": _("When this try was made, in Unix seconds. Refuse old ones."),
        "webhook-signature": _(
            "“v1,” and the signature in base64; two of them, with a blank between, after a new secret."
        ),
    }
    return [
        {"name": name, "in": "header", "required": True, "description": text, "schema": {"type": "string"}}
        for name, text in described.items()
    ]


def _message() -> dict[str, Any]:
    number, text = {"type": "integer"}, {"type": "string"}
    data = {
        "id": {**number, "description": _("Number of the run.")},
        "status": {**text, "enum": [event.removeprefix("run.") for event in WebhookEvent.values]},
        "label": {**text, "description": _("What for, for people.")},
        "brief": {"type": ["integer", "null"]},
        "campaign": {"type": ["integer", "null"]},
        "requested": {**number, "description": _("Texts asked for.")},
        "produced": {**number, "description": _("Candidates so far.")},
        "error": {"type": ["string", "null"], "description": _("Why a failed run failed.")},
        "url": {**text, "format": "uri", "description": _("URL of the run.")},
    }
    values = {
        "type": {**text, "enum": list(WebhookEvent.values)},
        "timestamp": {**text, "format": "date-time", "description": _("When the run ended.")},
        "data": {"type": "object", "properties": data, "required": list(data)},
    }
    return {"type": "object", "properties": values, "required": list(values)}

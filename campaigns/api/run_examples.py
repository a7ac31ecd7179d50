"""Examples of the description: requests that can be sent, and what comes back."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiExample

RUN: dict[str, object] = {
    "id": 12,
    "status": "queued",
    "paused": False,
    "label": "Autumn · Web shop 2026-05-01 12:00:00",
    "campaign": {"id": 1, "name": "Autumn"},
    "brief": {"id": 7, "name": "Web shop 2026-05-01 12:00:00"},
    "requested": 8,
    "produced": 0,
    "created_at": "2026-05-01T12:00:00Z",
    "started_at": None,
    "finished_at": None,
    "model": "gemma-3-270m v1",
    "items": 2,
    "items_finished": 0,
    "dropped": {},
    "texts_per_minute": None,
    "seconds_left": None,
    "runs_ahead": 0,
    "server_away": None,
    "cancel_requested": False,
    "error": None,
}
REQUEST_EXAMPLES = [
    OpenApiExample(
        "wish",
        value={
            "campaign": 1,
            "products": ["A-1", "A-2"],
            "segments": ["hikers"],
            "channels": ["email_subject"],
            "language": "en",
            "never_words": ["cheap"],
            "count": 4,
        },
        request_only=True,
    ),
    OpenApiExample("brief", value={"brief": 7}, request_only=True),
]
RUN_EXAMPLE = OpenApiExample("run", value=RUN, response_only=True)
CANDIDATE_EXAMPLE = OpenApiExample(
    "page",
    value={
        "next": None,
        "previous": None,
        "results": [
            {
                "id": 310,
                "text": "Stay dry at 320 g",
                "reviewed_by_human": False,
                "variant": None,
                "product": {"sku": "A-1", "title": "Rain jacket"},
                "segment": "hikers",
                "channel": "email_subject",
                "goes_with": [],
                "language": "en",
                "fluency": -1.42,
                "length": 17,
                "findings": [],
                "created_at": "2026-05-01T12:00:09Z",
            }
        ],
    },
    response_only=True,
)

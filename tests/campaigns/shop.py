"""A shop that serves one approved text, and the calls that it makes."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from campaigns.models import ApiClient, Campaign, Click, Conversion, DailyCount, Impression, Placement, Variant
from tests import factories
from tests.people import Cast

TEXT = "Stay dry at 320 g"


@dataclass
class Shop:
    cast: Cast
    campaign: Campaign
    variant: Variant
    placement: Placement
    api_client: ApiClient
    key: str

    def get(self, path: str, key: str | None = None, **options: Any) -> HttpResponse:
        return Client().get(path, headers=self.headers(key, options.pop("headers", {})), **options)

    def decide(self, **query: Any) -> HttpResponse:
        headers = query.pop("headers", {})
        values = {"placement": self.placement.slug, "visitor": "visitor-1", **query}
        return self.get("/api/v1/decide", data=values, headers=headers)

    def token(self, visitor: str = "visitor-1") -> str:
        return self.decide(visitor=visitor).json()["token"]

    def send(self, *events: dict[str, Any], key: str | None = None, **batch: Any) -> HttpResponse:
        body = {"events": list(events), **batch}
        return Client().post("/api/v1/events", body, content_type="application/json", headers=self.headers(key, {}))

    def headers(self, key: str | None, extra: dict[str, str]) -> dict[str, str]:
        return {"Authorization": f"Bearer {key or self.key}", **extra}


def event(token: str, kind: str = "impression", **values: Any) -> dict[str, Any]:
    now = timezone.now().astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    return {"event_id": str(uuid.uuid4()), "type": kind, "token": token, "timestamp": now, **values}


def outcomes(response: HttpResponse) -> list[str]:
    """Outcome of each event, or the reason where it was not counted."""
    assert response.status_code == 202, response.content
    return [entry.get("reason", entry["outcome"]) for entry in response.json()["events"]]


def counted(shop: Shop) -> tuple[int, int, int]:
    """Sums of the counters, after checking them against the raw rows."""
    cells = DailyCount.objects.filter(workspace=shop.cast.workspace)
    sums = tuple(sum(getattr(cell, name) for cell in cells) for name in ("impressions", "clicks", "conversions"))
    rows = [
        model.objects.filter(workspace=shop.cast.workspace, counted=True).count()
        for model in (Impression, Click, Conversion)
    ]
    assert sums == tuple(rows)
    return sums  # type: ignore[return-value]


def make_shop(cast: Cast, *, text: str = TEXT, **values: Any) -> Shop:
    campaign = factories.make_campaign(cast, running=True)
    variant = factories.make_variant(cast, status="approved", campaign=campaign, text=text, **values)
    placement = factories.make_placement(cast, variant=variant)
    api_client, key = factories.make_client(cast)
    return Shop(cast, campaign, variant, placement, api_client, key)

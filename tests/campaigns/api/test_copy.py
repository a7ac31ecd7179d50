"""GET /api/v1/copy and /api/v1/copy/<id>."""

from __future__ import annotations

import base64
import datetime as dt
from typing import Any
from urllib.parse import urlencode

import pytest
from django.utils import timezone

from campaigns.models import Variant
from campaigns.services.review import variant_retire
from campaigns.services.variant import variant_edit
from tests import factories
from tests.campaigns.shop import TEXT, Shop, make_shop
from tests.people import make_cast


def listed(shop: Shop, **query: Any) -> list[int]:
    response = shop.get(f"/api/v1/copy?{urlencode(query)}")
    assert response.status_code == 200, response.content
    return [entry["id"] for entry in response.json()["results"]]


def test_an_entry_says_what_was_approved(shop: Shop) -> None:
    response = shop.get("/api/v1/copy")
    [entry] = response.json()["results"]
    assert entry["text"] == TEXT
    assert entry["id"] == shop.variant.pk and entry["revision"] == shop.variant.approved_revision_id
    assert entry["campaign"] == {"id": shop.campaign.pk, "name": shop.campaign.name, "status": "running"}
    assert entry["channel"] == "email_subject" and entry["product"] is None and entry["segment"] is None
    assert entry["approved_at"] is not None and entry["ai"]["generated"] is False
    assert shop.get(f"/api/v1/copy/{shop.variant.pk}").json() == entry


def test_drafts_and_texts_in_review_are_not_listed(shop: Shop) -> None:
    for status in ("draft", "in_review", "changes_requested", "retired"):
        variant = factories.make_variant(shop.cast, status=status, campaign=shop.campaign, text=f"Not {status}")
        assert shop.get(f"/api/v1/copy/{variant.pk}").status_code == 404
    assert listed(shop) == [shop.variant.pk]


def test_a_newer_draft_does_not_show(shop: Shop) -> None:
    variant_edit(actor=shop.cast.copywriter, variant=shop.variant, text="Unread words", base_revision=1)
    assert shop.get(f"/api/v1/copy/{shop.variant.pk}").json()["text"] == TEXT


def test_retired_copy_is_gone(shop: Shop) -> None:
    variant_retire(actor=shop.cast.approver, variant=shop.variant)
    assert listed(shop) == []
    assert shop.get(f"/api/v1/copy/{shop.variant.pk}").status_code == 404


def test_filters_narrow_the_list(shop: Shop) -> None:
    product = factories.make_product(shop.cast)
    chinese = factories.make_variant(
        shop.cast, status="approved", campaign=shop.campaign, text="轻", language="zh-hans", product=product
    )
    other = factories.make_variant(shop.cast, status="approved", text="Elsewhere", channel_key="sms")
    everything = {shop.variant.pk, chinese.pk, other.pk}
    assert set(listed(shop)) == everything
    assert listed(shop, language="zh-hans") == [chinese.pk]
    assert listed(shop, sku=product.sku) == [chinese.pk]
    assert listed(shop, channel=other.channel.key) == [other.pk]
    assert listed(shop, campaign=other.campaign_id) == [other.pk]
    assert set(listed(shop, updated_since="2000-01-01T00:00:00Z")) == everything
    assert listed(shop, updated_since=(timezone.now() + dt.timedelta(hours=1)).isoformat()) == []


def test_pages_hold_everything_once(shop: Shop) -> None:
    for number in range(7):
        factories.make_variant(shop.cast, status="approved", campaign=shop.campaign, text=f"Text {number}")
    seen: list[int] = []
    url: str | None = "/api/v1/copy?limit=3"
    while url:
        body = shop.get(url).json()
        seen += [entry["id"] for entry in body["results"]]
        url = body["next"]
    assert seen == sorted(
        Variant.objects.filter(workspace=shop.cast.workspace).values_list("pk", flat=True), reverse=True
    )


def test_another_workspace_sees_nothing_of_it(shop: Shop) -> None:
    other = make_shop(make_cast("other"), text="Other words")
    missing = other.get("/api/v1/copy/999999999")
    foreign = other.get(f"/api/v1/copy/{shop.variant.pk}")
    assert (foreign.status_code, foreign.json()) == (missing.status_code, missing.json()) == (404, missing.json())
    assert listed(other) == [other.variant.pk]
    assert listed(other, campaign=shop.campaign.pk) == []
    assert TEXT not in other.get("/api/v1/copy").content.decode()


def cursor(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        cursor("p=abc"),
        cursor("p="),
        cursor("p=-1"),
        cursor("p=9223372036854775808"),
        cursor("p=1e5"),
        cursor("p=٣"),
        "é",
    ],
)
def test_a_cursor_from_nowhere_is_a_404(shop: Shop, text: str) -> None:
    response = shop.get(f"/api/v1/copy?{urlencode({'cursor': text})}")
    assert response.status_code == 404 and response.json()["code"] == "unknown_cursor"


@pytest.mark.parametrize(
    "query",
    [
        {"cursor": "A" * 201},
        {"limit": "0"},
        {"limit": "201"},
        {"limit": "-1"},
        {"limit": "many"},
        {"limit": "٣"},
        {"campaign": "0"},
        {"campaign": "9223372036854775808"},
        {"campaign": "99999999999999999999999"},
        {"campaign": "1 OR 1=1"},
        {"language": "fr"},
        {"updated_since": "yesterday"},
        {"updated_since": ""},
        {"channel": ""},
        {"sku": "x" * 121},
    ],
)
def test_nonsense_in_the_query_is_a_422(shop: Shop, query: dict[str, str]) -> None:
    response = shop.get(f"/api/v1/copy?{urlencode(query)}")
    assert response.status_code == 422, response.content
    assert [error["pointer"] for error in response.json()["errors"]] == [f"/{name}" for name in query]


@pytest.mark.parametrize(
    "query",
    ["channel=%00", "q=%00", "cursor=%00", "sku=%ED%A0%80", "sku=%FF%FE", "campaign__workspace=1", "_connector=OR",
     "workspace=2", "id__gt=0", "language=en&language=fr", "campaign=9223372036854775807", "cursor=bz0xMDAw", "cursor=bz05OTk5OTk5OTk5OTk5OTk5OTk5OQ%3D%3D"],
)  # fmt: skip
def test_hostile_queries_are_answered_without_a_server_error(shop: Shop, query: str) -> None:
    response = shop.get(f"/api/v1/copy?{query}")
    assert response.status_code in {200, 400, 404, 422}, response.content


@pytest.mark.parametrize("number", [0, 2**31, 2**63 - 1, 2**63, 2**64, 10**40])
def test_numbers_of_nothing_are_a_404(shop: Shop, number: int) -> None:
    response = shop.get(f"/api/v1/copy/{number}")
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["-1", "abc", "1.5", "%00", "1%00", "%2e%2e"])
def test_paths_that_are_no_number_are_refused(shop: Shop, path: str) -> None:
    response = shop.get(f"/api/v1/copy/{path}")
    assert response.status_code in {400, 404}
    assert response["Content-Type"] == "application/problem+json"


def test_the_list_asks_the_database_a_fixed_number_of_times(shop: Shop, django_assert_max_num_queries: Any) -> None:
    for number in range(5):
        factories.make_variant(shop.cast, status="approved", campaign=shop.campaign, text=f"Text {number}")
    shop.get("/api/v1/copy")
    with django_assert_max_num_queries(1):
        assert len(listed(shop)) == 6

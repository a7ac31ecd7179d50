"""GET /api/v1/decide."""

from __future__ import annotations

import hashlib
import unicodedata

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from campaigns.services.campaign import campaign_move
from campaigns.services.delivery import shelf
from campaigns.services.exposure import SigningKeys, pseudonym, token_read
from campaigns.services.placement import placement_assign, placement_change
from campaigns.services.review import variant_retire
from campaigns.services.variant import variant_edit
from tests import factories
from tests.campaigns.shop import TEXT, Shop, make_shop
from tests.people import Cast, make_cast


def test_it_answers_with_the_approved_text_and_where_it_comes_from(shop: Shop) -> None:
    response = shop.decide()
    body = response.json()
    assert response.status_code == 200
    assert body["text"] == TEXT
    assert body["sha256"] == hashlib.sha256(TEXT.encode()).hexdigest()
    assert (body["source"], body["language"], body["channel"]) == ("approved", "en", "email_subject")
    assert (body["variant"], body["revision"]) == (shop.variant.pk, shop.variant.approved_revision_id)
    assert body["ai"]["generated"] is False and body["ai"]["label"] is None
    assert response["AI-Disclosure"] == "mode=none"
    assert response["Cache-Control"] == "private, max-age=30"
    assert response["Copy-Exposure-Token"] == body["token"]


STRANGE = [
    unicodedata.normalize("NFC", "Café à la carte"),
    unicodedata.normalize("NFD", "Café à la carte"),
    "Line one\r\nline two\r\n",
    "👩‍👩‍👧 family\u200d pack",
    "trailing blanks   \t ",
    "  leading",
    "non\u00a0breaking\u2028separator\u2029",
    "\u202bעברית\u202c and ltr",
    "ﬁ ligature Å Å 智能手表",
    '<b>"quoted" & \\escaped\\</b>',
]


@pytest.mark.parametrize("text", STRANGE)
def test_the_bytes_served_are_the_bytes_approved(cast: Cast, text: str) -> None:
    shop = make_shop(cast, text=text)
    body = shop.decide().json()
    assert body["text"].encode() == text.encode()
    assert body["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    copy = shop.get(f"/api/v1/copy/{shop.variant.pk}").json()
    assert copy["text"].encode() == text.encode()


def test_an_edit_leaves_the_approved_text_in_place(shop: Shop) -> None:
    variant_edit(actor=shop.cast.copywriter, variant=shop.variant, text="Unread words", base_revision=1)
    shelf.clear()
    assert shop.decide().json()["text"] == TEXT


def test_text_by_a_model_carries_its_label_in_the_language_of_the_copy(cast: Cast) -> None:
    shop = make_shop(cast, text="轻至 320 克", language="zh-hans")
    type(shop.variant).objects.filter(pk=shop.variant.pk).update(is_ai_made=True)
    response = shop.decide()
    ai = response.json()["ai"]
    assert ai["generated"] is True
    assert ai["label"] == {"text": "AI生成", "language": "zh-hans"}
    assert ai["metadata"]["aigc"]["Label"] == "1"
    assert response["AI-Disclosure"] == "mode=ai-originated"


def test_the_token_states_the_exposure_and_hides_the_visitor(shop: Shop) -> None:
    keys = SigningKeys.derive(shop.cast.workspace.signing_key)
    exposure = token_read(keys=keys, token=shop.token("jane@example.com"))
    assert exposure is not None
    assert (exposure.workspace, exposure.placement) == (shop.cast.workspace.pk, shop.placement.pk)
    assert (exposure.variant, exposure.revision) == (shop.variant.pk, shop.variant.approved_revision_id)
    assert exposure.visitor == pseudonym(keys=keys, visitor="jane@example.com")


def test_a_304_still_brings_a_fresh_token(shop: Shop) -> None:
    first = shop.decide()
    second = shop.decide(headers={"If-None-Match": first["ETag"]})
    assert second.status_code == 304 and second.content == b""
    assert second["ETag"] == first["ETag"]
    assert second["Copy-Exposure-Token"] not in {"", first["Copy-Exposure-Token"]}
    assert second["AI-Disclosure"] == "mode=none"


def test_the_etag_changes_with_what_is_served(shop: Shop) -> None:
    first = shop.decide()
    other = factories.make_variant(shop.cast, status="approved", campaign=shop.campaign, text="Other words")
    placement_assign(actor=shop.cast.approver, placement=shop.placement, variant=other)
    shelf.clear()
    second = shop.decide(headers={"If-None-Match": first["ETag"]})
    assert second.status_code == 200 and second.json()["text"] == "Other words"


@pytest.mark.parametrize("verb", ["pause", "finish"])
def test_copy_of_a_stopped_campaign_gives_way_to_the_fallback(shop: Shop, verb: str) -> None:
    placement_change(
        actor=shop.cast.approver,
        placement=shop.placement,
        name="Home",
        channel=shop.placement.channel,
        fallback_text="Welcome",
    )
    campaign_move(actor=shop.cast.approver, campaign=shop.campaign, verb=verb)
    shelf.clear()
    response = shop.decide()
    body = response.json()
    assert (body["source"], body["text"], body["token"]) == ("fallback", "Welcome", None)
    assert body["variant"] is body["revision"] is body["language"] is None
    assert "Copy-Exposure-Token" not in response


def test_without_copy_and_fallback_there_is_a_404(shop: Shop) -> None:
    variant_retire(actor=shop.cast.approver, variant=shop.variant)
    shelf.clear()
    response = shop.decide()
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "nothing_to_serve"


def test_an_unknown_placement_is_a_404(shop: Shop) -> None:
    assert shop.decide(placement="nowhere").json()["code"] == "unknown_placement"


def test_a_placement_of_another_workspace_is_unknown(shop: Shop) -> None:
    other = make_shop(make_cast("other"))
    response = shop.decide(placement=other.placement.slug)
    assert response.status_code == 404
    assert response.json() == shop.decide(placement="nowhere").json()


def test_language_product_and_segment_are_conditions(cast: Cast) -> None:
    product, segment = factories.make_product(cast), factories.make_segment(cast)
    shop = make_shop(cast, product=product, segment=segment)
    assert shop.decide(language="en", product=product.sku, segment=segment.slug).status_code == 200
    for unfit in ({"language": "zh-hans"}, {"product": "OTHER"}, {"segment": "others"}):
        assert shop.decide(**unfit).json()["code"] == "nothing_to_serve"


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"visitor": ""}, "/visitor"),
        ({"visitor": "v" * 257}, "/visitor"),
        ({"placement": ""}, "/placement"),
        ({"language": "xx"}, "/language"),
        ({"product": ""}, "/product"),
    ],
)
def test_a_wrong_query_is_named(shop: Shop, query: dict[str, str], pointer: str) -> None:
    response = shop.decide(**query)
    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]


def test_a_warm_decision_asks_no_database(shop: Shop) -> None:
    shop.decide()
    with CaptureQueriesContext(connection) as queries:
        for number in range(5):
            assert shop.decide(visitor=f"visitor-{number}").status_code == 200
    assert len(queries) == 0, [query["sql"] for query in queries]


def test_after_a_second_one_query_looks_at_the_version(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.decide()
    base = shelf.clock()
    monkeypatch.setattr(shelf, "clock", lambda: base + 1.5)
    with CaptureQueriesContext(connection) as queries:
        shop.decide()
        shop.decide()
    assert len(queries) == 1 and "delivery_version" in queries[0]["sql"]


def test_a_change_is_seen_after_a_second(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.decide()
    base = shelf.clock()
    other = factories.make_variant(shop.cast, status="approved", campaign=shop.campaign, text="New words")
    placement_assign(actor=shop.cast.approver, placement=shop.placement, variant=other)
    monkeypatch.setattr(shelf, "clock", lambda: base + 1.0)
    assert shop.decide().json()["text"] == "New words"


def test_while_the_database_is_away_copy_is_served_from_memory(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(workspace_id: int) -> None:
        raise OperationalError("the connection is lost")

    shop.decide()
    base = shelf.clock()
    monkeypatch.setattr("campaigns.services.delivery.version_read", away)
    monkeypatch.setattr("campaigns.services.delivery.payload_read", away)
    monkeypatch.setattr(shelf, "clock", lambda: base + 30)
    assert shop.decide().json()["text"] == TEXT
    monkeypatch.setattr(shelf, "clock", lambda: base + 200)
    response = shop.decide()
    assert response.status_code == 503 and response["Retry-After"] == "5"


def test_a_text_that_does_not_match_its_hash_is_not_served(shop: Shop) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE campaigns_revision DISABLE TRIGGER append_only")
        cursor.execute(
            "UPDATE campaigns_revision SET text = 'tampered' WHERE id = %s", [shop.variant.approved_revision_id]
        )
        cursor.execute("ALTER TABLE campaigns_revision ENABLE TRIGGER append_only")
    assert shop.decide().status_code == 404

"""Reading placements in the browser."""

from __future__ import annotations

from typing import Any

from campaigns.services.campaign import campaign_move
from campaigns.services.review import variant_retire
from tests import factories
from tests.campaigns.shop import TEXT, Shop, event, make_shop
from tests.people import Cast, make_cast


def detail(shop: Shop) -> str:
    return f"/w/{shop.cast.workspace.slug}/placements/{shop.placement.pk}/"


def page(shop: Shop, url: str, **headers: str) -> str:
    response = shop.cast.client(shop.cast.viewer).get(url, headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def test_an_empty_list_says_what_a_placement_is(cast: Cast) -> None:
    response = cast.client(cast.viewer).get(f"/w/{cast.workspace.slug}/placements/")
    assert "No placements yet" in response.content.decode()


def test_the_list_shows_what_each_one_serves(shop: Shop) -> None:
    factories.make_placement(shop.cast, fallback_text="Welcome")
    factories.make_placement(shop.cast)
    text = page(shop, f"/w/{shop.cast.workspace.slug}/placements/")
    assert TEXT in text and "Welcome" in text and "No copy is chosen yet." in text


def test_the_page_shows_the_served_text_the_call_and_todays_counts(shop: Shop) -> None:
    token = shop.token()
    shop.send(event(token), event(token, "click"))
    text = page(shop, detail(shop))
    assert TEXT in text and str(shop.variant.approved_revision.sha256) in text
    assert f"/api/v1/decide?placement={shop.placement.slug}" in text
    assert text.count('<span class="stat-value">1</span>') == 2


def test_the_page_says_why_the_chosen_copy_is_not_served(shop: Shop) -> None:
    campaign_move(actor=shop.cast.approver, campaign=shop.campaign, verb="pause")
    assert "not running" in page(shop, detail(shop))
    variant_retire(actor=shop.cast.approver, variant=shop.variant)
    assert "no longer approved" in page(shop, detail(shop))


def test_hostile_text_is_shown_as_text(cast: Cast) -> None:
    shop = make_shop(cast, text="<script>alert(1)</script>")
    text = page(shop, detail(shop))
    assert "<script>alert(1)" not in text and "&lt;script&gt;alert(1)" in text


def test_a_search_returns_only_the_list_to_htmx(shop: Shop) -> None:
    factories.make_variant(shop.cast, status="approved", campaign=shop.campaign, text="Walk further")
    text = page(shop, f"{detail(shop)}?q=further", **{"HX-Request": "true"})
    assert "Walk further" in text and TEXT not in text and "<html" not in text


def test_copy_of_other_workspaces_is_not_offered(shop: Shop) -> None:
    make_shop(make_cast("other"), text="Foreign words")
    assert "Foreign words" not in page(shop, detail(shop))


def test_a_viewer_sees_no_buttons_that_are_not_theirs(shop: Shop) -> None:
    text = page(shop, detail(shop))
    assert "Stop serving" not in text and "/edit/" not in text
    approver = shop.cast.client(shop.cast.approver).get(detail(shop)).content.decode()
    assert "Stop serving" in approver and "/edit/" in approver


def test_the_list_asks_the_database_a_fixed_number_of_times(shop: Shop, django_assert_max_num_queries: Any) -> None:
    for number in range(5):
        variant = factories.make_variant(shop.cast, status="approved", campaign=shop.campaign, text=f"Text {number}")
        factories.make_placement(shop.cast, variant=variant)
    client = shop.cast.client(shop.cast.viewer)
    client.get(f"/w/{shop.cast.workspace.slug}/placements/")
    with django_assert_max_num_queries(12):
        client.get(f"/w/{shop.cast.workspace.slug}/placements/")

"""The list of products: filters, pages, and how many queries they take."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.services.product import product_archive
from tests import factories
from tests.people import Cast

LIST = "/w/shop/products/"


def titles(cast: Cast, **query: Any) -> list[str]:
    page = cast.client(cast.viewer).get(LIST, query).context["page"]
    return sorted(product.title for product in page)


@pytest.fixture
def shelf(cast: Cast) -> Cast:
    factories.make_product(cast, sku="T-1", title="Green tea", category="Tea", vendor="Leaf")
    factories.make_product(cast, sku="T-2", title="龙井绿茶", category="Tea", vendor="Jade")
    jacket = factories.make_product(cast, sku="J-1", title="Jacket 100%", category="Outdoor", vendor="Jade")
    product_archive(actor=cast.copywriter, product=jacket, archived=True)
    return cast


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["Green tea", "Jacket 100%", "龙井绿茶"]),
        ({"q": "TEA"}, ["Green tea"]),
        ({"q": "绿茶"}, ["龙井绿茶"]),
        ({"q": " t-1 "}, ["Green tea"]),
        ({"q": "jade"}, ["Jacket 100%", "龙井绿茶"]),
        ({"q": "100%"}, ["Jacket 100%"]),
        ({"q": "%"}, ["Jacket 100%"]),
        ({"q": "_"}, []),
        ({"q": "' OR 1=1 --"}, []),
        ({"category": "Tea"}, ["Green tea", "龙井绿茶"]),
        ({"vendor": "Jade", "category": "Tea"}, ["龙井绿茶"]),
        ({"status": "archived"}, ["Jacket 100%"]),
        ({"status": "active", "vendor": "Jade"}, ["龙井绿茶"]),
    ],
)
def test_the_filters_find_exactly(shelf: Cast, query: dict[str, str], found: list[str]) -> None:
    assert titles(shelf, **query) == found


def test_the_filters_offer_what_the_workspace_has_and_nothing_of_another(shelf: Cast) -> None:
    from campaigns.services.product import ProductData, product_save

    foreign = ProductData(sku="X", title="Foreign thing", category="Secret", vendor="Rival")
    product_save(actor=shelf.stranger, workspace=shelf.elsewhere, data=foreign)
    response = shelf.client(shelf.viewer).get(LIST)
    offered = dict(response.context["filter"].form.fields["category"].choices)
    assert set(offered) == {"", "Tea", "Outdoor"}
    for word in ("Foreign thing", "Secret", "Rival"):
        assert word not in response.content.decode()


@pytest.mark.parametrize("page", ["0", "-1", "999", "abc", "9" * 40, "２"])
def test_a_page_that_does_not_exist_is_the_nearest_one(shelf: Cast, page: str) -> None:
    assert titles(shelf, page=page) == ["Green tea", "Jacket 100%", "龙井绿茶"]


def test_pages_hold_all_rows_once(cast: Cast) -> None:
    made = {factories.make_product(cast).pk for _ in range(settings.PAGE_SIZE * 2 + 1)}
    seen: list[int] = []
    for number in (1, 2, 3):
        page = cast.client(cast.viewer).get(LIST, {"page": number}).context["page"]
        seen += [product.pk for product in page]
    assert len(seen) == len(set(seen)) and set(seen) == made


def test_htmx_gets_the_very_rows_of_the_page(shelf: Cast) -> None:
    client = shelf.client(shelf.viewer)
    fragment = client.get(LIST, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment and 'id="products"' in fragment
    assert fragment.strip() in client.get(LIST).content.decode()


def test_an_empty_list_says_what_to_do(cast: Cast) -> None:
    assert "No products yet" in cast.client(cast.viewer).get(LIST).content.decode()


def test_a_filter_without_a_match_says_so(shelf: Cast) -> None:
    assert "No product matches" in shelf.client(shelf.viewer).get(LIST, {"q": "zzz"}).content.decode()


def queries(cast: Cast, path: str) -> int:
    client = cast.client(cast.copywriter)
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def test_fifty_rows_take_as_many_queries_as_five(cast: Cast, settings: Any) -> None:
    settings.PAGE_SIZE = 50
    for _ in range(5):
        factories.make_product(cast)
    few = queries(cast, LIST)
    for _ in range(45):
        factories.make_product(cast)
    assert queries(cast, LIST) == few <= 15


def test_a_product_with_much_copy_takes_as_many_queries_as_one_with_little(cast: Cast) -> None:
    product = factories.make_product(cast)
    campaign = factories.make_campaign(cast)
    page = f"{LIST}{product.pk}/"
    factories.make_variant(cast, campaign=campaign, product=product)
    few = queries(cast, page)
    for number in range(8):
        factories.make_variant(cast, campaign=campaign, product=product, text=f"Dry, {number}")
    assert queries(cast, page) == few <= 15

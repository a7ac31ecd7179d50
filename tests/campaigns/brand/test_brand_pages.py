"""The list of brands and the page of one."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import factories
from tests.people import Cast

LIST = "/w/shop/brands/"


def queries(cast: Cast, path: str) -> int:
    client = cast.client(cast.viewer)
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def test_fifty_brands_take_as_many_queries_as_five(cast: Cast, settings: Any) -> None:
    settings.PAGE_SIZE = 50
    for _ in range(5):
        factories.make_campaign(cast, brand=factories.make_brand(cast))
    few = queries(cast, LIST)
    for _ in range(45):
        factories.make_campaign(cast, brand=factories.make_brand(cast))
    assert queries(cast, LIST) == few <= 12


def test_a_brand_with_many_campaigns_takes_as_many_queries_as_one_with_one(cast: Cast) -> None:
    brand = factories.make_brand(cast)
    factories.make_campaign(cast, brand=brand)
    few = queries(cast, f"{LIST}{brand.pk}/")
    for _ in range(10):
        factories.make_campaign(cast, brand=brand)
    assert queries(cast, f"{LIST}{brand.pk}/") == few <= 12


def test_the_list_counts_the_campaigns_of_each_brand(cast: Cast) -> None:
    brand = factories.make_brand(cast, name="Northway")
    for _ in range(3):
        factories.make_campaign(cast, brand=brand)
    factories.make_brand(cast, name="Unused")
    page = cast.client(cast.viewer).get(LIST).context["page"]
    assert {row.name: row.campaign_count for row in page} == {"Northway": 3, "Unused": 0}


def test_the_list_is_in_pages_and_by_name(cast: Cast, settings: Any) -> None:
    settings.PAGE_SIZE = 2
    for name in ("C", "A", "B"):
        factories.make_brand(cast, name=name)
    client = cast.client(cast.viewer)
    names = [[row.name for row in client.get(LIST, {"page": page}).context["page"]] for page in (1, 2)]
    assert names == [["A", "B"], ["C"]]


def test_a_viewer_reads_and_is_offered_nothing_to_write(cast: Cast) -> None:
    brand = factories.make_brand(cast)
    for path in (LIST, f"{LIST}{brand.pk}/"):
        page = cast.client(cast.viewer).get(path).content.decode()
        assert "/brands/new/" not in page and "/edit/" not in page


def test_an_empty_list_offers_the_first_step_only_to_who_may_take_it(cast: Cast) -> None:
    assert "/brands/new/" in cast.client(cast.copywriter).get(LIST).content.decode()
    page = cast.client(cast.viewer).get(LIST).content.decode()
    assert "No brands yet" in page and "/brands/new/" not in page


def test_a_brand_of_another_workspace_is_404(cast: Cast) -> None:
    brand = factories.make_brand(cast)
    stranger = cast.client(cast.stranger)
    for slug in ("shop", cast.elsewhere.slug):
        assert stranger.get(f"/w/{slug}/brands/{brand.pk}/").status_code == 404


def test_an_id_beyond_what_the_database_can_hold_is_404(cast: Cast) -> None:
    for pk in (2**31, 2**63, 10**30):
        for noun in ("brands", "products", "segments"):
            assert cast.client(cast.viewer).get(f"/w/shop/{noun}/{pk}/").status_code == 404

"""The list of segments and the page of one."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import factories
from tests.people import Cast

LIST = "/w/shop/segments/"


def queries(cast: Cast, path: str) -> int:
    client = cast.client(cast.viewer)
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def test_fifty_segments_take_as_many_queries_as_five(cast: Cast, settings: Any) -> None:
    settings.PAGE_SIZE = 50
    for _ in range(5):
        factories.make_segment(cast)
    few = queries(cast, LIST)
    for _ in range(45):
        factories.make_segment(cast)
    assert queries(cast, LIST) == few <= 12


def test_a_segment_with_much_copy_takes_as_many_queries_as_one_with_little(cast: Cast) -> None:
    segment, campaign = factories.make_segment(cast), factories.make_campaign(cast)
    factories.make_variant(cast, campaign=campaign, segment=segment)
    few = queries(cast, f"{LIST}{segment.pk}/")
    for number in range(8):
        factories.make_variant(cast, campaign=campaign, segment=segment, text=f"Light, {number}")
    assert queries(cast, f"{LIST}{segment.pk}/") == few <= 12


def test_the_page_shows_interests_words_and_copy(cast: Cast) -> None:
    segment = factories.make_segment(
        cast, interests=[{"name": "徒步", "weight": 0.9}], words=["trail"], avoid_words=["extreme"]
    )
    factories.make_variant(cast, segment=segment, text="Light on the trail")
    page = cast.client(cast.viewer).get(f"{LIST}{segment.pk}/").content.decode()
    for text in ("徒步", "0.90", "trail", "extreme", "Light on the trail"):
        assert text in page


def test_the_list_is_in_pages_and_by_name(cast: Cast, settings: Any) -> None:
    settings.PAGE_SIZE = 2
    for name in ("C", "A", "B"):
        factories.make_segment(cast, name=name)
    client = cast.client(cast.viewer)
    names = [[row.name for row in client.get(LIST, {"page": page}).context["page"]] for page in (1, 2)]
    assert names == [["A", "B"], ["C"]]


def test_a_viewer_is_offered_nothing_to_write(cast: Cast) -> None:
    client = cast.client(cast.viewer)
    assert "/segments/new/" not in client.get(LIST).content.decode()
    segment = factories.make_segment(cast)
    for path in (LIST, f"{LIST}{segment.pk}/"):
        page = client.get(path).content.decode()
        assert "/segments/new/" not in page and "/edit/" not in page


def test_a_segment_of_another_workspace_is_404(cast: Cast) -> None:
    segment = factories.make_segment(cast)
    for slug in ("shop", cast.elsewhere.slug):
        assert cast.client(cast.stranger).get(f"/w/{slug}/segments/{segment.pk}/").status_code == 404

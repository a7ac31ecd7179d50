"""The texts of a run as a list and side by side: filters, orders, pages, and that their queries do not grow."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.selectors.run_results import ORDERS, Wanted, result_pages
from campaigns.services.variant import variant_adopt
from generation.models import GenerationRun
from tests import factories
from tests.campaigns.copy_makers import make_brief, make_run, write_candidates
from tests.people import Cast


def url(run: GenerationRun, rest: str = "candidates/") -> str:
    return f"/w/{run.workspace.slug}/runs/{run.pk}/{rest}"


@pytest.fixture
def run(cast: Cast) -> GenerationRun:
    """Two products, a segment and everybody else, two channels: one text for each, two for the first."""
    factories.make_product(cast, title="Almond hat", sku="HAT-1")
    factories.make_product(cast, title="Beige scarf", sku="SCARF-1")
    return filled(cast, "Autumn")


def filled(cast: Cast, name: str) -> GenerationRun:
    segments = [
        factories.make_segment(cast, name=f"{name} hikers"),
        factories.make_segment(cast, name=f"{name} walkers"),
    ]
    channels = [factories.channel(cast), factories.channel(cast, "push_ios_title")]
    run = make_run(cast, brief=make_brief(cast, name=name, segments=segments, channels=channels))
    for item in run.items.order_by("position"):
        more = ["At $49 dry"] if item.position == 0 else []
        write_candidates(run, [f"Dry {chr(97 + item.position % 26)}", *more], item=item, marked_only=True)
    return run


def shown(cast: Cast, run: GenerationRun, **query: object) -> list[str]:
    page = cast.client(cast.viewer).get(url(run), query)
    assert page.status_code == 200 and page.context["page"].paginator.count == len(page.context["cards"])
    return [card.text for _candidate, card in page.context["cards"]]


def test_they_stand_in_the_order_of_the_items_the_best_first(cast: Cast, run: GenerationRun) -> None:
    assert shown(cast, run) == ["Dry a", "At $49 dry", *(f"Dry {letter}" for letter in "bcdefgh")]


def test_they_are_narrowed_down(cast: Cast, run: GenerationRun) -> None:
    part = run.items.get(position=0).brief_item
    assert len(shown(cast, run, q="almond")) == 5 and len(shown(cast, run, q="scarf-1")) == 4
    assert len(shown(cast, run, segment=part.segment_id)) == 5
    assert len(shown(cast, run, channel=part.channel_id)) == 5
    assert len(shown(cast, run, channel=part.channel_id, segment=part.segment_id, q="almond")) == 2
    assert shown(cast, run, show="findings") == ["At $49 dry"]
    assert len(shown(cast, run, show="clean")) == 8
    variant_adopt(actor=cast.copywriter, candidate=run.items.get(position=3).candidates.get())
    assert shown(cast, run, show="adopted") == ["Dry d"] and len(shown(cast, run, show="open")) == 8


def test_what_is_left_is_counted_with_every_other_filter(cast: Cast, run: GenerationRun) -> None:
    """``shown`` holds the count against the texts; the run of another brief has as many of each."""
    other = filled(cast, "Winter")
    for one in (run, other):
        variant_adopt(actor=cast.copywriter, candidate=one.items.get(position=0).candidates.get(slot=0))
    assert shown(cast, run, show="clean", q="almond") == [f"Dry {letter}" for letter in "abcd"]
    assert shown(cast, run, show="open", q="almond") == ["At $49 dry", "Dry b", "Dry c", "Dry d"]
    assert shown(cast, run, show="adopted", q="scarf") == [] and len(shown(cast, run, show="open", q="scarf")) == 4
    item = run.items.get(position=0).pk
    page = cast.client(cast.viewer).get(url(run), {"item": item})
    assert [card.text for _candidate, card in page.context["cards"]] == ["Dry a", "At $49 dry"]


@pytest.mark.parametrize("sort", ORDERS)
@pytest.mark.parametrize("show", ["", "findings", "clean", "adopted", "open"])
def test_a_list_of_a_whole_run_reads_no_item(cast: Cast, run: GenerationRun, sort: str, show: str) -> None:
    """There may be tens of thousands."""
    page = result_pages(run, Wanted(show=show), sort=sort)
    with CaptureQueriesContext(connection) as found:
        assert page.count == len(page.object_list)
    assert len(found) >= 1 and not any("generation_generationitem" in one["sql"] for one in found)


@pytest.mark.parametrize("name", ["segment", "channel", "show", "sort", "page"])
def test_nonsense_narrows_nothing_down(cast: Cast, run: GenerationRun, name: str) -> None:
    assert len(shown(cast, run, **{name: "nonsense"})) == 9


def test_copy_for_everybody_can_be_chosen(cast: Cast) -> None:
    run = make_run(cast)
    write_candidates(run, ["Stay dry"])
    assert shown(cast, run, segment="everybody") == ["Stay dry"]


def test_they_are_sorted(cast: Cast, run: GenerationRun) -> None:
    assert shown(cast, run, sort="long")[0] == "At $49 dry" and shown(cast, run, sort="short")[-1] == "At $49 dry"


def test_the_grid_has_a_row_for_each_product_and_the_best_text_in_each_cell(cast: Cast, run: GenerationRun) -> None:
    page = cast.client(cast.viewer).get(url(run, "grid/"))
    rows = page.context["page"].object_list
    assert [row.product.title for row in rows] == ["Almond hat", "Beige scarf"]
    assert [[cell.card.text for cell in row.cells] for row in rows] == [
        ["Dry a", "Dry b", "Dry c", "Dry d"],
        ["Dry e", "Dry f", "Dry g", "Dry h"],
    ]
    assert rows[0].cells[0].others == 1 and "1 more" in page.content.decode()
    assert "5 / 150 characters" in page.content.decode()
    part = run.items.get(position=1).brief_item
    one = cast.client(cast.viewer).get(url(run, "grid/"), {"channel": part.channel_id, "q": "hat"})
    assert [[cell.card.text for cell in row.cells] for row in one.context["page"]] == [["Dry b", "Dry d"]]
    alone = cast.client(cast.viewer).get(url(run, "grid/"), {"segment": part.segment_id})
    assert len(alone.context["names"]) == 2


def test_an_item_without_a_text_is_an_empty_cell(cast: Cast) -> None:
    run = make_run(cast)
    page = cast.client(cast.viewer).get(url(run, "grid/")).content.decode()
    assert "no text" in page


def test_an_item_without_a_text_does_not_send_to_filters_that_it_has_not(cast: Cast, run: GenerationRun) -> None:
    empty = make_run(cast, brief=make_brief(cast, name="Winter"))
    item = empty.items.order_by("position")[0]
    page = cast.client(cast.viewer).get(url(empty), {"item": item.pk}).content.decode()
    assert "No text of this item" in page and "Change the filters above." not in page
    page = cast.client(cast.viewer).get(url(run), {"q": "nothing"}).content.decode()
    assert "No text of this item" not in page and "Change the filters above." in page


def test_the_other_texts_of_a_cell_come_on_demand(cast: Cast, run: GenerationRun) -> None:
    item = run.items.get(position=0)
    more = cast.client(cast.copywriter).get(url(run, f"grid/{item.pk}/")).content.decode()
    assert "$49" in more and "Dry a" not in more and "<html" not in more and "10 / 150 characters" in more
    other = make_run(cast, brief=make_brief(cast, name="Other"))
    assert cast.client(cast.copywriter).get(url(other, f"grid/{item.pk}/")).status_code == 404


@pytest.mark.parametrize("rest", ["candidates/", "grid/", "items/", ""])
def test_a_stranger_gets_404_and_a_member_only_their_own_runs(cast: Cast, run: GenerationRun, rest: str) -> None:
    assert cast.client(cast.stranger).get(url(run, rest)).status_code == 404
    assert cast.client(cast.viewer).post(url(run, rest)).status_code == 405


@pytest.mark.parametrize(
    "rest", ["", "items/", "items/?state=short", "candidates/", "candidates/?show=open&q=dry", "grid/", "adopt/"]
)
def test_more_products_make_no_more_queries(cast: Cast, run: GenerationRun, rest: str) -> None:
    client = cast.client(cast.copywriter)

    def queries(of: GenerationRun) -> int:
        with CaptureQueriesContext(connection) as found:
            assert client.get(url(of, rest)).status_code == 200
        return sum("generation_" in one["sql"] or "campaigns_" in one["sql"] for one in found)

    def other() -> GenerationRun:
        for _n in range(4):
            factories.make_product(cast)
        return filled(cast, "Winter")

    queries(run)  # fills the caches of settings and permissions
    few = queries(run)
    assert queries(other()) <= few <= 12

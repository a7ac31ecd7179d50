"""The list of campaigns, a campaign's page with its numbers, and the dashboard."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from campaigns.models import DailyCount, Variant
from campaigns.selectors.charts import campaign_chart
from campaigns.selectors.results import Counts, campaign_results, campaign_totals
from tests import factories
from tests.campaigns.copy_makers import make_run
from tests.people import Cast, make_cast


def count(variant: Variant, placement: object, day: dt.date, **values: object) -> None:
    DailyCount.objects.create(
        workspace=variant.workspace,
        variant=variant,
        revision=variant.current_revision,
        placement=placement,
        day=day,
        **values,
    )


@pytest.fixture
def measured(cast: Cast) -> Variant:
    variant = factories.make_variant(cast, status="approved", campaign=factories.make_campaign(cast, running=True))
    placement = factories.make_placement(cast, variant=variant)
    today = timezone.now().date()
    count(variant, placement, today, impressions=100, clicks=7)
    count(variant, placement, today, conversions=2, value=Decimal("30.50"), currency="USD")
    count(variant, placement, today - dt.timedelta(days=2), impressions=50, clicks=5)
    return variant


def test_the_totals_add_up_over_days(measured: Variant) -> None:
    totals = campaign_totals(measured.campaign)
    assert totals == Counts(impressions=150, clicks=12, conversions=2, amounts={"USD": Decimal("30.50")})
    assert totals.click_rate == pytest.approx(0.08)
    assert [result.counts for result in campaign_results(measured.campaign)] == [totals]


def test_amounts_of_two_currencies_stand_side_by_side(cast: Cast, measured: Variant) -> None:
    today = timezone.now().date()
    count(measured, measured.placements.get(), today, conversions=1, value=Decimal("7000"), currency="CNY")
    totals = campaign_totals(measured.campaign)
    assert totals.conversions == 3
    assert totals.amounts == {"CNY": Decimal("7000"), "USD": Decimal("30.50")}
    page = cast.client(cast.viewer).get(f"/w/{cast.workspace.slug}/campaigns/{measured.campaign_id}/")
    assert "CNY\N{NO-BREAK SPACE}7,000.00 · USD\N{NO-BREAK SPACE}30.50" in page.content.decode()


def test_a_rate_without_impressions_is_none_and_not_zero() -> None:
    assert Counts(clicks=3).click_rate is None


def test_the_chart_leaves_a_gap_on_a_day_without_impressions(measured: Variant) -> None:
    chart = campaign_chart(measured.campaign, "click_rate")
    assert len(chart["labels"]) == 3
    assert chart["series"][0]["data"] == [pytest.approx(0.1), None, pytest.approx(0.07)]


def test_the_page_shows_the_numbers_as_chart_and_table(cast: Cast, measured: Variant) -> None:
    page = cast.client(cast.viewer).get(f"/w/{cast.workspace.slug}/campaigns/{measured.campaign_id}/")
    shown = page.content.decode()
    assert "data-chart=" in shown
    for figure in ("150", "12", "30.50", "8.00"):
        assert figure in shown


def test_another_metric_comes_as_a_fragment_or_as_the_page(cast: Cast, measured: Variant) -> None:
    url = f"/w/{cast.workspace.slug}/campaigns/{measured.campaign_id}/?metric=clicks"
    fragment = cast.client(cast.viewer).get(url, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment and 'id="results"' in fragment
    page = cast.client(cast.viewer).get(url).content.decode()
    assert "<html" in page and fragment.split("data-chart=")[1][:200] in page


def test_the_list_filters_by_status_and_search(cast: Cast) -> None:
    factories.make_campaign(cast, name="Autumn rain", running=True)
    factories.make_campaign(cast, name="Spring sale")
    url = f"/w/{cast.workspace.slug}/campaigns/"
    client = cast.client(cast.viewer)
    assert "Spring sale" not in client.get(url, {"status": "running"}).content.decode()
    assert "Autumn rain" not in client.get(url, {"q": "SPRING"}).content.decode()
    assert client.get(url, {"q": "nothing like it"}).status_code == 200


def test_a_campaign_of_another_workspace_is_404(cast: Cast) -> None:
    foreign = factories.make_campaign(make_cast("other"))
    assert cast.client(cast.admin).get(f"/w/{cast.workspace.slug}/campaigns/{foreign.pk}/").status_code == 404


def test_the_list_asks_as_many_queries_for_many_as_for_one(
    cast: Cast, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(12):
        factories.make_variant(cast)
    client = cast.client(cast.viewer)
    for page in ("campaigns/", "variants/", "runs/", "review/", ""):
        with django_assert_max_num_queries(25):
            assert client.get(f"/w/{cast.workspace.slug}/{page}").status_code == 200


def test_the_dashboard_shows_what_waits_for_me(cast: Cast) -> None:
    factories.make_variant(cast, status="in_review", text="Waits for a verdict")
    factories.make_variant(cast, status="changes_requested", text="Came back to its author")
    make_run(cast)
    url = f"/w/{cast.workspace.slug}/"
    approver = cast.client(cast.approver).get(url).content.decode()
    writer = cast.client(cast.copywriter).get(url).content.decode()
    assert "Waits for a verdict" in approver and "Came back to its author" not in approver
    assert "Came back to its author" in writer and "Too vague." in writer and "Waits for a verdict" not in writer


def test_an_empty_workspace_says_how_to_begin(cast: Cast) -> None:
    page = cast.client(cast.admin).get(f"/w/{cast.workspace.slug}/")
    assert page.context["steps_done"] == 0 and len(page.context["steps"]) == 6

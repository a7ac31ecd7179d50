"""Counters equal the raw events, and can be made to."""

from __future__ import annotations

import datetime as dt
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from campaigns.models import DailyCount, Impression
from campaigns.services.counters import tracking_rebuild
from copystudio.models import Event
from tests.campaigns.shop import Shop, event, make_shop
from tests.people import make_cast


@pytest.fixture
def busy(shop: Shop) -> Shop:
    for number in range(4):
        token = shop.token(f"v{number}")
        shop.send(event(token), event(token, "click"), event(token, "conversion", value=2.5, currency="EUR"))
    return shop


def cell(shop: Shop, currency: str = "") -> DailyCount:
    return DailyCount.objects.get(workspace=shop.cast.workspace, currency=currency)


def test_after_ordinary_traffic_nothing_differs(busy: Shop) -> None:
    assert tracking_rebuild(workspace=busy.cast.workspace) == []
    assert not Event.objects.filter(verb="tracking.rebuild").exists()


def test_wrong_counters_are_reported_and_mended(busy: Shop) -> None:
    DailyCount.objects.filter(currency="").update(impressions=99)
    DailyCount.objects.filter(currency="EUR").update(value="0.01")
    seen, sold = tracking_rebuild(workspace=busy.cast.workspace, actor=busy.cast.admin)
    assert seen.counters[:3] == (99, 4, 0) and seen.raw[:3] == (4, 4, 0)
    assert sold.cell.currency == "EUR" and (str(sold.counters[3]), str(sold.raw[3])) == ("0.01", "10.00")
    found = cell(busy, "EUR")
    assert (cell(busy).impressions, found.conversions, str(found.value)) == (4, 4, "10.00")
    assert Event.objects.get(verb="tracking.rebuild").actor == busy.cast.admin
    assert tracking_rebuild(workspace=busy.cast.workspace) == []


def test_amounts_from_before_there_were_currencies_are_sorted_by_them(busy: Shop) -> None:
    DailyCount.objects.filter(currency="EUR").delete()
    DailyCount.objects.update(conversions=4, value="10.00")
    assert len(tracking_rebuild(workspace=busy.cast.workspace)) == 2
    assert (str(cell(busy).value), str(cell(busy, "EUR").value)) == ("0.00", "10.00")


def test_missing_counters_come_back_and_invented_ones_go(busy: Shop) -> None:
    found = cell(busy)
    found.day = timezone.now().date() - dt.timedelta(days=30)
    found.save()
    differences = tracking_rebuild(workspace=busy.cast.workspace)
    assert len(differences) == 2
    assert cell(busy).impressions == 4


def test_events_that_are_not_counted_stay_out(busy: Shop) -> None:
    busy.send(event("nonsense"))
    assert Impression.objects.filter(counted=False).count() == 1
    assert tracking_rebuild(workspace=busy.cast.workspace) == []


def test_other_workspaces_are_left_alone(busy: Shop) -> None:
    other = make_shop(make_cast("other"))
    other.send(event(other.token()))
    DailyCount.objects.filter(currency="").update(impressions=50)
    tracking_rebuild(workspace=busy.cast.workspace)
    assert cell(busy).impressions == 4 and cell(other).impressions == 50


def test_the_command_reports_and_with_check_changes_nothing(busy: Shop) -> None:
    DailyCount.objects.filter(currency="EUR").update(conversions=7)
    out = StringIO()
    with pytest.raises(CommandError, match="1 counters differ"):
        call_command("tracking_rebuild", "--check", stdout=out)
    assert "EUR: counters 0/0/7/10.00, events 0/0/4/10.00" in out.getvalue()
    assert cell(busy, "EUR").conversions == 7
    call_command("tracking_rebuild", "--workspace", busy.cast.workspace.slug, stdout=out)
    assert cell(busy, "EUR").conversions == 4
    with pytest.raises(CommandError, match="no workspace"):
        call_command("tracking_rebuild", "--workspace", "nowhere", stdout=out)


def test_the_history_of_a_demonstration_stays(busy: Shop) -> None:
    type(busy.cast.workspace).objects.filter(pk=busy.cast.workspace.pk).update(is_demo=True)
    DailyCount.objects.update(clicks=7)
    out = StringIO()
    call_command("tracking_rebuild", stdout=out)
    assert busy.cast.workspace.slug + ":" not in out.getvalue()
    with pytest.raises(CommandError, match="counters only"):
        call_command("tracking_rebuild", "--workspace", busy.cast.workspace.slug, stdout=out)
    assert cell(busy).clicks == 7

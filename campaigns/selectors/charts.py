"""Results as the chart component draws them: plain values, by day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.utils.formats import date_format
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.models import Campaign
from campaigns.selectors.results import Counts, campaign_series
from copystudio.errors import Text

# metric: (name, format of the chart component)
METRICS: dict[str, tuple[Text, str]] = {
    "click_rate": (gettext_lazy("Click rate"), "percent"),
    "impressions": (gettext_lazy("Impressions"), "number"),
    "clicks": (gettext_lazy("Clicks"), "number"),
    "conversions": (gettext_lazy("Conversions"), "number"),
}
MOST_DAYS = 90


def campaign_chart(campaign: Campaign, metric: str) -> dict[str, Any]:
    """One line for each of the most shown variants, for at most 90 days up to the last one with events.

    Raises KeyError for an unknown metric. A rate of a day without impressions is None: a gap, not zero.
    """
    name, form = METRICS[metric]
    series = campaign_series(campaign)
    seen = {day for one in series for day in one.by_day}
    days = list(_days(min(seen), max(seen)))[-MOST_DAYS:] if seen else []
    return {
        "kind": "line",
        "title": _("%(metric)s per day") % {"metric": name},
        "format": form,
        "axis": _("Day"),
        "labels": [date_format(day, "MONTH_DAY_FORMAT") for day in days],
        "series": [
            {
                "name": f"#{one.variant.pk} {Truncator(str(one.variant)).chars(32)}",
                "data": [getattr(one.by_day.get(day, Counts()), metric) for day in days],
            }
            for one in series
        ],
    }


def _days(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    for offset in range((last - first).days + 1):
        yield first + dt.timedelta(days=offset)

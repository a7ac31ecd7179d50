"""What a run of a brief will come to, judged by the runs before it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import QuerySet, Sum

from campaigns.models import Channel
from campaigns.selectors.brief import Estimate
from campaigns.selectors.run_progress import duration_text, runs_under_way
from copystudio.models import Workspace
from generation.engine.config import ChannelView, Language
from generation.engine.prompt_data import room_of
from generation.models import GenerationRun

LATEST = 5  # runs to judge by
# characters of one token, about: fewer where a character is a word
_CHARACTERS = {"zh-hans": 1.5}
_OTHERWISE = 4.0


@dataclass(frozen=True)
class Forecast:
    """About how many tokens and how long. ``runs`` it is judged by; 0: by the channels' limits, and no time is known.

    under_way  runs that share the workers with it now
    """

    tokens: int
    duration: timedelta | None
    runs: int
    under_way: int

    @property
    def duration_text(self) -> str:
        return duration_text(self.duration)


def forecast(*, workspace: Workspace, size: Estimate, channels: list[Channel], language: str) -> Forecast:
    """By the texts, tokens and seconds of the last runs that wrote anything: what was dropped is in their sums too."""
    last = latest_runs(workspace)
    sums = GenerationRun.objects.filter(pk__in=last).aggregate(
        texts=Sum("done", default=0), tokens=Sum("tokens", default=0), seconds=Sum("seconds", default=0.0)
    )
    under_way = runs_under_way().count()
    if not sums["texts"]:
        return Forecast(_by_limits(size, channels, language), None, 0, under_way)
    share = size.texts / sums["texts"]
    return Forecast(round(share * sums["tokens"]), timedelta(seconds=share * sums["seconds"]), len(last), under_way)


def latest_runs(workspace: Workspace) -> list[int]:
    """Numbers of the last runs of which is known how long they took, the latest first."""
    rows: QuerySet[GenerationRun] = GenerationRun.objects.filter(
        workspace=workspace, done__gt=0, tokens__gt=0, seconds__gt=0
    )
    return list(rows.order_by("-id").values_list("pk", flat=True)[:LATEST])


def _by_limits(size: Estimate, channels: list[Channel], language: str) -> int:
    """Every text as long as its channel advises, none dropped."""
    texts = size.products * max(1, size.segments) * size.count
    views = [ChannelView(one.key, one.key, one.unit, one.soft_limit or one.hard_limit) for one in channels]
    characters = sum(room_of(view, Language(language)) or 0 for view in views)
    return round(texts * characters / _CHARACTERS.get(language, _OTHERWISE))

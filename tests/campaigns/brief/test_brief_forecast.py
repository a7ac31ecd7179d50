"""What a brief's page says a run will take, before it is started."""

from __future__ import annotations

import datetime as dt

import pytest

from campaigns.models import Brief
from campaigns.selectors.brief import brief_channels, brief_estimate
from campaigns.selectors.run_forecast import Forecast, forecast
from generation.models import GenerationRun
from generation.services.run_control import run_pause
from tests import factories
from tests.campaigns.copy_makers import finish, make_brief, make_run
from tests.people import Cast, make_cast


@pytest.fixture
def brief(cast: Cast) -> Brief:
    """Two products, one channel, three texts of each: six texts."""
    factories.make_product(cast)
    factories.make_product(cast)
    return make_brief(cast, name="Next")


def judged(brief: Brief) -> Forecast:
    return forecast(
        workspace=brief.workspace, size=brief_estimate(brief), channels=brief_channels(brief), language=brief.language
    )


def measured(cast: Cast, *, texts: int, tokens: int, seconds: float) -> GenerationRun:
    run = finish(make_run(cast, brief=make_brief(cast, name=f"{texts} texts, {tokens} tokens")))
    GenerationRun.objects.filter(pk=run.pk).update(done=texts, tokens=tokens, seconds=seconds)
    return run


def test_the_last_runs_are_judged_by(cast: Cast, brief: Brief) -> None:
    measured(cast, texts=10, tokens=1000, seconds=50)
    measured(cast, texts=20, tokens=500, seconds=100)
    found = judged(brief)
    assert (found.tokens, found.duration, found.runs) == (300, dt.timedelta(seconds=30), 2)
    page = cast.client(cast.viewer).get(f"/w/{cast.workspace.slug}/briefs/{brief.pk}/").content.decode()
    assert "about 300" in page and "about 30 seconds of one worker" in page


def test_only_the_latest_count_and_none_that_was_not_measured(cast: Cast, brief: Brief) -> None:
    measured(cast, texts=1, tokens=10**6, seconds=10**6)
    for n in range(5):
        measured(cast, texts=6, tokens=60 + n, seconds=12)
    measured(cast, texts=6, tokens=0, seconds=0)
    found = judged(brief)
    assert found.runs == 5 and found.tokens == 62 and found.duration == dt.timedelta(seconds=12)


def test_without_a_run_the_limits_are_judged_by_and_no_time_is_made_up(cast: Cast, brief: Brief) -> None:
    limit = factories.channel(cast).soft_limit or factories.channel(cast).hard_limit
    found = judged(brief)
    assert (found.tokens, found.duration, found.runs) == (round(6 * limit / 4), None, 0)
    page = cast.client(cast.viewer).get(f"/w/{cast.workspace.slug}/briefs/{brief.pk}/").content.decode()
    assert "not known before the first run" in page


@pytest.mark.parametrize(
    ("key", "language", "characters", "a_token"),
    [
        ("sms", "en", 153, 4),
        ("sms", "zh-hans", 67, 1.5),
        ("rsa_headline", "en", 30, 4),
        ("rsa_headline", "zh-hans", 15, 1.5),
    ],
)
def test_a_limit_is_read_in_characters_of_the_language(
    cast: Cast, key: str, language: str, characters: int, a_token: float
) -> None:
    factories.make_product(cast)
    channel = factories.channel(cast, key)
    channel.soft_limit = 30 if key == "rsa_headline" else 1
    brief = make_brief(cast, language=language)
    size = brief_estimate(brief)
    found = forecast(workspace=cast.workspace, size=size, channels=[channel], language=language)
    assert size.texts == 3 and found.tokens == round(3 * characters / a_token)


def test_runs_of_another_workspace_share_the_workers_but_are_not_judged_by(cast: Cast, brief: Brief) -> None:
    measured(other := make_cast("other"), texts=10, tokens=1000, seconds=50)
    open_run = make_run(other, brief=make_brief(other, name="Open"))
    found = judged(brief)
    assert found.runs == 0 and found.under_way == 1
    run_pause(actor=other.copywriter, run=open_run)
    assert judged(brief).under_way == 0

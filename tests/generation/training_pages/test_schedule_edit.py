"""The page of the schedule."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone, translation
from django.utils.html import escape

from copystudio.models import Event
from generation.engine.training.config import TrainConfig
from generation.forms.training import ScheduleForm
from generation.models import TrainingSchedule
from generation.selectors.schedule import schedule_state
from generation.selectors.training_words import SCHEDULED
from tests.people import Cast

BODY: dict[str, Any] = {"is_on": "on", "weekday": 2, "hour": 3, "least_new": 50, "recipe": "thorough"}


def url(cast: Cast) -> str:
    return f"/w/{cast.workspace.slug}/training/schedule/"


def test_it_is_saved_with_its_event(cast: Cast) -> None:
    assert cast.client(cast.admin).post(url(cast), BODY).status_code == 303
    schedule = TrainingSchedule.objects.get()
    assert (schedule.is_on, schedule.weekday, schedule.hour, schedule.least_new) == (True, 2, 3, 50)
    assert (schedule.config["epochs"], schedule.config["rank"], schedule.config["alpha"]) == (5, 32, 64)
    assert Event.objects.get(verb="trainingschedule.set").actor == cast.admin


def test_the_form_shows_what_is_set(cast: Cast) -> None:
    client = cast.client(cast.admin)
    assert client.get(url(cast)).context["form"]["is_on"].value() is False
    client.post(url(cast), BODY)
    form = client.get(url(cast)).context["form"]
    values = {name: form[name].value() for name in BODY}
    assert values == {"is_on": True, "weekday": 2, "hour": 3, "least_new": 50, "recipe": "thorough"}


def test_the_weekday_is_no_date_in_chinese(cast: Cast) -> None:
    with translation.override("zh-hans"):
        assert ScheduleForm(schedule=None, time_zone="UTC")["weekday"].label == "星期"


def test_settings_that_are_no_recipe_are_kept_until_one_is_chosen(cast: Cast) -> None:
    own = TrainConfig(epochs=7).to_dict()
    TrainingSchedule.objects.create(workspace=cast.workspace, config=own)
    client = cast.client(cast.admin)
    assert client.get(url(cast)).context["form"]["recipe"].value() == "kept"
    client.post(url(cast), {**BODY, "recipe": "kept"})
    assert TrainingSchedule.objects.get().config == own
    client.post(url(cast), BODY)
    assert TrainingSchedule.objects.get().config["epochs"] == 5
    assert client.post(url(cast), {**BODY, "recipe": "kept"}).status_code == 422


@pytest.mark.parametrize(
    ("field", "value"), [("weekday", 7), ("hour", 24), ("least_new", 0), ("least_new", 100_001), ("recipe", "x")]
)
def test_nonsense_is_shown_with_the_input_kept(cast: Cast, field: str, value: Any) -> None:
    page = cast.client(cast.admin).post(url(cast), {**BODY, field: value})
    assert page.status_code == 422 and list(page.context["form"].errors) == [field]
    assert page.context["form"]["hour"].value() in ("3", "24") and not TrainingSchedule.objects.exists()


@pytest.mark.parametrize("code", [*SCHEDULED, "refused"])
def test_the_last_result_is_told_in_words(cast: Cast, code: str) -> None:
    TrainingSchedule.objects.create(workspace=cast.workspace, last_looked_at=timezone.now(), last_result=code)
    shown = cast.client(cast.admin).get(url(cast)).content.decode()
    assert escape(str(SCHEDULED.get(code, "Nothing was started: refused."))) in shown


def test_it_is_due_next_at_its_day_and_hour(cast: Cast) -> None:
    TrainingSchedule.objects.create(workspace=cast.workspace, is_on=True, weekday=2, hour=3)
    monday = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
    for now, due in (
        (monday, dt.datetime(2026, 3, 4, 3)),
        (monday + dt.timedelta(days=3), dt.datetime(2026, 3, 11, 3)),
    ):
        state = schedule_state(cast.workspace, now=now)
        assert state is not None and state.next_due == due.replace(tzinfo=dt.UTC)


def test_others_are_refused(cast: Cast) -> None:
    for person, status in ((cast.approver, 403), (cast.viewer, 403), (cast.stranger, 404)):
        assert cast.client(person).get(url(cast)).status_code == status
        assert cast.client(person).post(url(cast), BODY).status_code == status
    assert cast.client(cast.admin).delete(url(cast)).status_code == 405
    assert not TrainingSchedule.objects.exists()

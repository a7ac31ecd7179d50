"""Training by itself: at the hour that was chosen, once a week, when there is enough that is new."""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import replace
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import OperationalError
from django.utils import timezone

from copystudio.db import JobStatus
from copystudio.errors import InvalidInputError, NotPermittedError
from copystudio.models import Event, Workspace
from generation.models import LanguageModel, ModelVersion, TrainingRun, TrainingSchedule
from generation.services import schedule as service
from generation.services.schedule import LEASE, due_since, schedule_set, schedules_look
from generation.services.training import training_cancel
from tests.generation.learning import QUICK, Learned, active_of, base_of, delete, start, train, used
from tests.people import Cast

SUNDAY_TWO = dt.datetime(2026, 11, 22, 2, 0, tzinfo=dt.UTC)
WEEK = dt.timedelta(days=7)
MINUTE = dt.timedelta(minutes=1)


def make(cast: Cast, **values: Any) -> TrainingSchedule:
    """A schedule for Sundays at two, set a day before it is first due."""
    data = {"is_on": True, "weekday": 6, "hour": 2, "least_new": 3, "config": QUICK.to_dict()}
    found = schedule_set(actor=cast.admin, workspace=cast.workspace, **{**data, **values})
    TrainingSchedule.objects.filter(pk=found.pk).update(updated_at=SUNDAY_TWO - dt.timedelta(days=1))
    found.refresh_from_db()
    return found


def result_of(schedule: TrainingSchedule) -> str:
    schedule.refresh_from_db()
    return schedule.last_result


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (SUNDAY_TWO, SUNDAY_TWO),
        (SUNDAY_TWO - dt.timedelta(microseconds=1), SUNDAY_TWO - WEEK),
        (SUNDAY_TWO + MINUTE, SUNDAY_TWO),
        (SUNDAY_TWO + dt.timedelta(days=3), SUNDAY_TWO),
        (SUNDAY_TWO + WEEK - MINUTE, SUNDAY_TWO),
        (SUNDAY_TWO + WEEK, SUNDAY_TWO + WEEK),
    ],
)
def test_the_latest_moment_that_was_due(now: dt.datetime, due: dt.datetime) -> None:
    assert due_since(TrainingSchedule(weekday=6, hour=2), now) == due


@pytest.mark.parametrize("weekday", range(7))
@pytest.mark.parametrize("hour", [0, 23])
def test_every_day_and_hour_is_due_once_a_week(weekday: int, hour: int) -> None:
    schedule = TrainingSchedule(weekday=weekday, hour=hour)
    moments = sorted({due_since(schedule, SUNDAY_TWO + dt.timedelta(hours=n)) for n in range(24 * 21)})
    assert all(moment.weekday() == weekday and moment.hour == hour for moment in moments)
    assert len(moments) >= 3 and {later - sooner for sooner, later in pairwise(moments)} == {WEEK}


def test_the_hour_is_that_of_the_studios_time_zone(shop: Cast, learned: Learned, settings: Any) -> None:
    settings.TIME_ZONE = "Asia/Shanghai"
    learned.examples = [used(n) for n in (1, 3, 5)]
    schedule = make(shop)
    there = dt.datetime(2026, 11, 22, 2, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
    with timezone.override("Asia/Shanghai"):
        assert schedules_look(there - MINUTE) == 0 and result_of(schedule) == ""
        assert schedules_look(there.astimezone(dt.UTC)) == 1


def test_a_training_of_a_part_does_not_make_the_rest_old(shop: Cast, learned: Learned) -> None:
    learned.examples, learned.parts = [used(1)], [("brand/1", "North")]
    train(shop, scope="brand/1")
    learned.examples, schedule = [used(n) for n in (1, 3, 5)], make(shop)
    schedules_look(SUNDAY_TWO)
    assert learned.windows[-2][0] is None and result_of(schedule) == "started"


def test_when_it_is_due_and_enough_is_new_a_run_is_started(shop: Cast, learned: Learned) -> None:
    learned.examples = [used(n) for n in (1, 3, 5)]
    schedule = make(shop)
    assert schedules_look(SUNDAY_TWO - MINUTE) == 0 and not TrainingRun.objects.exists()
    assert schedules_look(SUNDAY_TWO) == 1
    run = TrainingRun.objects.get()
    assert (run.is_scheduled, run.created_by, run.status) == (True, None, JobStatus.QUEUED)
    assert run.language_model == base_of(shop) and run.config["rank"] == QUICK.rank
    assert run.data_counts == {"approved": 3, "starter": 24}
    assert result_of(schedule) == "started" and schedule.last_looked_at == SUNDAY_TWO
    assert Event.objects.get(verb="trainingrun.create").actor is None


def test_a_week_is_looked_at_once(shop: Cast, learned: Learned) -> None:
    learned.examples = [used(n) for n in (1, 3, 5)]
    schedule = make(shop)
    assert [schedules_look(SUNDAY_TWO + n * MINUTE) for n in range(3)] == [1, 0, 0]
    training_cancel(actor=shop.admin, run=TrainingRun.objects.get())
    assert schedules_look(SUNDAY_TWO + WEEK - MINUTE) == 0
    assert schedules_look(SUNDAY_TWO + WEEK) == 1
    assert result_of(schedule) == "started" and TrainingRun.objects.count() == 2


def test_a_look_that_comes_late_makes_up_for_it(shop: Cast, learned: Learned) -> None:
    """The studio was off on Sunday night."""
    learned.examples = [used(n) for n in (1, 3, 5)]
    make(shop)
    assert schedules_look(SUNDAY_TWO + dt.timedelta(days=2)) == 1


def test_too_little_that_is_new_starts_nothing(shop: Cast, learned: Learned) -> None:
    learned.examples = [used(n) for n in (1, 3)]
    schedule = make(shop)
    assert schedules_look(SUNDAY_TWO) == 0
    assert result_of(schedule) == "few" and not TrainingRun.objects.exists()


def test_new_is_what_came_since_the_last_training(shop: Cast, learned: Learned) -> None:
    """What a training left out as doubles is not new every week again."""
    double = "A soft warm blanket of merino wool for every quiet winter evening at home"
    learned.examples = [used(n, text=double) for n in (1, 3, 5, 7)]
    run = TrainingRun.objects.get(version=train(shop))
    assert run.data_counts["approved"] == 1
    schedule = make(shop)
    learned.windows.clear()
    everything, learned.examples = learned.examples, []
    assert schedules_look(SUNDAY_TWO) == 0 and result_of(schedule) == "few"
    assert [since for since, _ in learned.windows] == [run.until]
    learned.examples = [*everything, used(9)]
    assert schedules_look(SUNDAY_TWO + WEEK) == 1


def test_what_a_deleted_version_learned_is_new_again(shop: Cast, learned: Learned) -> None:
    learned.examples = [used(n) for n in (1, 3, 5)]
    delete(shop, train(shop))
    schedule = make(shop)
    learned.windows.clear()
    assert schedules_look(SUNDAY_TWO) == 1 and result_of(schedule) == "started"
    assert learned.windows[0][0] is None


def test_for_another_base_everything_is_new(shop: Cast, learned: Learned) -> None:
    learned.examples = [used(n) for n in (1, 3, 5)]
    train(shop)
    schedule, base = make(shop), base_of(shop)
    shutil.copytree(base.path, base.path.with_name("other"))
    other = LanguageModel.objects.create(workspace=shop.workspace, name="Other", folder="other")
    ModelVersion.objects.filter(pk=active_of(shop).pk).update(language_model=other)
    learned.windows.clear()
    assert schedules_look(SUNDAY_TWO) == 1 and result_of(schedule) == "started"
    assert learned.windows[0][0] is None
    assert TrainingRun.objects.latest("pk").language_model == other


def test_a_schedule_that_is_off_is_never_due(shop: Cast, learned: Learned) -> None:
    learned.examples = [used(n) for n in (1, 3, 5)]
    schedule = make(shop, is_on=False)
    assert schedules_look(SUNDAY_TWO + 5 * WEEK) == 0 and result_of(schedule) == ""


def test_a_change_makes_up_for_nothing_that_was_due_before_it(shop: Cast, learned: Learned) -> None:
    """Whoever moves the hour to this morning does not start a training now."""
    learned.examples = [used(n) for n in (1, 3, 5)]
    schedule = make(shop)
    TrainingSchedule.objects.update(last_looked_at=SUNDAY_TWO - WEEK, updated_at=SUNDAY_TWO + MINUTE)
    assert schedules_look(SUNDAY_TWO + 2 * MINUTE) == 0 and result_of(schedule) == ""
    assert schedules_look(SUNDAY_TWO + WEEK) == 1


def test_a_refusal_is_noted_by_its_code(shop: Cast, learned: Learned) -> None:
    learned.examples = [used(n) for n in (1, 3, 5)]
    schedule = make(shop)
    run = start(shop, config=replace(QUICK, epochs=9))
    assert schedules_look(SUNDAY_TWO) == 0 and result_of(schedule) == "conflict"
    training_cancel(actor=shop.admin, run=run)
    ModelVersion.objects.filter(workspace=shop.workspace).update(status=ModelVersion.Status.RETIRED)
    assert schedules_look(SUNDAY_TWO + WEEK) == 0 and result_of(schedule) == "not_ready"


def test_nothing_new_is_refused_as_for_people(shop: Cast, learned: Learned) -> None:
    learned.examples = [used(n) for n in (1, 3, 5)]
    train(shop)
    schedule = make(shop)
    assert schedules_look(SUNDAY_TWO) == 0 and result_of(schedule) == "nothing_new"


def test_a_workspace_with_trouble_keeps_no_other_from_training(
    shop: Cast, learned: Learned, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned.examples = [used(n) for n in (1, 3, 5)]
    first = make(shop)
    second = schedule_set(
        actor=shop.stranger,
        workspace=shop.elsewhere,
        is_on=True,
        weekday=6,
        hour=2,
        least_new=1,
        config=QUICK.to_dict(),
    )
    TrainingSchedule.objects.filter(pk=second.pk).update(updated_at=SUNDAY_TWO - WEEK)
    collect = service.data_collect

    def broken(*, workspace: Workspace, **values: Any) -> Any:
        if workspace == shop.workspace:
            raise RuntimeError("a row that cannot be read")
        return collect(workspace=workspace, **values)

    monkeypatch.setattr(service, "data_collect", broken)
    assert schedules_look(SUNDAY_TWO) == 1
    assert (result_of(first), result_of(second)) == ("unexpected", "started")
    assert TrainingRun.objects.get().language_model == LanguageModel.objects.get(workspace=shop.elsewhere)


def dies(patch: pytest.MonkeyPatch, name: str, error: BaseException) -> None:
    """The next looks end there, until the patch is undone."""

    def dead(**_values: Any) -> Any:
        raise error

    patch.setattr(service, name, dead)


@pytest.mark.parametrize("error", [OperationalError("the server closed the connection"), SystemExit(1)])
@pytest.mark.parametrize("name", ["data_collect", "training_start"])
def test_a_look_that_died_is_made_again_soon(
    shop: Cast, learned: Learned, monkeypatch: pytest.MonkeyPatch, name: str, error: BaseException
) -> None:
    learned.examples = [used(n) for n in (1, 3, 5)]
    schedule = make(shop)
    with monkeypatch.context() as patch, pytest.raises(type(error)):
        dies(patch, name, error)
        schedules_look(SUNDAY_TWO)
    assert result_of(schedule) == "" and not TrainingRun.objects.exists()
    assert schedules_look(SUNDAY_TWO + LEASE - MINUTE) == 0, "it may still be looking"
    assert schedules_look(SUNDAY_TWO + LEASE) == 1
    assert result_of(schedule) == "started" and schedule.last_looked_at == SUNDAY_TWO + LEASE
    assert schedules_look(SUNDAY_TWO + 2 * LEASE) == 0


def test_a_look_that_died_after_last_weeks_is_made_again_too(
    shop: Cast, learned: Learned, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned.examples, schedule = [used(1)], make(shop)
    schedules_look(SUNDAY_TWO)
    assert result_of(schedule) == "few"
    learned.examples = [used(n) for n in (1, 3, 5)]
    with monkeypatch.context() as patch, pytest.raises(OperationalError):
        dies(patch, "data_collect", OperationalError("away"))
        schedules_look(SUNDAY_TWO + WEEK)
    assert schedules_look(SUNDAY_TWO + WEEK + LEASE) == 1


def test_a_look_that_died_after_it_had_started_a_run_starts_no_second_one(shop: Cast, learned: Learned) -> None:
    learned.examples = [used(n) for n in (1, 3, 5)]
    schedule = make(shop)
    schedules_look(SUNDAY_TWO)
    TrainingSchedule.objects.update(last_result="")  # what it had not come to write
    schedules_look(SUNDAY_TWO + LEASE)
    assert TrainingRun.objects.count() == 1 and result_of(schedule) == "started"


def test_two_that_look_at_once_start_one_run(shop: Cast, learned: Learned, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second comes while the first collects: within the lease it leaves it alone, after it both go on."""
    learned.examples = [used(n) for n in (1, 3, 5)]
    schedule, collect = make(shop), service.data_collect
    later, started = iter([SUNDAY_TWO + MINUTE, SUNDAY_TWO + LEASE]), []

    def slow(**values: Any) -> Any:
        for moment in later:
            started.append(schedules_look(moment))
        return collect(**values)

    monkeypatch.setattr(service, "data_collect", slow)
    schedules_look(SUNDAY_TWO)
    assert started == [0, 1] and TrainingRun.objects.count() == 1
    assert result_of(schedule) == "started" and schedule.last_looked_at == SUNDAY_TWO + LEASE


# -- setting it ------------------------------------------------------------------------------------------------------


def test_it_is_set_and_changed_with_its_event(shop: Cast) -> None:
    first = make(shop)
    second = make(shop, is_on=False, weekday=0, hour=23, least_new=500)
    assert first.pk == second.pk and TrainingSchedule.objects.count() == 1
    assert (second.is_on, second.weekday, second.hour, second.least_new) == (False, 0, 23, 500)
    events = Event.objects.filter(verb="trainingschedule.set").order_by("id")
    assert [event.data for event in events] == [{"is_on": True}, {"is_on": False}]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("weekday", -1),
        ("weekday", 7),
        ("hour", -1),
        ("hour", 24),
        ("least_new", 0),
        ("least_new", 100_001),
        ("config", {"rank": 0}),
        ("config", {"rank": "many"}),
        ("config", {"no_such_setting": 1}),
    ],
)
def test_nonsense_is_refused_by_its_field(shop: Cast, field: str, value: object) -> None:
    with pytest.raises(InvalidInputError) as caught:
        make(shop, **{field: value})
    assert list(caught.value.fields) == [field]
    assert not TrainingSchedule.objects.exists()


@pytest.mark.parametrize("person", ["viewer", "copywriter", "approver", "stranger"])
def test_only_an_admin_sets_it(shop: Cast, person: str) -> None:
    with pytest.raises(NotPermittedError):
        schedule_set(actor=getattr(shop, person), workspace=shop.workspace, is_on=True, weekday=6, hour=2, least_new=1)
    assert not TrainingSchedule.objects.exists()

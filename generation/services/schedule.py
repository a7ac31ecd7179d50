"""Training by itself: once a week at the hour that an admin chose, when there is enough that is new."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from copystudio.access import require
from copystudio.errors import ConflictError, InvalidInputError, StudioError
from copystudio.models import Role, User, Workspace
from copystudio.services.events import event_record
from generation.engine.training.config import TrainConfig
from generation.models import LanguageModel, ModelVersion, TrainingRun, TrainingSchedule
from generation.services.run import model_version_active
from generation.services.snapshot import data_collect
from generation.services.training import training_start

LEASE = timedelta(minutes=5)  # how long a look may take; the next one comes after ten minutes
log = logging.getLogger(__name__)


def schedule_set(
    *,
    actor: User,
    workspace: Workspace,
    is_on: bool,
    weekday: int,
    hour: int,
    least_new: int,
    config: Mapping[str, Any] | None = None,
) -> TrainingSchedule:
    """Turn the schedule on or off, or change it; what was due before the change is not made up for.

    Raises InvalidInputError for an hour or day that does not exist, and for settings out of range.
    """
    wrong: dict[str, list[Any]] = {}
    if not 0 <= weekday <= 6:
        wrong["weekday"] = [_("Choose a day of the week.")]
    if not 0 <= hour <= 23:
        wrong["hour"] = [_("Choose an hour from 0 to 23.")]
    if not 1 <= least_new <= 100_000:
        wrong["least_new"] = [_("Between 1 and 100,000.")]
    try:
        settings_of = TrainConfig.from_dict(config or {}).to_dict()
    except (ValueError, TypeError) as error:
        wrong["config"] = [str(error)]
    if wrong:
        raise InvalidInputError(fields=wrong)
    with transaction.atomic():
        require(actor=actor, workspace=workspace, role=Role.ADMIN)
        schedule, _created = TrainingSchedule.objects.select_for_update().get_or_create(workspace=workspace)
        schedule.is_on, schedule.weekday, schedule.hour = is_on, weekday, hour
        schedule.least_new, schedule.config = least_new, settings_of
        schedule.save()
        event_record(
            actor=actor, workspace=workspace, verb="trainingschedule.set", target=schedule, data={"is_on": is_on}
        )
        return schedule


def schedules_look(now: datetime | None = None) -> int:
    """Start what is due. Returns how many runs were started. Safe to call twice: each week is looked at once, and once more where
    a look did not come to its end."""
    now = timezone.localtime(now or timezone.now())
    started = 0
    for pk in TrainingSchedule.objects.filter(is_on=True).order_by("pk").values_list("pk", flat=True):
        schedule = _claim(pk, now)
        if schedule is not None:
            result = _result(schedule)
            mine = TrainingSchedule.objects.filter(pk=pk, last_looked_at=now)
            mine.update(last_result=result)  # another one looks where this one took longer than its lease
            started += result == "started"
    return started


def due_since(schedule: TrainingSchedule, now: datetime) -> datetime:
    """The latest moment at or before ``now`` at which the schedule was due."""
    due = now.replace(hour=schedule.hour, minute=0, second=0, microsecond=0)
    due -= timedelta(days=(now.weekday() - schedule.weekday) % 7)
    return due if due <= now else due - timedelta(days=7)


def _claim(pk: int, now: datetime) -> TrainingSchedule | None:
    """The schedule if it is due, marked as being looked at: a look without a result holds it for ``LEASE``, and where it died
    it is due again after that."""
    with transaction.atomic():
        schedule = TrainingSchedule.objects.select_for_update(skip_locked=True).filter(pk=pk, is_on=True).first()
        if schedule is None:
            return None
        due = due_since(schedule, now)
        looked_at = schedule.last_looked_at
        if schedule.updated_at >= due:
            return None
        if looked_at is not None and looked_at >= due and (schedule.last_result or now - looked_at < LEASE):
            return None
        TrainingSchedule.objects.filter(pk=pk).update(last_looked_at=now, last_result="")
        return schedule


def _result(schedule: TrainingSchedule) -> str:
    """What came of it: "started", "few" (too little is new), the code of a refusal, or "unexpected". One workspace's
    trouble is not the next one's."""
    try:
        return _start(schedule)
    except StudioError as error:
        log.info("scheduled training of %s was refused: %s", schedule.workspace.slug, error)
        return error.code[:40]
    except (OperationalError, InterfaceError):
        raise  # the database is away, for every workspace
    except Exception:  # logged and kept as the result: the other workspaces' schedules are still looked at
        log.exception("scheduled training of %s could not be started", schedule.workspace.slug)
        return "unexpected"


def _start(schedule: TrainingSchedule) -> str:
    workspace = schedule.workspace
    version: ModelVersion = model_version_active(workspace)
    since = _learned_until(workspace, version.language_model)
    new = data_collect(workspace=workspace, since=since, until=timezone.now(), with_corpus=False).new
    if new < schedule.least_new:
        return "few"
    run, is_new = training_start(
        actor=None,
        workspace=workspace,
        label="",
        language_model=version.language_model,
        config=TrainConfig.from_dict(schedule.config),
        is_scheduled=True,
    )
    # a run of the schedule's own is that of a look that died before it could say so
    return "started" if is_new or run.is_scheduled else ConflictError.code


def _learned_until(workspace: Workspace, base: LanguageModel) -> datetime | None:
    """Until when the last training of everything over this base looked, of those whose version is there; None for none. Its
    own counts know nothing of what it left out as doubles."""
    runs = TrainingRun.objects.filter(workspace=workspace, language_model=base, scope="", version__isnull=False)
    last = runs.exclude(version__status=ModelVersion.Status.DELETED).order_by("-id").first()
    return last.until if last is not None else None

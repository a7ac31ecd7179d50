"""Reading the schedule: what it is set to, when it is due next, and what came of its last look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.dates import WEEKDAYS

from copystudio.models import Workspace
from generation.models import TrainingSchedule
from generation.selectors.training_words import scheduled_result
from generation.services.schedule import due_since


@dataclass(frozen=True)
class ScheduleState:
    """``next_due`` only where the schedule is on; ``result`` in words, empty where it has not looked yet."""

    schedule: TrainingSchedule
    weekday: str
    hour: str
    time_zone: str
    next_due: datetime | None
    result: str


def schedule_of(workspace: Workspace) -> TrainingSchedule | None:
    return TrainingSchedule.objects.filter(workspace=workspace).first()


def schedule_state(workspace: Workspace, *, now: datetime | None = None) -> ScheduleState | None:
    """None where nobody has set a schedule."""
    schedule = schedule_of(workspace)
    if schedule is None:
        return None
    now = timezone.localtime(now or timezone.now())
    return ScheduleState(
        schedule=schedule,
        weekday=str(WEEKDAYS[schedule.weekday]),
        hour=f"{schedule.hour}:00",
        time_zone=timezone.get_current_timezone_name(),
        next_due=due_since(schedule, now) + timedelta(days=7) if schedule.is_on else None,
        result=scheduled_result(schedule.last_result),
    )

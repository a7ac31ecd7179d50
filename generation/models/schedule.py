"""When a workspace trains by itself: at a weekday and hour, when there is enough that is new."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from copystudio.db import TimeStampedModel


class TrainingSchedule(TimeStampedModel):
    workspace = models.OneToOneField("copystudio.Workspace", on_delete=models.CASCADE, related_name="training_schedule")
    is_on = models.BooleanField(_("train by schedule"), default=False)
    weekday = models.PositiveSmallIntegerField(_("weekday"), default=6)  # 0 is Monday
    hour = models.PositiveSmallIntegerField(_("hour"), default=2)
    least_new = models.PositiveIntegerField(_("new examples at least"), default=100)
    config = models.JSONField(_("settings"), default=dict, blank=True)
    last_looked_at = models.DateTimeField(null=True, blank=True)
    last_result = models.CharField(max_length=40, blank=True)

    class Meta:
        verbose_name = _("training schedule")
        constraints = [
            models.CheckConstraint(
                condition=Q(weekday__lte=6) & Q(hour__lte=23) & Q(least_new__gte=1), name="generation_schedule_in_range"
            )
        ]

    def __str__(self) -> str:
        return f"{self.weekday} {self.hour}:00"

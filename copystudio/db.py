"""What models share: timestamps, locked reads, and the row of a long job."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

M = TypeVar("M", bound=models.Model)


class TimeStampedModel(models.Model):
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        abstract = True


ATTEMPTS = 3  # at a job, unless its model says otherwise


def locked(model: type[M], *, children: bool = False, **lookup: Any) -> M:
    """The row, locked until the transaction ends. Raises the model's DoesNotExist.

    ``children``: others may add rows that point at it meanwhile. Lock a workspace like that, because nearly every row
    points at one: who adds such a row holds others by then, and each would wait for the other.
    """
    return model._default_manager.select_for_update(of=("self",), no_key=children).get(**lookup)


class JobStatus(models.TextChoices):
    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    SUCCEEDED = "succeeded", _("Succeeded")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


OPEN_STATUSES = (JobStatus.QUEUED, JobStatus.RUNNING)


class Job(TimeStampedModel):
    """A long job as a row: who works on it (lease and fence), how far it is, why it failed.

    ``copystudio.services.jobs`` is the only writer of these columns. ``fence`` grows with every claim: a worker that
    lost its lease carries an old number and can write nothing any more.
    """

    task = ""  # name of the Celery task that is rung for rows of this model; empty: another row's bell is rung for it
    due: ClassVar[Q] = Q()  # which queued rows may be taken now; the others wait
    on_end = ""  # import string of a callable (job) -> None, called in the transaction that ends a job of this model

    workspace = models.ForeignKey("copystudio.Workspace", on_delete=models.CASCADE, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    status = models.CharField(_("status"), max_length=16, choices=JobStatus, default=JobStatus.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=ATTEMPTS)
    fence = models.PositiveBigIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=200, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)
    step = models.CharField(max_length=40, blank=True)
    error_code = models.CharField(max_length=60, blank=True)
    error_params = models.JSONField(default=dict, blank=True)
    idempotency_key = models.CharField(max_length=255, null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_running_has_lease",
                condition=~Q(status=JobStatus.RUNNING) | Q(lease_until__isnull=False),
            ),
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_status_known", condition=Q(status__in=JobStatus.values)
            ),
            models.UniqueConstraint(
                name="%(app_label)s_%(class)s_idempotency", fields=["workspace", "idempotency_key"]
            ),
        ]
        indexes = [
            models.Index(
                fields=["lease_until"],
                name="%(app_label)s_%(class)s_open",
                condition=Q(status__in=["queued", "running"]),
            )
        ]

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES

    @property
    def percent(self) -> int:
        """How far the job is, 0 to 100."""
        return min(100, int(100 * self.done / self.total)) if self.total else 0

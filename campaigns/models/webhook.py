"""Webhooks: where other systems are told that a run ended, and each message to them as a job."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from copystudio.db import Job, TimeStampedModel
from generation.models import GenerationRun

MOST_KEPT = 500  # characters of an answer


class WebhookEvent(models.TextChoices):
    RUN_SUCCEEDED = "run.succeeded", _("A run succeeded")
    RUN_FAILED = "run.failed", _("A run failed")
    RUN_CANCELLED = "run.cancelled", _("A run was cancelled")


TEST_EVENT = "webhook.test"


class WebhookEndpoint(TimeStampedModel):
    """The secret is kept as it is, since it signs; it is shown once, and again never."""

    workspace = models.ForeignKey("copystudio.Workspace", on_delete=models.CASCADE, related_name="webhooks")
    url = models.URLField(_("address"), max_length=500)
    events = ArrayField(models.CharField(max_length=20, choices=WebhookEvent), verbose_name=_("told of"))
    secret = models.CharField(max_length=100, editable=False)
    former_secret = models.CharField(max_length=100, blank=True, editable=False)
    former_until = models.DateTimeField(null=True, blank=True)
    is_active = models.BooleanField(_("in use"), default=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        verbose_name = _("webhook")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["workspace", "url"], name="campaigns_webhook_url")]

    def __str__(self) -> str:
        return self.url


class WebhookDelivery(Job):
    """One message to one endpoint. ``attempt`` counts the tries; ``body`` is sent byte for byte each time."""

    task = "campaigns.webhook"
    due: ClassVar[Q] = Q(next_attempt_at__lte=Now())

    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries")
    run = models.ForeignKey(GenerationRun, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    event = models.CharField(_("event"), max_length=20)
    # the same on every try, so that a receiver knows a message that it has
    message_id = models.CharField(max_length=40)
    body = models.TextField()
    next_attempt_at = models.DateTimeField(db_default=Now())
    response_status = models.PositiveSmallIntegerField(null=True, blank=True)
    response_body = models.CharField(max_length=MOST_KEPT, blank=True)

    class Meta(Job.Meta):
        verbose_name = _("webhook message")
        ordering = ["-id"]
        indexes = [*Job.Meta.indexes, models.Index(fields=["endpoint", "-id"], name="campaigns_webhook_recent")]
        constraints = [
            *Job.Meta.constraints,
            models.UniqueConstraint(fields=["workspace", "message_id"], name="campaigns_webhook_message"),
        ]

    def __str__(self) -> str:
        return self.message_id

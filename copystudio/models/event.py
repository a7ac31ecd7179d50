"""The audit log: an append-only record of every change and its actor."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Event(models.Model):
    """Written in the transaction of the change; the database refuses to change or delete it."""

    workspace = models.ForeignKey("copystudio.Workspace", on_delete=models.CASCADE, related_name="events")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    verb = models.CharField(_("what"), max_length=60)
    object_type = models.CharField(max_length=40)
    object_id = models.BigIntegerField()
    object_label = models.CharField(max_length=200)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["workspace", "-created_at", "-id"], name="copystudio_event_latest"),
            models.Index(fields=["workspace", "object_type", "object_id"], name="copystudio_event_object"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.object_label}"

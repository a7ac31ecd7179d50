"""A shop or CMS that uses the API. Its key is shown once; only the hash is kept."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from copystudio.db import TimeStampedModel


class Scope(models.TextChoices):
    DECIDE = "decide", _("Ask for the copy of a placement")
    EVENTS = "events", _("Send impressions, clicks and conversions")
    COPY_READ = "copy:read", _("Read approved copy")
    GENERATE = "generate", _("Start generation runs and read their candidates")


class ApiClient(TimeStampedModel):
    workspace = models.ForeignKey("copystudio.Workspace", on_delete=models.CASCADE, related_name="clients")
    name = models.CharField(_("name"), max_length=120)
    # the first characters of the key, so that people can tell keys apart
    prefix = models.CharField(_("key"), max_length=16)
    key_hash = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope), verbose_name=_("may"))
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        verbose_name = _("API client")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "name"], condition=Q(revoked_at__isnull=True), name="campaigns_client_name"
            )
        ]

    def __str__(self) -> str:
        return self.name

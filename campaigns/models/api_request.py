"""Requests that may be sent twice: what was answered under an Idempotency-Key."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models.client import ApiClient


class ApiRequest(models.Model):
    """Written in the transaction of what the request did: there is a row exactly where it was done."""

    workspace = models.ForeignKey("copystudio.Workspace", on_delete=models.CASCADE, related_name="+")
    client = models.ForeignKey(ApiClient, null=True, on_delete=models.SET_NULL, related_name="+")
    key = models.CharField(max_length=255)
    # SHA-256 of method, path and body
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    answer = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("API request")
        constraints = [models.UniqueConstraint(fields=["workspace", "key"], name="campaigns_apirequest_key")]
        indexes = [models.Index(fields=["created_at"], name="campaigns_apirequest_old")]

    def __str__(self) -> str:
        return self.key

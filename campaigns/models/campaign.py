"""A marketing effort."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.models.brand import Brand
from copystudio.db import TimeStampedModel


class CampaignStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    RUNNING = "running", _("Running")
    PAUSED = "paused", _("Paused")
    FINISHED = "finished", _("Finished")


TRANSITIONS: dict[str, tuple[set[str], str]] = {
    "launch": ({CampaignStatus.DRAFT}, CampaignStatus.RUNNING),
    "pause": ({CampaignStatus.RUNNING}, CampaignStatus.PAUSED),
    "resume": ({CampaignStatus.PAUSED}, CampaignStatus.RUNNING),
    "finish": ({CampaignStatus.RUNNING, CampaignStatus.PAUSED}, CampaignStatus.FINISHED),
}


class Campaign(TimeStampedModel):
    Status = CampaignStatus

    workspace = models.ForeignKey("copystudio.Workspace", on_delete=models.CASCADE, related_name="campaigns")
    name = models.CharField(_("name"), max_length=160)
    brand = models.ForeignKey(
        Brand, null=True, blank=True, on_delete=models.RESTRICT, related_name="campaigns", verbose_name=_("brand")
    )
    goal = models.TextField(_("goal"), blank=True, max_length=1000)
    starts_on = models.DateField(_("starts on"), null=True, blank=True)
    ends_on = models.DateField(_("ends on"), null=True, blank=True)
    status = models.CharField(_("status"), max_length=16, choices=CampaignStatus, default=CampaignStatus.DRAFT)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        verbose_name = _("campaign")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="campaigns_campaign_name"),
            models.CheckConstraint(
                condition=Q(starts_on__isnull=True) | Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="campaigns_campaign_dates_in_order",
            ),
            models.CheckConstraint(
                condition=Q(status__in=CampaignStatus.values), name="campaigns_campaign_status_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name

"""What copy a campaign wants, and the runs that were started from it."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.models.audience import AudienceSegment
from campaigns.models.campaign import Campaign
from campaigns.models.channel import Channel
from campaigns.models.product import Product
from copystudio.db import TimeStampedModel
from generation.models import GenerationItem, GenerationRun

MAX_PER_ITEM = 50


class Brief(TimeStampedModel):
    """``product_filter`` holds ``{"q", "category", "vendor", "tag", "price_min", "price_max", "skus"}``, all optional."""

    workspace = models.ForeignKey("copystudio.Workspace", on_delete=models.CASCADE, related_name="briefs")
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="briefs")
    name = models.CharField(_("name"), max_length=160)
    product_filter = models.JSONField(_("products"), default=dict)
    segments = models.ManyToManyField(AudienceSegment, through="BriefSegment", related_name="briefs")
    channels = models.ManyToManyField(Channel, through="BriefChannel", related_name="briefs")
    tone = models.CharField(_("tone"), max_length=120, blank=True)
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES)
    must_words = ArrayField(models.CharField(max_length=60), default=list, blank=True, verbose_name=_("must words"))
    never_words = ArrayField(models.CharField(max_length=60), default=list, blank=True, verbose_name=_("never words"))
    instructions = models.TextField(_("instructions"), blank=True, max_length=1000)
    count = models.PositiveSmallIntegerField(_("texts for each"), default=4)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        verbose_name = _("brief")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "campaign", "name"], name="campaigns_brief_name"),
            models.CheckConstraint(
                condition=Q(count__gte=1, count__lte=MAX_PER_ITEM), name="campaigns_brief_count_sane"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class BriefSegment(models.Model):
    workspace = models.ForeignKey("copystudio.Workspace", on_delete=models.CASCADE, related_name="+")
    brief = models.ForeignKey(Brief, on_delete=models.CASCADE)
    segment = models.ForeignKey(AudienceSegment, on_delete=models.RESTRICT)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "brief", "segment"], name="campaigns_briefsegment_once")
        ]


class BriefChannel(models.Model):
    workspace = models.ForeignKey("copystudio.Workspace", on_delete=models.CASCADE, related_name="+")
    brief = models.ForeignKey(Brief, on_delete=models.CASCADE)
    channel = models.ForeignKey(Channel, on_delete=models.RESTRICT)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "brief", "channel"], name="campaigns_briefchannel_once")
        ]


class BriefRun(models.Model):
    """Which brief a generation run was started from."""

    workspace = models.ForeignKey("copystudio.Workspace", on_delete=models.CASCADE, related_name="+")
    brief = models.ForeignKey(Brief, on_delete=models.CASCADE, related_name="runs")
    run = models.OneToOneField(GenerationRun, on_delete=models.CASCADE, related_name="brief_run")

    class Meta:
        ordering = ["-id"]


class BriefItem(models.Model):
    """What one item of the run was about."""

    workspace = models.ForeignKey("copystudio.Workspace", on_delete=models.CASCADE, related_name="+")
    brief_run = models.ForeignKey(BriefRun, on_delete=models.CASCADE, related_name="items")
    item = models.OneToOneField(GenerationItem, on_delete=models.CASCADE, related_name="brief_item")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="+")
    segment = models.ForeignKey(AudienceSegment, null=True, on_delete=models.SET_NULL, related_name="+")
    channel = models.ForeignKey(Channel, on_delete=models.RESTRICT, related_name="+")

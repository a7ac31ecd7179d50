"""What copy a campaign wants, and the runs that were started from it."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.models.audience import AudienceSegment
from campaigns.models.campaign import Campaign
from campaigns.models.channel import Channel
from campaigns.models.product import Product
from copystudio.db import TimeStampedModel
from generation.models import GenerationItem, GenerationRun

MAX_PER_ITEM = 50


class Style(models.TextChoices):
    """The tones that the starter corpus teaches, as a dial from calm to lively: their order is that of the dial."""

    CALM = "calm", _("Calm")
    PLAIN = "plain", _("Plain")
    PROFESSIONAL = "professional", _("Professional")
    ELEGANT = "elegant", _("Elegant")
    CARING = "caring", _("Caring")
    WARM = "warm", _("Warm")
    CONFIDENT = "confident", _("Confident")
    CASUAL = "casual", _("Casual")
    PLAYFUL = "playful", _("Playful")
    LIVELY = "lively", _("Lively")


class Sentiment(models.TextChoices):
    POSITIVE = "positive", _("Positive")
    NEUTRAL = "neutral", _("Neutral")


class Length(models.TextChoices):
    """How much of the channel's room the writer is told to use; the limit itself stays."""

    SHORT = "short", pgettext_lazy("length of a text", "Short")
    MEDIUM = "medium", pgettext_lazy("length of a text", "Medium")
    LONG = "long", pgettext_lazy("length of a text", "Long")


class Emoji(models.TextChoices):
    YES = "yes", _("With emoji")
    NO = "no", _("Without emoji")


class Brief(TimeStampedModel):
    """``product_filter`` holds ``{"q", "category", "vendor", "tag", "price_min", "price_max", "skus"}``, all optional.

    An empty ``style``, ``sentiment``, ``length`` or ``emoji`` asks for nothing in particular.
    """

    workspace = models.ForeignKey("copystudio.Workspace", on_delete=models.CASCADE, related_name="briefs")
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="briefs")
    name = models.CharField(_("name"), max_length=160)
    product_filter = models.JSONField(_("products"), default=dict)
    segments = models.ManyToManyField(AudienceSegment, through="BriefSegment", related_name="briefs")
    channels = models.ManyToManyField(Channel, through="BriefChannel", related_name="briefs")
    style = models.CharField(_("style"), max_length=12, choices=Style, blank=True)
    tone = models.CharField(_("tone"), max_length=120, blank=True)
    sentiment = models.CharField(_("sentiment"), max_length=8, choices=Sentiment, blank=True)
    length = models.CharField(_("length"), max_length=6, choices=Length, blank=True)
    emoji = models.CharField(_("emoji"), max_length=3, choices=Emoji, blank=True)
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
            models.CheckConstraint(condition=Q(style__in=["", *Style.values]), name="campaigns_brief_style_known"),
            models.CheckConstraint(
                condition=Q(sentiment__in=["", *Sentiment.values]), name="campaigns_brief_sentiment_known"
            ),
            models.CheckConstraint(condition=Q(length__in=["", *Length.values]), name="campaigns_brief_length_known"),
            models.CheckConstraint(condition=Q(emoji__in=["", *Emoji.values]), name="campaigns_brief_emoji_known"),
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
    brief_run = models.ForeignKey(BriefRun, on_delete=models.CASCADE, related_name="items", db_index=False)
    item = models.OneToOneField(GenerationItem, on_delete=models.CASCADE, related_name="brief_item")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="+")
    segment = models.ForeignKey(AudienceSegment, null=True, on_delete=models.SET_NULL, related_name="+")
    channel = models.ForeignKey(Channel, on_delete=models.RESTRICT, related_name="+")

    class Meta:
        indexes = [
            models.Index(fields=["brief_run", "segment", "channel"], include=["item"], name="campaigns_briefitem_scope")
        ]

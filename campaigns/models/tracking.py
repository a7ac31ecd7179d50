"""What shoppers did: raw events, and the daily counters that pages read."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.models.placement import Placement
from campaigns.models.variant import Revision, Variant


class TrackingEvent(models.Model):
    """One event of the shop. Only events with a valid exposure token count; the others are kept with their reason."""

    workspace = models.ForeignKey("copystudio.Workspace", on_delete=models.CASCADE, related_name="+")
    event_id = models.UUIDField()
    variant = models.ForeignKey(Variant, null=True, on_delete=models.SET_NULL, related_name="+")
    revision = models.ForeignKey(Revision, null=True, on_delete=models.SET_NULL, related_name="+")
    placement = models.ForeignKey(Placement, null=True, on_delete=models.SET_NULL, related_name="+")
    # pseudonym of the visitor: HMAC of the shop's key with the workspace's signing key
    visitor = models.CharField(max_length=64, blank=True)
    # of the exposure token: each exposure counts once for each kind of event
    nonce = models.CharField(max_length=32, blank=True)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()
    counted = models.BooleanField()
    reason = models.CharField(max_length=30, blank=True)

    class Meta:
        abstract = True
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "event_id"], name="campaigns_%(class)s_event_id"),
            models.UniqueConstraint(
                fields=["workspace", "nonce"], condition=Q(counted=True), name="campaigns_%(class)s_exposure_once"
            ),
            models.CheckConstraint(
                condition=Q(counted=False) | (~Q(nonce="") & Q(reason="")), name="campaigns_%(class)s_counted_has_token"
            ),
        ]


class Impression(TrackingEvent):
    class Meta(TrackingEvent.Meta):
        verbose_name = _("impression")


class Click(TrackingEvent):
    class Meta(TrackingEvent.Meta):
        verbose_name = _("click")


class Conversion(TrackingEvent):
    value = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    currency = models.CharField(max_length=3, blank=True)

    class Meta(TrackingEvent.Meta):
        verbose_name = _("conversion")


class DailyCount(models.Model):
    """Counted events of one revision at one placement on one day (UTC); equals the raw rows, and can be rebuilt.

    Amounts of two currencies are never added up: a conversion that names a currency is counted in the row of that
    currency, everything else in the row without one.
    """

    workspace = models.ForeignKey("copystudio.Workspace", on_delete=models.CASCADE, related_name="+")
    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="daily_counts")
    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="+")
    placement = models.ForeignKey(Placement, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    currency = models.CharField(max_length=3, blank=True, default="")
    impressions = models.PositiveBigIntegerField(default=0)
    clicks = models.PositiveBigIntegerField(default=0)
    conversions = models.PositiveBigIntegerField(default=0)
    value = models.DecimalField(max_digits=18, decimal_places=2, default=0)

    class Meta:
        ordering = ["day"]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "variant", "revision", "placement", "day", "currency"],
                name="campaigns_dailycount_cell",
            )
        ]
        indexes = [models.Index(fields=["variant", "day"], name="campaigns_dailycount_variant")]

"""What happened to a variant in review: an append-only record."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.models.variant import Revision, Variant


class ReviewVerb(models.TextChoices):
    ADOPT = "adopt", _("adopted a candidate")
    WRITE = "write", _("wrote")
    EDIT = "edit", _("edited")
    SUBMIT = "submit", _("submitted for review")
    WITHDRAW = "withdraw", _("withdrew from review")
    REQUEST_CHANGES = "request_changes", _("asked for changes")
    APPROVE = "approve", _("approved")
    RETIRE = "retire", _("retired")
    RESTORE = "restore", _("restored")


class ReviewEvent(models.Model):
    Verb = ReviewVerb

    workspace = models.ForeignKey("copystudio.Workspace", on_delete=models.CASCADE, related_name="+")
    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="review_events")
    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="+")
    verb = models.CharField(max_length=20, choices=ReviewVerb)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    from_status = models.CharField(max_length=20, blank=True)
    to_status = models.CharField(max_length=20)
    review_cycle = models.PositiveIntegerField()
    reason = models.TextField(_("reason"), blank=True, max_length=2000)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(verb=ReviewVerb.REQUEST_CHANGES) | ~Q(reason=""), name="campaigns_reviewevent_has_reason"
            )
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.variant_id}"

"""Adopted copy and its exact texts."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models.audience import AudienceSegment
from campaigns.models.brief import Brief
from campaigns.models.campaign import Campaign
from campaigns.models.channel import Channel
from campaigns.models.product import Product
from copystudio.db import TimeStampedModel
from generation.models import Candidate


class VariantStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    IN_REVIEW = "in_review", _("In review")
    CHANGES_REQUESTED = "changes_requested", _("Changes requested")
    APPROVED = "approved", _("Approved")
    RETIRED = "retired", _("Retired")


S = VariantStatus
TRANSITIONS: dict[str, tuple[set[str], str]] = {
    "edit": ({S.DRAFT, S.IN_REVIEW, S.CHANGES_REQUESTED, S.APPROVED}, S.DRAFT),
    "submit": ({S.DRAFT, S.CHANGES_REQUESTED}, S.IN_REVIEW),
    "withdraw": ({S.IN_REVIEW}, S.DRAFT),
    "request_changes": ({S.IN_REVIEW}, S.CHANGES_REQUESTED),
    "approve": ({S.IN_REVIEW}, S.APPROVED),
    "retire": ({S.DRAFT, S.CHANGES_REQUESTED, S.APPROVED}, S.RETIRED),
    "restore": ({S.RETIRED}, S.DRAFT),
}


class Variant(TimeStampedModel):
    """``status`` speaks of ``current_revision``; ``approved_revision`` is what is served, whatever the status."""

    Status = VariantStatus

    workspace = models.ForeignKey("copystudio.Workspace", on_delete=models.CASCADE, related_name="variants")
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="variants")
    brief = models.ForeignKey(Brief, null=True, blank=True, on_delete=models.SET_NULL, related_name="variants")
    product = models.ForeignKey(Product, null=True, blank=True, on_delete=models.SET_NULL, related_name="variants")
    segment = models.ForeignKey(
        AudienceSegment, null=True, blank=True, on_delete=models.SET_NULL, related_name="variants"
    )
    channel = models.ForeignKey(Channel, on_delete=models.RESTRICT, related_name="variants")
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES)
    # where the text came from: model output keeps its AI label however much it is edited
    candidate = models.ForeignKey(Candidate, null=True, blank=True, on_delete=models.SET_NULL, related_name="variants")
    is_ai_made = models.BooleanField(_("made with AI"), default=False)
    status = models.CharField(_("status"), max_length=20, choices=VariantStatus, default=VariantStatus.DRAFT)
    # grows with every submission and every edit: a verdict names the cycle that its author read
    review_cycle = models.PositiveIntegerField(default=0)
    current_revision = models.ForeignKey(
        "campaigns.Revision", null=True, on_delete=models.RESTRICT, related_name="+", verbose_name=_("text")
    )
    approved_revision = models.ForeignKey(
        "campaigns.Revision", null=True, blank=True, on_delete=models.RESTRICT, related_name="+"
    )

    class Meta:
        verbose_name = _("variant")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "candidate"], name="campaigns_variant_candidate_once"),
            models.CheckConstraint(condition=Q(status__in=VariantStatus.values), name="campaigns_variant_status_known"),
            models.CheckConstraint(
                condition=~Q(status=VariantStatus.APPROVED)
                | (Q(approved_revision__isnull=False) & Q(approved_revision=models.F("current_revision"))),
                name="campaigns_variant_approved_is_current",
            ),
            models.CheckConstraint(
                condition=~Q(status=VariantStatus.RETIRED) | Q(approved_revision__isnull=True),
                name="campaigns_variant_retired_not_served",
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "status", "-id"], name="campaigns_variant_by_status"),
            models.Index(fields=["campaign", "-id"], name="campaigns_variant_by_campaign"),
        ]

    def __str__(self) -> str:
        return self.current_revision.text[:80] if self.current_revision else f"#{self.pk}"


class Revision(models.Model):
    """One exact text, kept byte for byte. It never changes; the database holds that."""

    workspace = models.ForeignKey("copystudio.Workspace", on_delete=models.CASCADE, related_name="+")
    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    text = models.TextField(_("text"))
    sha256 = models.CharField(max_length=64)
    # NULL means that nobody knows who wrote it: such a text cannot be approved
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("revision")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "variant", "number"], name="campaigns_revision_number"),
            models.CheckConstraint(condition=~Q(text=""), name="campaigns_revision_not_empty"),
            models.CheckConstraint(condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="campaigns_revision_sha256"),
        ]

    def __str__(self) -> str:
        return f"r{self.number}"

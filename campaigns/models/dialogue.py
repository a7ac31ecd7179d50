"""What customers asked the service about a product, and what it answered."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models.product import Product

MOST_QUESTION = 1000
MOST_ANSWER = 2000


class ServiceDialogue(models.Model):
    """One question and its answer, each on one line. ``sku`` stays where the product itself is gone."""

    workspace = models.ForeignKey("copystudio.Workspace", on_delete=models.CASCADE, related_name="dialogues")
    product = models.ForeignKey(Product, null=True, on_delete=models.SET_NULL, related_name="+")
    sku = models.CharField(_("SKU"), max_length=120)
    question = models.TextField(_("question"), max_length=MOST_QUESTION)
    answer = models.TextField(_("answer"), max_length=MOST_ANSWER)
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES)
    file_name = models.CharField(_("file"), max_length=200)
    # of SKU, question and answer: the same dialogue stands here once, however many files have it
    sha256 = models.CharField(max_length=64)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(_("created"), default=timezone.now)

    class Meta:
        verbose_name = _("service dialogue")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "sha256"], name="campaigns_dialogue_once"),
            models.CheckConstraint(
                condition=~Q(question="") & ~Q(answer="") & ~Q(sku=""), name="campaigns_dialogue_not_empty"
            ),
            models.CheckConstraint(condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="campaigns_dialogue_sha256"),
            models.CheckConstraint(
                condition=Q(language__in=[code for code, _name in settings.LANGUAGES]),
                name="campaigns_dialogue_language_known",
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "-id"], name="campaigns_dialogue_recent"),
            models.Index(fields=["workspace", "file_name"], name="campaigns_dialogue_by_file"),
        ]

    def __str__(self) -> str:
        # never the text: it may name a person, and the audit log keeps what this says after the row is deleted
        return f"{self.sku} #{self.pk}"

"""An evaluation: versions measured on the same held-out briefs and seeds, as a job row, and people's blind votes."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from copystudio.db import Job
from generation.models.model_version import ModelVersion


class Evaluation(Job):
    """``results`` has the figures of each version by its name ("new", "active", "base"), the differences and the gates;
    ``samples`` the texts of each side by side, in an order that does not tell whose they are."""

    task = "generation.evaluate"
    on_end = "generation.services.job_notice.evaluation_ended"

    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="evaluations")
    against = models.ForeignKey(
        ModelVersion, null=True, blank=True, on_delete=models.SET_NULL, related_name="compared_evaluations"
    )
    seed = models.PositiveBigIntegerField(default=0)
    items = models.PositiveIntegerField(default=0)
    results = models.JSONField(default=dict, blank=True)
    samples = models.JSONField(default=list, blank=True)
    passed = models.BooleanField(null=True)

    class Meta(Job.Meta):
        verbose_name = _("evaluation")
        verbose_name_plural = _("evaluations")
        ordering = ["-id"]
        constraints = [
            *Job.Meta.constraints,
            models.UniqueConstraint(
                fields=["workspace", "version"],
                condition=Q(status__in=["queued", "running"]),
                name="generation_evaluation_open_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version} · {self.pk}"


class BlindVote(models.Model):
    """Which of two texts a person found better without knowing whose they are. One vote a person and sample; it may change."""

    class Choice(models.TextChoices):
        NEW = "new", _("New version")
        OTHER = "other", _("Other version")
        SAME = "same", _("No difference")

    workspace = models.ForeignKey("copystudio.Workspace", on_delete=models.CASCADE, related_name="+")
    evaluation = models.ForeignKey(Evaluation, on_delete=models.CASCADE, related_name="votes")
    position = models.PositiveSmallIntegerField()
    voter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    choice = models.CharField(max_length=8, choices=Choice)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("vote")
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "evaluation", "position", "voter"], name="generation_vote_once"
            ),
            models.CheckConstraint(condition=Q(choice__in=["new", "other", "same"]), name="generation_vote_known"),
        ]

    def __str__(self) -> str:
        return f"{self.evaluation_id}/{self.position}: {self.choice}"

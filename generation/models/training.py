"""A training run: one fine-tuning over a frozen snapshot of data, as a job row, with its curve, samples and log."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from copystudio.db import Job
from generation.models.language_model import LanguageModel
from generation.models.model_version import ModelVersion

ATTEMPTS = 20  # a long job meets more restarts than a short one; each attempt goes on from the last checkpoint


class TrainingRun(Job):
    task = "generation.train"
    on_end = "generation.services.job_notice.training_ended"

    language_model = models.ForeignKey(LanguageModel, on_delete=models.RESTRICT, related_name="training_runs")
    parent = models.ForeignKey(
        ModelVersion, null=True, blank=True, on_delete=models.RESTRICT, related_name="children_runs"
    )
    label = models.CharField(_("name"), max_length=120)
    config = models.JSONField(_("settings"))
    template = models.CharField(_("prompt template"), max_length=60)
    with_corpus = models.BooleanField(_("with the starter corpus"), default=True)
    # the part of the workspace's data that it learns from, a key of settings.TRAINING_SCOPES; empty: all
    scope = models.CharField(_("data of"), max_length=60, blank=True)
    since = models.DateTimeField(_("data from"), null=True, blank=True)
    until = models.DateTimeField(_("data until"), default=timezone.now)
    is_scheduled = models.BooleanField(_("started by the schedule"), default=False)
    # what the run learns from, frozen before its first step
    data_sha256 = models.CharField(max_length=64, blank=True)
    data_counts = models.JSONField(default=dict, blank=True)
    excluded = models.JSONField(default=dict, blank=True)
    base_sha256 = models.CharField(max_length=64, blank=True)
    # where it stands, beside done and total (steps)
    best_loss = models.FloatField(null=True, blank=True)
    tokens_per_second = models.FloatField(null=True, blank=True)
    seconds_left = models.FloatField(null=True, blank=True)
    measured = models.PositiveSmallIntegerField(default=0)  # percent of the measurement that is under way
    version = models.OneToOneField(
        ModelVersion, null=True, blank=True, on_delete=models.SET_NULL, related_name="training_run"
    )

    class Meta(Job.Meta):
        verbose_name = _("training run")
        verbose_name_plural = _("training runs")
        ordering = ["-id"]
        indexes = [*Job.Meta.indexes, models.Index(fields=["workspace", "-id"], name="generation_training_recent")]
        constraints = [
            *Job.Meta.constraints,
            models.UniqueConstraint(
                fields=["workspace"],
                condition=Q(status__in=["queued", "running"]),
                name="generation_training_one_open",
            ),
        ]

    def __str__(self) -> str:
        return self.label


class TrainingPoint(models.Model):
    """One step of the curve; 0 is before the first. `held_out` in nats per token, only where it was measured."""

    workspace = models.ForeignKey("copystudio.Workspace", on_delete=models.CASCADE, related_name="+")
    run = models.ForeignKey(TrainingRun, on_delete=models.CASCADE, related_name="points")
    step = models.PositiveIntegerField()
    loss = models.FloatField(null=True)
    held_out = models.FloatField(null=True)
    pair_accuracy = models.FloatField(null=True)
    learning_rate = models.FloatField(default=0)
    tokens_per_second = models.FloatField(default=0)

    class Meta:
        verbose_name = _("training point")
        ordering = ["step"]
        constraints = [models.UniqueConstraint(fields=["workspace", "run", "step"], name="generation_point_step")]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.step}"


class TrainingSample(models.Model):
    """What the model in training wrote for one of a few fixed briefs after so many steps."""

    workspace = models.ForeignKey("copystudio.Workspace", on_delete=models.CASCADE, related_name="+")
    run = models.ForeignKey(TrainingRun, on_delete=models.CASCADE, related_name="samples")
    step = models.PositiveIntegerField()
    position = models.PositiveSmallIntegerField()
    brief = models.JSONField()
    text = models.TextField(blank=True)

    class Meta:
        verbose_name = _("training sample")
        ordering = ["-step", "position"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "run", "step", "position"], name="generation_sample_place")
        ]

    def __str__(self) -> str:
        return self.text[:80]


class TrainingLine(models.Model):
    """A line of a run's log: a code that the page says in the reader's language, and its parameters."""

    workspace = models.ForeignKey("copystudio.Workspace", on_delete=models.CASCADE, related_name="+")
    run = models.ForeignKey(TrainingRun, on_delete=models.CASCADE, related_name="lines")
    at = models.DateTimeField(default=timezone.now)
    code = models.CharField(max_length=40)
    params = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("log line")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.code

"""A generation run: one request to a model version, as a job row, with its items and their candidates."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from copystudio.db import Job
from generation.models.model_version import ModelVersion


class GenerationRun(Job):
    task = "generation.run"

    model_version = models.ForeignKey(ModelVersion, on_delete=models.RESTRICT, related_name="runs")
    label = models.CharField(_("what for"), max_length=200)
    seed = models.PositiveBigIntegerField()
    sampling = models.JSONField(default=dict)
    # SHA-256 of everything that was asked for: an equal open request is the same run, not a second one
    request_hash = models.CharField(max_length=64)

    class Meta(Job.Meta):
        verbose_name = _("generation run")
        ordering = ["-id"]
        indexes = [*Job.Meta.indexes, models.Index(fields=["workspace", "-id"], name="generation_run_recent")]
        constraints = [
            *Job.Meta.constraints,
            models.UniqueConstraint(
                fields=["workspace", "request_hash"],
                condition=Q(status__in=["queued", "running"]),
                name="generation_run_open_once",
            ),
        ]

    def __str__(self) -> str:
        return self.label


class GenerationItem(models.Model):
    """One prompt of a run: how many texts were asked for, how many came, what was dropped and why."""

    workspace = models.ForeignKey("copystudio.Workspace", on_delete=models.CASCADE, related_name="+")
    run = models.ForeignKey(GenerationRun, on_delete=models.CASCADE, related_name="items")
    position = models.PositiveIntegerField()
    # the brief as the engine reads it (CopyBrief.to_dict) and what the checks need
    payload = models.JSONField()
    requested = models.PositiveSmallIntegerField()
    produced = models.PositiveSmallIntegerField(default=0)
    batches = models.PositiveIntegerField(default=0)
    dropped = models.JSONField(default=dict)
    finished = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("generation item")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "run", "position"], name="generation_item_position"),
            models.CheckConstraint(condition=Q(produced__lte=F("requested")), name="generation_item_not_over"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.position}"

    @property
    def dropped_total(self) -> int:
        return sum(self.dropped.values())


class Candidate(models.Model):
    """One raw output that passed the filters. It never changes; the database holds that."""

    workspace = models.ForeignKey("copystudio.Workspace", on_delete=models.CASCADE, related_name="+")
    item = models.ForeignKey(GenerationItem, on_delete=models.CASCADE, related_name="candidates")
    slot = models.PositiveSmallIntegerField()
    text = models.TextField()
    sha256 = models.CharField(max_length=64)
    # mean natural-log probability per token under the model, ≤ 0; nearer 0 is more fluent
    fluency = models.FloatField()
    token_count = models.PositiveIntegerField()
    length = models.PositiveIntegerField()
    findings = models.JSONField(default=list)
    # the batch it came from: (run seed, item position, batch) makes it again
    batch = models.PositiveIntegerField()
    attempt = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("candidate")
        ordering = ["item_id", "slot"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "item", "slot"], name="generation_candidate_slot"),
            models.UniqueConstraint(fields=["workspace", "item", "sha256"], name="generation_candidate_text_once"),
            models.CheckConstraint(condition=Q(fluency__lte=0), name="generation_candidate_fluency_negative"),
            models.CheckConstraint(condition=~Q(text=""), name="generation_candidate_not_empty"),
        ]

    def __str__(self) -> str:
        return self.text[:80]

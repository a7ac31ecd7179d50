"""Doorbells that still have to be rung: written with the job, rung after the commit, rung again by the sweeper."""

from django.db import models


class Outbox(models.Model):
    workspace = models.ForeignKey("copystudio.Workspace", on_delete=models.CASCADE, related_name="+")
    task = models.CharField(max_length=60)
    object_id = models.BigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="copystudio_outbox_waiting")]

    def __str__(self) -> str:
        return f"{self.task} {self.object_id}"

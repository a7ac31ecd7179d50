"""The quantised copy of a version, as a job row."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from copystudio.db import Job
from generation.models.model_version import ModelVersion


class ModelExport(Job):
    """A version's weights in 8 bits for OpenVINO. ``folder`` lies in the folder of exports, and is empty until it is there."""

    task = "generation.export"

    version = models.OneToOneField(ModelVersion, on_delete=models.CASCADE, related_name="export")
    folder = models.CharField(max_length=200, blank=True)

    class Meta(Job.Meta):
        verbose_name = _("quantised copy")
        ordering = ["-id"]

    def __str__(self) -> str:
        return str(self.version)

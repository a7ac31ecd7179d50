"""The import of a product file, as a job row: uploaded, mapped, tried dry, applied all or not at all."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from copystudio.db import Job


class ImportStage(models.TextChoices):
    MAPPING = "mapping", _("Choose columns")
    CHECKING = "checking", _("Checking")
    CHECKED = "checked", _("Checked")
    APPLYING = "applying", _("Applying")
    APPLIED = "applied", _("Applied")


class ProductImport(Job):
    """``stage`` says how far the person is; ``status`` says how far the worker is with the present stage."""

    Stage = ImportStage
    task = "campaigns.product_import"

    stage = models.CharField(max_length=16, choices=ImportStage, default=ImportStage.MAPPING)
    file = models.FileField(upload_to="imports/%Y/%m/", max_length=300)
    file_name = models.CharField(_("file"), max_length=200)
    file_size = models.PositiveBigIntegerField()
    file_sha256 = models.CharField(max_length=64)
    format = models.CharField(_("format"), max_length=30, blank=True)
    encoding = models.CharField(_("encoding"), max_length=30, blank=True)
    mapping = models.JSONField(default=dict)
    # of the beginning of the file: {"values": {column: [value]}, "bare_prices": [column of prices without currency]}
    sample = models.JSONField(default=dict)
    # counters and the first errors and warnings of the last check: {"rows", "new", …} and [{line, column, code, params}]
    report = models.JSONField(default=dict)
    errors = models.JSONField(default=list)
    warnings = models.JSONField(default=list)

    class Meta(Job.Meta):
        verbose_name = _("product import")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.file_name

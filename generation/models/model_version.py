"""What writes copy: a base model, perhaps an adapter over it, and the prompt template they belong with."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from copystudio.db import TimeStampedModel
from generation.models.language_model import LanguageModel


class ModelVersionStatus(models.TextChoices):
    STAGED = "staged", _("Staged")
    ACTIVE = "active", _("Active")
    RETIRED = "retired", _("Retired")


class ModelVersion(TimeStampedModel):
    Status = ModelVersionStatus

    workspace = models.ForeignKey("copystudio.Workspace", on_delete=models.CASCADE, related_name="+")
    language_model = models.ForeignKey(LanguageModel, on_delete=models.RESTRICT, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    prompt_template = models.CharField(_("prompt template"), max_length=60)
    status = models.CharField(max_length=16, choices=ModelVersionStatus, default=ModelVersionStatus.STAGED)

    class Meta:
        verbose_name = _("model version")
        constraints = [
            models.UniqueConstraint(fields=["workspace", "number"], name="generation_modelversion_number"),
            models.UniqueConstraint(
                fields=["workspace"], condition=Q(status="active"), name="generation_modelversion_one_active"
            ),
            models.CheckConstraint(
                condition=Q(status__in=ModelVersionStatus.values), name="generation_modelversion_status_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.language_model} v{self.number}"

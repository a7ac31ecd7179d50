"""A base model: pretrained weights in a folder below MODEL_ROOT."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from copystudio.db import TimeStampedModel

folder_name = RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9._-]*$", _("Letters, digits, dot, dash and underscore only."))


class LanguageModel(TimeStampedModel):
    """``folder`` is a single name below MODEL_ROOT: what a person types never becomes a path."""

    workspace = models.ForeignKey("copystudio.Workspace", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=120)
    folder = models.CharField(_("folder"), max_length=120, validators=[folder_name])
    licence = models.CharField(_("licence"), max_length=120)
    licence_url = models.URLField(_("licence text"), blank=True)

    class Meta:
        verbose_name = _("base model")
        verbose_name_plural = _("base models")
        constraints = [
            models.UniqueConstraint(fields=["workspace", "folder"], name="generation_languagemodel_folder"),
            models.CheckConstraint(
                condition=models.Q(folder__regex=r"^[A-Za-z0-9][A-Za-z0-9._-]*$"),
                name="generation_languagemodel_folder_name",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> Path:
        return Path(settings.MODEL_ROOT) / self.folder

"""What writes copy: a base model, perhaps an adapter over it, and the prompt template they belong with."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from copystudio.db import TimeStampedModel
from generation.engine.training.dataset import PAIRED
from generation.models.language_model import LanguageModel, folder_name


class ModelVersionStatus(models.TextChoices):
    STAGED = "staged", _("Staged")
    ACTIVE = "active", _("Active")
    RETIRED = "retired", _("Retired")
    DELETED = "deleted", _("Deleted")


# verb: (from, to). A deleted version has lost its files; its row stays for what was written with it.
TRANSITIONS: dict[str, tuple[frozenset[str], str]] = {
    "promote": (frozenset({ModelVersionStatus.STAGED, ModelVersionStatus.RETIRED}), ModelVersionStatus.ACTIVE),
    "retire": (frozenset({ModelVersionStatus.ACTIVE, ModelVersionStatus.STAGED}), ModelVersionStatus.RETIRED),
    "delete": (frozenset({ModelVersionStatus.STAGED, ModelVersionStatus.RETIRED}), ModelVersionStatus.DELETED),
}


class ModelVersion(TimeStampedModel):
    Status = ModelVersionStatus

    workspace = models.ForeignKey("copystudio.Workspace", on_delete=models.CASCADE, related_name="+")
    language_model = models.ForeignKey(LanguageModel, on_delete=models.RESTRICT, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    prompt_template = models.CharField(_("prompt template"), max_length=60)
    name = models.CharField(_("name"), max_length=120, blank=True)
    # a single name below MODEL_ROOT, empty for the base alone
    folder = models.CharField(_("adapter folder"), max_length=120, blank=True, validators=[folder_name])
    adapter_sha256 = models.CharField(max_length=64, blank=True)
    base_sha256 = models.CharField(max_length=64, blank=True)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="children")
    # as training.json of the folder has it: data by hash and source, settings, seed, code revision, how training went
    lineage = models.JSONField(default=dict, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    promoted_at = models.DateTimeField(null=True, blank=True)
    status = models.CharField(max_length=16, choices=ModelVersionStatus, default=ModelVersionStatus.STAGED)

    class Meta:
        verbose_name = _("model version")
        verbose_name_plural = _("model versions")
        constraints = [
            models.UniqueConstraint(fields=["workspace", "number"], name="generation_modelversion_number"),
            models.UniqueConstraint(
                fields=["workspace"], condition=Q(status="active"), name="generation_modelversion_one_active"
            ),
            models.CheckConstraint(
                condition=Q(status__in=ModelVersionStatus.values), name="generation_modelversion_status_known"
            ),
            models.CheckConstraint(
                condition=Q(folder="") | Q(folder__regex=r"^[A-Za-z0-9][A-Za-z0-9._-]*$"),
                name="generation_modelversion_folder_name",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.language_model} v{self.number}"

    @property
    def learned_pairs(self) -> bool:
        """Whether there were pairs and a wish to learn from them. Where time ran out before, that is not known."""
        counts, config = self.lineage.get("data_counts") or {}, self.lineage.get("config") or {}
        return bool(config.get("preference_epochs")) and any(counts.get(source) for source in PAIRED)

    @property
    def adapter_path(self) -> Path | None:
        """The adapter's folder; None for a version that is its base model alone."""
        return Path(settings.MODEL_ROOT) / self.folder if self.folder else None

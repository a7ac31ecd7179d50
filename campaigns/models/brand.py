"""Voice and rules that copy must keep."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from copystudio.db import TimeStampedModel


class Brand(TimeStampedModel):
    workspace = models.ForeignKey("copystudio.Workspace", on_delete=models.CASCADE, related_name="brands")
    name = models.CharField(_("name"), max_length=120)
    voice = models.TextField(_("voice"), blank=True, max_length=2000)
    tone = models.CharField(_("tone"), max_length=120, blank=True)
    must_words = ArrayField(models.CharField(max_length=60), default=list, blank=True, verbose_name=_("must words"))
    never_words = ArrayField(models.CharField(max_length=60), default=list, blank=True, verbose_name=_("never words"))
    good_examples = models.TextField(_("good examples"), blank=True, max_length=4000)
    bad_examples = models.TextField(_("bad examples"), blank=True, max_length=4000)
    # what writes for this brand; empty: the version that is active in the workspace
    model_version = models.ForeignKey(
        "generation.ModelVersion",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("model version"),
    )

    class Meta:
        verbose_name = _("brand")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="campaigns_brand_name")]

    def __str__(self) -> str:
        return self.name

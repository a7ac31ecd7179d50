"""Whom the copy addresses."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from copystudio.db import TimeStampedModel


class AudienceSegment(TimeStampedModel):
    """A segment described by hand. ``interests`` is a list of ``{"name": str, "weight": 0…1}``, heaviest first."""

    workspace = models.ForeignKey("copystudio.Workspace", on_delete=models.CASCADE, related_name="segments")
    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(_("short name"), max_length=60)
    description = models.TextField(_("who they are"), max_length=2000)
    interests = models.JSONField(_("interests"), default=list)
    words = ArrayField(models.CharField(max_length=60), default=list, blank=True, verbose_name=_("their words"))
    avoid_words = ArrayField(
        models.CharField(max_length=60), default=list, blank=True, verbose_name=_("words to avoid")
    )
    tone = models.CharField(_("tone"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("audience segment")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "slug"], name="campaigns_segment_slug"),
            models.UniqueConstraint(fields=["workspace", "name"], name="campaigns_segment_name"),
        ]

    def __str__(self) -> str:
        return self.name

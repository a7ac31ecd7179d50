"""A place in the shop or CMS that asks for copy by name."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.channel import Channel
from campaigns.models.variant import Variant
from copystudio.db import TimeStampedModel


class Placement(TimeStampedModel):
    """Serves the approved revision of ``variant``; without one, ``fallback_text``, so that the shop never shows nothing."""

    workspace = models.ForeignKey("copystudio.Workspace", on_delete=models.CASCADE, related_name="placements")
    slug = models.SlugField(_("name in the API"), max_length=80)
    name = models.CharField(_("name"), max_length=120)
    channel = models.ForeignKey(
        Channel, on_delete=models.RESTRICT, related_name="placements", verbose_name=_("channel")
    )
    variant = models.ForeignKey(Variant, null=True, blank=True, on_delete=models.SET_NULL, related_name="placements")
    fallback_text = models.CharField(_("fallback text"), max_length=2000, blank=True)

    class Meta:
        verbose_name = _("placement")
        ordering = ["slug"]
        constraints = [models.UniqueConstraint(fields=["workspace", "slug"], name="campaigns_placement_slug")]

    def __str__(self) -> str:
        return self.name

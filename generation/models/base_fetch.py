"""The fetching of a base model from the Hugging Face hub, as a job row: ``done`` and ``total`` are bytes."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from copystudio.db import Job
from generation.models.language_model import LanguageModel


class BaseFetch(Job):
    """What is to be fetched, and what the base is to be called; ``language_model`` is the base that came of it."""

    task = "generation.fetch"

    hub_name = models.CharField(_("name on the hub"), max_length=120)
    name = models.CharField(_("name"), max_length=120)
    licence = models.CharField(_("licence"), max_length=120)
    licence_url = models.URLField(_("licence text"), blank=True)
    language_model = models.ForeignKey(
        LanguageModel, null=True, blank=True, on_delete=models.SET_NULL, related_name="fetches"
    )

    class Meta(Job.Meta):
        verbose_name = _("fetch of a base model")
        verbose_name_plural = _("fetches of base models")
        ordering = ["-id"]
        constraints = [
            *Job.Meta.constraints,
            models.UniqueConstraint(
                fields=["workspace", "hub_name"],
                condition=Q(status__in=["queued", "running"]),
                name="generation_basefetch_open_once",
            ),
        ]

    def __str__(self) -> str:
        return self.hub_name

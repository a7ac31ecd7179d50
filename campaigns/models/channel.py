"""Where copy appears: one field of a channel with its limits, as versioned data."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from copystudio.db import TimeStampedModel


class Unit(models.TextChoices):
    """The units of ``campaigns.rules.limits`` (same values), with their names for people."""

    CHARACTERS = "characters", _("characters")
    DISPLAY_WIDTH = "display_width", _("display width")
    UTF16 = "utf16", _("UTF-16 units")
    BYTES = "bytes", _("bytes")
    SMS = "sms", _("SMS parts")
    WORDS = "words", _("words")


# Platforms that are called differently in another language; all others keep the name they have.
PLATFORM_NAMES = {
    "Customer service": pgettext_lazy("platform", "Customer service"),
    "E-mail": pgettext_lazy("platform", "E-mail"),
    "Huawei": pgettext_lazy("platform", "Huawei"),
    "SMS": pgettext_lazy("platform", "SMS"),
    "Shop": pgettext_lazy("platform", "Shop"),
    "Taobao": pgettext_lazy("platform", "Taobao"),
    "WeChat": pgettext_lazy("platform", "WeChat"),
    "Xiaohongshu": pgettext_lazy("platform", "Xiaohongshu"),
    "Xiaomi": pgettext_lazy("platform", "Xiaomi"),
}


class Channel(TimeStampedModel):
    """A changed limit is a new version: old copy keeps the one it was written under."""

    workspace = models.ForeignKey("copystudio.Workspace", on_delete=models.CASCADE, related_name="channels")
    key = models.SlugField(_("key"), max_length=60)
    version = models.PositiveIntegerField(_("version"), default=1)
    is_current = models.BooleanField(default=True)
    platform = models.CharField(_("platform"), max_length=60)
    kind = models.CharField(max_length=16, default="headline")
    name_en = models.CharField(_("name in English"), max_length=120)
    name_zh = models.CharField(_("name in Chinese"), max_length=120)
    unit = models.CharField(_("unit"), max_length=16, choices=Unit)
    soft_limit = models.PositiveIntegerField(_("advised limit"), null=True, blank=True)
    hard_limit = models.PositiveIntegerField(_("limit"))
    source_url = models.CharField(_("source"), max_length=300, blank=True)
    checked_on = models.DateField(_("checked on"), null=True, blank=True)

    class Meta:
        verbose_name = _("channel")
        ordering = ["platform", "key", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "key", "version"], name="campaigns_channel_version"),
            models.UniqueConstraint(
                fields=["workspace", "key"], condition=Q(is_current=True), name="campaigns_channel_current"
            ),
            models.CheckConstraint(condition=Q(hard_limit__gte=1), name="campaigns_channel_limit_positive"),
            models.CheckConstraint(
                condition=Q(soft_limit__isnull=True) | Q(soft_limit__lte=F("hard_limit")),
                name="campaigns_channel_soft_below_hard",
            ),
            models.CheckConstraint(condition=Q(unit__in=Unit.values), name="campaigns_channel_unit_known"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return self.name_zh if (get_language() or "").startswith("zh") else self.name_en

    @property
    def platform_name(self) -> str:
        return str(PLATFORM_NAMES.get(self.platform, self.platform))

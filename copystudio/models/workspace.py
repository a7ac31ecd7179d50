"""The room in which one team works; everything else belongs to exactly one workspace."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from copystudio.db import TimeStampedModel


def new_signing_key() -> str:
    return secrets.token_urlsafe(48)


class Workspace(TimeStampedModel):
    slug = models.SlugField(_("short name"), max_length=50, unique=True)
    name = models.CharField(_("name"), max_length=120)
    is_demo = models.BooleanField(default=False)
    # grows with every change of what is served; web processes compare it with the copy they hold in memory
    delivery_version = models.PositiveBigIntegerField(default=1)
    # signs exposure tokens and turns visitor keys into pseudonyms; never shown
    signing_key = models.CharField(max_length=100, default=new_signing_key, editable=False)

    class Meta:
        verbose_name = _("workspace")

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What a member may do, each including the ones before it."""

    VIEWER = "viewer", _("Viewer")
    COPYWRITER = "copywriter", _("Copywriter")
    APPROVER = "approver", _("Approver")
    ADMIN = "admin", _("Admin")

    def covers(self, needed: Role) -> bool:
        order = list(Role)
        return order.index(self) >= order.index(needed)

    @property
    def can_write(self) -> bool:
        return self.covers(Role.COPYWRITER)

    @property
    def can_approve(self) -> bool:
        return self.covers(Role.APPROVER)


class Membership(TimeStampedModel):
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=16, choices=Role)

    class Meta:
        verbose_name = _("member")
        constraints = [
            models.UniqueConstraint(fields=["workspace", "user"], name="copystudio_membership_once"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="copystudio_membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"

    def covers(self, needed: Role) -> bool:
        return Role(self.role).covers(needed)

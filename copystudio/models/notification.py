"""What one person is told: by the bell in the header, and by e-mail."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

# A path of this site. "//host", "/\host" and white space in between would let a browser read another site into it.
PATH_HERE = r"^/([^/\\\s]\S*)?$"


class Notification(models.Model):
    """A code and its parameters; the sentence is made in the reader's language when it is read.

    The moments are told by the database's clock. ``emailed_at`` is when sending began, and is written before it: a mail
    goes out once or not at all.
    """

    workspace = models.ForeignKey("copystudio.Workspace", on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications")
    code = models.CharField(max_length=60)
    params = models.JSONField(default=dict)
    url = models.CharField(max_length=300)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    read_at = models.DateTimeField(null=True, blank=True)
    emailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("notification")
        constraints = [
            models.CheckConstraint(name="copystudio_notification_has_code", condition=~Q(code="")),
            models.CheckConstraint(name="copystudio_notification_url_here", condition=Q(url__regex=PATH_HERE)),
        ]
        indexes = [
            models.Index(
                fields=["workspace", "person"],
                name="copystudio_notification_unread",
                condition=Q(read_at__isnull=True),
            ),
            models.Index(fields=["workspace", "person", "-id"], name="copystudio_notification_recent"),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def is_unread(self) -> bool:
        return self.read_at is None

"""The app of people, workspaces, jobs and the audit log."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CopyStudioConfig(AppConfig):
    name = "copystudio"
    label = "copystudio"
    verbose_name = _("Copy Studio")

    def ready(self) -> None:
        from copystudio import checks  # noqa: F401 (registers the system checks)

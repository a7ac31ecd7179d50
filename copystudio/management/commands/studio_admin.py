"""A new one-time password for the first admin: ``manage.py studio_admin``."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from copystudio.services.bootstrap import admin_reset


class Command(BaseCommand):
    help = "Print a new one-time password for the first admin."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            first = admin_reset()
        except LookupError as error:
            raise CommandError(f"{error}: start with `make run` first.") from None
        self.stdout.write(f"{first.email}\n{first.password}")

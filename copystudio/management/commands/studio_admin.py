"""A new one-time password for the first admin, and who may enter the Django admin: ``manage.py studio_admin``."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from copystudio.services.bootstrap import admin_reset, superuser_set


class Command(BaseCommand):
    help = "Print a new one-time password for the first admin, or make somebody a superuser."

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--superuser", metavar="EMAIL", help="let this person into the Django admin below /admin/")
        which.add_argument("--no-superuser", metavar="EMAIL", help="let this person out of it")

    def handle(self, *args: Any, **options: Any) -> None:
        email = options["superuser"] or options["no_superuser"]
        try:
            if email:
                superuser_set(email=email, is_superuser=bool(options["superuser"]))
                return
            first = admin_reset()
        except LookupError as error:
            raise CommandError(str(error) if email else f"{error}: start with `make run` first.") from None
        self.stdout.write(f"{first.email}\n{first.password}")

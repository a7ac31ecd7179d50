"""``manage.py studio_prepare``: what has to be true before the first page and the first run. Safe to run again."""

from __future__ import annotations

import json
import os
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from copystudio.services.bootstrap import FirstStart, bootstrap
from copystudio.supervisor.welcome import FIRST_SIGN_IN


class Command(BaseCommand):
    help = "Migrate the database, create the first admin and the demonstration, make the starter model ready."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--only", choices=["database", "model"], help="one part alone")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["only"] != "model":
            self.prepare_database()
        if options["only"] != "database":
            self.prepare_model()

    def prepare_database(self) -> None:
        call_command("migrate", interactive=False, verbosity=0, stdout=self.stdout)
        self.stdout.write("Database: migrated.")
        first = bootstrap()
        if first is not None:
            self.keep(first)

    def keep(self, first: FirstStart) -> None:
        """Leave the password for the terminal of `make run`, which shows it once and deletes the file; where nobody
        supervises, print it.
        """
        if "STUDIO_SUPERVISED" not in os.environ:
            self.stdout.write(f"First admin: {first.email}, one-time password: {first.password}")
            return
        file = settings.VAR_DIR / FIRST_SIGN_IN
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
            json.dump({"email": first.email, "password": first.password}, stream)

    def prepare_model(self) -> None:
        from generation.engine import starter  # heavy, and not needed for the database

        try:
            starter.prepare(settings.MODEL_ROOT, self.stdout.write)
        except starter.StarterError as error:
            raise CommandError(str(error)) from error

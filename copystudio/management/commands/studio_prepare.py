"""``manage.py studio_prepare``: what has to be true before the first page and the first run. Safe to run again."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from copystudio.embedded.process import MARK
from copystudio.services.bootstrap import FirstStart, bootstrap
from copystudio.supervisor.welcome import FIRST_SIGN_IN
from generation.engine import starter, starter_adapter
from generation.services.setup import starter_offer

SUPERVISED = MARK in os.environ


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
        with transaction.atomic():
            first = bootstrap()
            if first is not None and SUPERVISED:
                _keep(first)
        starter_offer()
        self.stdout.write("The database is ready.")
        if first is not None and not SUPERVISED:
            self.stdout.write(f"First admin: {first.email}, one-time password: {first.password}")

    def prepare_model(self) -> None:
        if starter.GEMMA.name != settings.STARTER_MODEL:
            self.stdout.write(f"Model: {settings.STARTER_MODEL}, from {settings.MODEL_ROOT}.")
            return
        try:
            starter.prepare(settings.MODEL_ROOT, self.progress())
            if starter_adapter.is_shipped():
                starter_adapter.install(settings.MODEL_ROOT)
        except starter.StarterModelError as error:
            raise CommandError(str(error)) from error

    def progress(self) -> Callable[[str, float], None]:
        """Says each step once, with how much of the whole is done before it."""
        said = ""

        def say(step: str, fraction: float) -> None:
            nonlocal said
            if step != said:
                said = step
                self.stdout.write(f"Starter model: {step} ({fraction:.0%})")

        return say


def _keep(first: FirstStart) -> None:
    """Leave the password for the terminal of `make run`, which shows it once and deletes the file. Written before the
    commit: a first start that is killed in between never ends in an admin whose password nobody saw.
    """
    file = settings.VAR_DIR / FIRST_SIGN_IN
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
        json.dump({"email": first.email, "password": first.password}, stream)
        stream.flush()
        os.fsync(stream.fileno())

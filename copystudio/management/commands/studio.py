"""``manage.py studio``: everything under one supervisor; ``manage.py studio web``: only that program."""

import os
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    help = "Run Copy Studio: everything, or one program (web, default, generation, training, beat)."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("program", nargs="?", help="only this program, without embedded servers")

    def handle(self, *args: Any, **options: Any) -> None:
        """Hand over to the supervisor, which keeps no Django in memory."""
        program = [options["program"]] if options["program"] else []
        sys.stdout.flush()
        os.execv(sys.executable, [sys.executable, "-m", "copystudio.supervisor", *program])  # noqa: S606 (no shell is wanted)

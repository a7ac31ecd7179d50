"""``manage.py reproduce_candidate 42``: write a candidate again from what is stored with it, and say whether it is the same."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from generation.engine.errors import EngineError
from generation.models import Candidate
from generation.services.reproduce import candidate_reproduce


class Command(BaseCommand):
    help = "Write a candidate again, alone and in float32, from its version, prompt, settings and seed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("candidate", type=int, help="the candidate's number")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = Candidate.objects.select_related("item__run__model_version__language_model")
        candidate = rows.filter(pk=options["candidate"]).first()
        if candidate is None:
            raise CommandError(f"There is no candidate {options['candidate']}.")
        try:
            found = candidate_reproduce(candidate=candidate)
        except EngineError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"stored: {found.stored}\nmade:   {found.made}")
        if found.is_same:
            self.stdout.write("The same.")
            return
        if not found.same_prompt:
            raise CommandError("Different: the prompt is another one now (the checks or the prompt template changed).")
        if found.numbers != "float32":
            raise CommandError(
                f"Different: it was computed in {found.numbers or 'numbers that were not kept'}, where a token may depend on "
                "what else is written at once. Set GENERATION_NUMBERS=float32 for runs that must come out again exactly."
            )
        raise CommandError("Different, although it was computed in float32: are the model's files still the same?")

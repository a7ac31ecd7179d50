"""Recompute the daily counters from the raw events and print every difference."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from campaigns.services.counters import tracking_rebuild
from copystudio.errors import TransitionError
from copystudio.models import Workspace


class Command(BaseCommand):
    help = "Compares the daily counters with the raw events, workspace by workspace, and mends them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--workspace", help="short name of one workspace; all but demonstrations without it")
        parser.add_argument("--check", action="store_true", help="change nothing; status 1 where something differs")

    def handle(self, *args: Any, **options: Any) -> None:
        workspaces = Workspace.objects.order_by("slug")
        if options["workspace"]:
            workspaces = workspaces.filter(slug=options["workspace"])
            if not workspaces:
                raise CommandError(f"There is no workspace {options['workspace']!r}.")
        else:
            workspaces = workspaces.filter(is_demo=False)
        total = 0
        for workspace in workspaces:
            try:
                differences = tracking_rebuild(workspace=workspace, change=not options["check"])
            except TransitionError as error:
                raise CommandError(str(error)) from None
            total += len(differences)
            for found in differences:
                cell = found.cell
                self.stdout.write(
                    f"{workspace.slug} {cell.day} variant {cell.variant} revision {cell.revision} "
                    f"placement {cell.placement}{cell.currency and ' ' + cell.currency}: counters {self._counts(found.counters)}, "
                    f"events {self._counts(found.raw)}"
                )
            self.stdout.write(f"{workspace.slug}: {len(differences)} differences")
        if total and options["check"]:
            raise CommandError(f"{total} counters differ from the raw events.")

    @staticmethod
    def _counts(counts: tuple[object, ...]) -> str:
        return "/".join(map(str, counts))

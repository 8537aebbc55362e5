"""`manage.py rebuild_stops [--check]`: put every idea at the stop that its events say."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ideas.rebuilding import rebuild


class Command(BaseCommand):
    help = "Rebuilds the journey's projection from events; --check only compares, and fails on a difference."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        found = rebuild(repair=not options["check"])
        for wrong in found:
            self.stdout.write(f"idea {wrong.number}: {wrong.stop} should be {wrong.right_stop}")
        if found and options["check"]:
            raise CommandError(f"{len(found)} ideas differ from their events.")
        self.stdout.write(f"{len(found)} ideas put right.")

"""Fill an empty database with the demo: `manage.py seed --if-empty`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from lifecycle.models import Product
from lifecycle.story.seed import seed


class Command(BaseCommand):
    help = "Fill an empty database with the demo's product, people and ideas."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--if-empty", action="store_true", help="do nothing when there is a product already")

    def handle(self, *args: Any, **options: Any) -> None:
        if Product.objects.exists():
            if options["if_empty"]:
                return
            raise CommandError("There is a product already; `make reset` empties var/ for a new start.")
        seed()

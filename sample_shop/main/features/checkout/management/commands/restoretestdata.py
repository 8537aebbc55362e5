import os

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from features.checkout.testdata import SETS, restore


class Command(BaseCommand):
    help = "Replaces all orders and stock by a named set of test data; refused on production."

    def add_arguments(self, parser: CommandParser) -> None:
        default = os.environ.get("TEST_DATA_SET", "standard")
        parser.add_argument("name", nargs="?", default=default, help=", ".join(SETS))

    def handle(self, *, name: str, **options: object) -> None:
        if settings.IS_PRODUCTION:
            raise CommandError("Production keeps its own data: nothing was changed.")
        if name not in SETS:
            raise CommandError(f"No test data set is called {name!r}. There are: {', '.join(SETS)}.")
        restore(name)
        if options["verbosity"]:
            self.stdout.write(f"test data set {name!r} restored")

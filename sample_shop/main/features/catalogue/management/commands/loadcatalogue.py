from django.core.management.base import BaseCommand

from features.catalogue.loading import load_catalogue


class Command(BaseCommand):
    help = "Loads the seed catalogue; may be repeated, never changes stock."

    def handle(self, **options: object) -> None:
        self.stdout.write(f"{load_catalogue()} products in the catalogue")

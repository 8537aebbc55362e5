from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Brings the database up to this release: its tables, then its catalogue."
    requires_system_checks = ()

    def handle(self, **options: object) -> None:
        call_command("migrate", interactive=False, skip_checks=True, stdout=self.stdout)
        call_command("loadcatalogue", stdout=self.stdout)

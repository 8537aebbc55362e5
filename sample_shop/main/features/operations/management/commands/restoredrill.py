import os
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from features.operations.restoring import NotRestored, newest, restore, told


class Command(BaseCommand):
    help = (
        "Restores BACKUP (else the newest of LIVE_DATA_DIR) into DATA_DIR, which is thrown away, and counts its rows."
    )
    requires_system_checks = ()

    def handle(self, **options: object) -> None:
        live = Path(os.environ.get("LIVE_DATA_DIR") or settings.DATA_DIR)
        try:
            copy = told(os.environ.get("BACKUP", "")) or newest(live / "backups")
            rows = restore(copy, settings.DATA_DIR / "restored.sqlite3")
        except NotRestored as error:
            raise CommandError(str(error)) from error
        orders = rows.get("checkout_order", 0)
        self.stdout.write(f"{copy.name}: {len(rows)} tables, {sum(rows.values())} rows, {orders} orders")

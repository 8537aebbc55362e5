from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand

from features.operations.backup import backup


class Command(BaseCommand):
    help = "Copies the database to DATA_DIR/backups/<release>.sqlite3 and keeps the newest five copies."
    requires_system_checks = ()

    def handle(self, **options: object) -> None:
        database = Path(settings.DATABASES["default"]["NAME"])
        if not database.exists():
            self.stdout.write("no database yet, so there is nothing to copy")
            return
        copy = backup(database, settings.DATA_DIR / "backups", label=settings.RELEASE)
        self.stdout.write(f"database copied to {copy}")

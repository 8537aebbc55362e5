"""What already fits and need not be done again at the next start: migrations, static files."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

import psycopg2

from lifecycle.embedded.paths import ROOT

DATABASE_IDENTITY = """
    SELECT oid, to_regclass('django_migrations') FROM pg_database WHERE datname = current_database()
"""


def migrations_fingerprint(database_url: str, *, demo: bool) -> str:
    """Changes with any migration file, any package, or the database (another one, one put back)."""
    return _digest([_packages(), *_contents(ROOT.glob("*/migrations/*.py")), _database(database_url), str(demo)])


def static_fingerprint() -> str:
    """Changes with any static file of ours (by size and time) or any package."""
    files = sorted(path for pattern in ("static/**/*", "*/static/**/*") for path in ROOT.glob(pattern))
    facts = [f"{path.relative_to(ROOT)} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in files]
    return _digest([_packages(), *facts])


def is_fresh(stamp: Path, fingerprint: str) -> bool:
    return stamp.exists() and json.loads(stamp.read_text()) == fingerprint


def mark_fresh(stamp: Path, fingerprint: str) -> None:
    stamp.write_text(json.dumps(fingerprint))


def _packages() -> str:
    return _digest(_contents([ROOT / "requirements.lock"]))


def _contents(paths: Iterable[Path]) -> list[str]:
    return [f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in sorted(paths)]


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _database(url: str) -> str:
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(DATABASE_IDENTITY)
            oid, table = cursor.fetchone() or (0, None)
            if not table:
                return f"{oid} empty"
            cursor.execute("SELECT count(*), max(id) FROM django_migrations")
            return f"{oid} {cursor.fetchone()}"
    finally:
        connection.close()

"""The database with all migrations, made once for all processes of a run: each begins with a copy of it."""

import os
import subprocess
import sys
from urllib.parse import urlsplit, urlunsplit

import psycopg2

from lifecycle.embedded.paths import ROOT

DRAFT = "migrating"
ALONE = 0x4D49


def make_sure_of(name: str) -> None:
    """Whoever asks first makes it, the others wait until it is whole."""
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [ALONE])
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", [name])
        if cursor.fetchone() is None:
            cursor.execute(f"DROP DATABASE IF EXISTS {DRAFT}")
            cursor.execute(f"CREATE DATABASE {DRAFT}")
            _migrate(DRAFT)
            cursor.execute(f"ALTER DATABASE {DRAFT} RENAME TO {name}")
    connection.close()


def _migrate(database: str) -> None:
    address = urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}"))
    command = [sys.executable, "-m", "lifecycle.embedded.prepare", "migrate"]
    environment = os.environ | {"DATABASE_URL": address}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)

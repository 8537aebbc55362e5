"""What is skipped at the second start, and what is not."""

import os

import psycopg2
import pytest

from lifecycle.embedded import freshness


@pytest.fixture
def database():
    """A connection to a database of its own."""
    address = os.environ["DATABASE_URL"].rpartition("/")[0]
    name = f"freshness_{os.getpid()}"
    server = psycopg2.connect(os.environ["DATABASE_URL"])
    server.autocommit = True
    server.cursor().execute(f"DROP DATABASE IF EXISTS {name}")
    server.cursor().execute(f"CREATE DATABASE {name}")
    connection = psycopg2.connect(f"{address}/{name}")
    connection.autocommit = True
    yield connection
    connection.close()
    server.cursor().execute(f"DROP DATABASE {name}")
    server.close()


def fingerprint(connection, *, demo: bool = False) -> str:
    address = os.environ["DATABASE_URL"].rpartition("/")[0]
    return freshness.migrations_fingerprint(f"{address}/{connection.info.dbname}", demo=demo)


def test_migrations_are_skipped_only_on_the_database_they_ran_on(database):
    database.cursor().execute("CREATE TABLE django_migrations (id int)")
    database.cursor().execute("INSERT INTO django_migrations VALUES (1), (2)")
    before = fingerprint(database)
    assert fingerprint(database) == before
    database.cursor().execute("DELETE FROM django_migrations WHERE id = 2")  # an older backup was put back
    assert fingerprint(database) != before


def test_demo_data_is_asked_for_when_the_demo_is_switched_on(database):
    assert fingerprint(database, demo=True) != fingerprint(database, demo=False)


def test_a_stamp_is_fresh_for_its_fingerprint_only(tmp_path):
    stamp = tmp_path / "stamp"
    assert not freshness.is_fresh(stamp, "a")
    freshness.mark_fresh(stamp, "a")
    assert freshness.is_fresh(stamp, "a")
    assert not freshness.is_fresh(stamp, "b")

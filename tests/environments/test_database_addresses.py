"""Production's database is recognised however its address is written, and other databases are let through."""

import socket

import pytest

from environments.database_addresses import same_database, same_text

PORT = 5432
PRODUCTION = {"DATABASE_URL": "postgresql://shop:pw@127.0.0.1/shop"}
HOST = socket.gethostname()

SPELLINGS = {
    "a name": "postgres://localhost/shop",
    "upper case": "POSTGRESQL://LOCALHOST:5432/shop",
    "a trailing dot": "postgresql://localhost.:5432/shop",
    "the port said": "postgresql://127.0.0.1:5432/shop",
    "another loopback number": "postgresql://127.0.0.1:05432/shop",
    "IPv6": "postgresql://[::1]:5432/shop",
    "IPv4 in IPv6": "postgresql://[::ffff:127.0.0.1]/shop",
    "a decimal number": "postgresql://2130706433/shop",
    "a hexadecimal number": "postgresql://0x7f000001/shop",
    "a shortened number": "postgresql://127.1/shop",
    "another loopback address": "postgresql://127.0.0.53/shop",
    "any address": "postgresql://0.0.0.0/shop",
    "the machine's name": f"postgresql://{HOST}/shop",
    "another user": "postgresql://reporting:x@localhost/shop",
    "the name by the user": "postgresql://shop@localhost",
    "no database at all": "postgresql://localhost",
    "a driver in the scheme": "postgresql+psycopg://localhost/shop",
    "a host in the query": "postgresql://nowhere.invalid/shop?host=localhost",
    "a number in the query": "postgresql://nowhere.invalid/shop?hostaddr=127.0.0.1",
    "everything in the query": "postgresql:///?host=127.0.0.1&port=5432&dbname=shop",
    "the database in the query": "postgresql://localhost/other?dbname=shop",
    "a percent-encoded name": "postgresql://local%68ost/%73hop",
    "a socket's folder": "postgresql://%2Fvar%2Frun%2Fpostgresql/shop",
    "a socket in the query": "postgresql:///shop?host=/var/run/postgresql",
    "a socket's file": "postgresql:///shop?host=/tmp/.s.PGSQL.5432",
    "the default socket": "postgresql:///shop",
    "one of several hosts": "postgresql://nowhere.invalid:6000,localhost:5432/shop",
    "key words": "host=localhost dbname=shop user=me",
    "key words in quotes": "host = '127.0.0.1' port=5432 dbname='shop'",
    "JDBC": "jdbc:postgresql://localhost:5432/shop?user=me",
    "inside other text": '{"default": "postgres://localhost/shop", "pool": 5}',
    "a password with @": "postgresql://me:p@ss@localhost/shop",
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_it_sees_through_every_spelling(spelling: str) -> None:
    assert same_database({"COLOUR": "red", "SHOP_DB": spelling}, PRODUCTION) == "SHOP_DB"
    assert same_database({"SHOP_DB": PRODUCTION["DATABASE_URL"]}, {"X": spelling}) == "SHOP_DB"


@pytest.mark.parametrize(
    "variables",
    [
        {"PGHOST": "localhost", "PGDATABASE": "shop"},
        {"PGHOSTADDR": "127.0.0.1", "PGUSER": "shop"},
        {"PGDATABASE": "shop"},
        {"DB_HOST": "localhost", "DB_PORT": "5432", "DB_NAME": "shop"},
        {"POSTGRES_HOST": HOST, "POSTGRES_DB": "shop"},
        {"DATABASE_URL": "postgresql:///shop", "PGHOST": "localhost"},
    ],
    ids=lambda variables: "-".join(variables),
)
def test_it_sees_an_address_told_in_several_variables(variables: dict[str, str]) -> None:
    assert same_database(variables, PRODUCTION) in variables


@pytest.mark.parametrize(
    "other",
    [
        "postgresql://localhost/staging",
        "postgresql://localhost:5433/shop",
        "postgresql:///shop?host=/var/run/postgresql&port=5433",
        "mysql://localhost:5432/shop",
        "https://localhost:5432/shop",
        "postgresql://192.0.2.7/shop",
        "postgresql://nowhere.invalid/shop",
        "shop",
        "",
    ],
)
def test_it_lets_other_databases_through(other: str) -> None:
    assert same_database({"DATABASE_URL": other}, PRODUCTION) is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("redis://localhost", "redis://127.0.0.1:6379/0", True),
        ("rediss://user:pw@[::1]/3", "valkey://localhost:6379?db=3", True),
        ("unix:///run/valkey.sock?db=1", "unix:///run/../run/valkey.sock?db=1", True),
        ("redis://localhost/1", "redis://localhost/2", False),
        ("mysql://root@localhost/shop", "mysql+pymysql://127.0.0.1:3306/shop", True),
        ("mysql://localhost/shop?unix_socket=/run/mysqld/mysqld.sock", "mariadb://127.0.0.1/shop", True),
        ("mysql://localhost/shop", "mysql://localhost/staging", False),
    ],
)
def test_it_knows_other_kinds_too(one: str, other: str, same: bool) -> None:
    assert (same_database({"STORE": one}, {"STORE": other}) == "STORE") is same


def test_a_service_file_is_refused_because_nobody_sees_where_it_leads() -> None:
    assert "service file" in (same_database({"DATABASE_URL": "postgresql:///?service=live"}, PRODUCTION) or "")
    assert "service file" in (same_database({"PGSERVICE": "live"}, PRODUCTION) or "")
    assert "service file" in (same_database(PRODUCTION, {"DATABASE_URL": "service=live"}) or "")
    assert same_database({}, {"DATABASE_URL": "service=live"}) is None


def test_a_page_compares_the_text_and_nothing_else() -> None:
    assert same_text({"X": "postgres://me@127.0.0.1:5432/shop"}, PRODUCTION) == "X"
    assert same_text({"X": "postgres://localhost/shop"}, PRODUCTION) is None


def test_a_name_that_cannot_be_resolved_is_compared_as_text() -> None:
    db = {"DATABASE_URL": "postgresql://db.internal.invalid/shop"}
    assert same_database({"X": "postgresql://me@DB.internal.invalid.:5432/shop"}, db) == "X"

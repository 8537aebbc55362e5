"""Which PostgreSQL is used, and what is said when none fits."""

import os
import shutil
import tempfile
from pathlib import Path

import psycopg2
import pytest

from lifecycle.embedded import ports, postgres
from lifecycle.embedded.postgres import Unusable
from lifecycle.embedded.supervisor import Supervisor


def test_data_of_another_major_version_is_not_opened_or_passed_over(tmp_path):
    (tmp_path / "pg" / "12").mkdir(parents=True)
    with pytest.raises(Unusable, match="holds data of PostgreSQL 12.*PG_BIN"):
        postgres.prepare(tmp_path / "pg", port=1, password="x")


def test_without_binaries_it_says_what_to_set(tmp_path, monkeypatch):
    monkeypatch.setenv("PG_BIN", str(tmp_path))
    with pytest.raises(Unusable, match="Set PG_BIN.*DATABASE_URL"):
        postgres.prepare(tmp_path / "pg", port=1, password="x")


def test_a_killed_initdb_does_not_look_like_a_cluster(tmp_path):
    cluster = postgres.prepare(tmp_path / "pg", port=1, password="x")
    draft = cluster.base / f"{cluster.major}.new"
    draft.mkdir()
    (draft / "PG_VERSION").write_text("half")
    assert cluster.initialise()
    assert not cluster.initialise()
    assert (cluster.folder / "PG_VERSION").read_text().strip() == str(cluster.major)
    assert list(cluster.base.iterdir()) == [cluster.folder]


def test_the_tests_run_on_a_database_that_sorts_and_folds_cyrillic():
    with psycopg2.connect(os.environ["DATABASE_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT lower('ЁЛКА'), 'Ж' ILIKE 'ж', to_tsvector('russian', 'заказы')::text")
        assert cursor.fetchone() == ("ёлка", True, "'заказ':1")
    connection.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has another account to give the server to")
def test_root_without_user_namespaces_runs_it_as_nobody(monkeypatch):
    monkeypatch.setenv("LIFECYCLE_NO_USERNS", "1")
    var = Path(tempfile.mkdtemp(prefix="lifecycle-"))  # pytest's folders are closed to nobody
    supervisor = Supervisor(folder=var, logs=var, quiet=True)
    try:
        cluster = postgres.prepare(var / "pg", port=ports.pick(27_000), password="secret")
        cluster.initialise()
        supervisor.start(cluster.service())
        cluster.wait(check=supervisor.require_all)
        assert cluster.folder.owner() == "nobody"
        assert var.stat().st_mode & 0o777 == 0o710
    finally:
        supervisor.stop_all()
        shutil.rmtree(var)

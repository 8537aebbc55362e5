import os
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from django.db import connection
from django.test import TestCase, override_settings

from features.catalogue.models import Product
from features.operations.backup import KEPT, backup
from features.operations.restoring import NotRestored, newest, restore, told


class HealthTests(TestCase):
    @override_settings(RELEASE="24.11", ENVIRONMENT="staging")
    def test_names_the_release(self) -> None:
        facts = {"status": "ok", "release": "24.11", "environment": "staging", "database": "ok"}
        self.assertEqual(self.client.get("/health").json(), facts)

    def test_is_not_well_without_its_tables(self) -> None:
        with self.assertLogs():
            with connection.cursor() as cursor:
                cursor.execute(f"ALTER TABLE {Product._meta.db_table} RENAME TO gone")
            answer = self.client.get("/health")
        self.assertEqual((answer.status_code, answer.json()["database"]), (503, "error"))


class FrameTests(TestCase):
    @override_settings(RELEASE="24.11", ENVIRONMENT="staging", SHOP_BANNER="Test shop (staging)")
    def test_every_page_says_what_runs_where(self) -> None:
        page = self.client.get("/")
        self.assertContains(page, "Release <b>24.11</b> · staging")
        self.assertContains(page, "Test shop (staging)")

    @override_settings(SHOP_BANNER="")
    def test_production_has_no_banner(self) -> None:
        self.assertNotContains(self.client.get("/"), 'class="banner"')


class BackupTests(TestCase):
    def setUp(self) -> None:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.database = self.folder / "shop.sqlite3"
        with closing(sqlite3.connect(self.database)) as made:
            made.executescript("CREATE TABLE t (x); INSERT INTO t VALUES (42);")

    def test_the_copy_holds_the_data(self) -> None:
        copy = backup(self.database, self.folder / "backups", label="v1/candidate 7")
        self.assertEqual(copy.name, "v1-candidate-7.sqlite3")
        with closing(sqlite3.connect(copy)) as opened:
            self.assertEqual(opened.execute("SELECT x FROM t").fetchall(), [(42,)])

    def test_the_newest_five_are_kept(self) -> None:
        for number in range(KEPT + 2):
            copy = backup(self.database, self.folder / "backups", label=str(number))
            os.utime(copy, (number, number))
        kept = sorted(copy.stem for copy in (self.folder / "backups").iterdir())
        self.assertEqual(kept, ["2", "3", "4", "5", "6"])


class RestoreTests(TestCase):
    def setUp(self) -> None:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def copy_of(self, script: str) -> Path:
        made = self.folder / "24-11.sqlite3"
        with closing(sqlite3.connect(made)) as database:
            database.executescript(script)
        return made

    def test_the_rows_of_a_copy_are_counted(self) -> None:
        copy = self.copy_of("CREATE TABLE t (x); INSERT INTO t VALUES (42);")
        self.assertEqual(newest(self.folder), copy)
        self.assertEqual(restore(copy, self.folder / "restored"), {"t": 1})

    def test_the_copy_that_was_spoken_of_is_taken_and_no_other(self) -> None:
        copy = self.copy_of("CREATE TABLE t (x); INSERT INTO t VALUES (42);")
        self.assertEqual(told(f"database copied to {copy}"), copy)
        self.assertEqual(told(str(copy)), copy)
        self.assertIsNone(told(""))
        copy.unlink()
        with self.assertRaisesMessage(NotRestored, f"no backup at {copy}"):
            told(f"database copied to {copy}")

    def test_a_broken_an_empty_and_a_missing_copy_are_no_backup(self) -> None:
        empty = self.copy_of("CREATE TABLE t (x);")
        for copy, reason in ((empty, "empty"), (self.broken(), "cannot be read")):
            with self.assertRaisesMessage(NotRestored, reason):
                restore(copy, self.folder / "restored")
        with self.assertRaisesMessage(NotRestored, "no backup"):
            newest(self.folder / "nowhere")

    def broken(self) -> Path:
        made = self.folder / "broken.sqlite3"
        made.write_bytes(b"this is no database, however long one looks at it" * 50)
        return made

"""A delta is worked out once by a worker and then only read."""

import time

import pytest

from environments import deltas, migration_files, repositories
from environments.models import Delta
from lifecycle import jobs
from lifecycle.models import Work


@pytest.fixture
def pair(cast, upstream, address):
    """The repository, main, and a branch that adds a migration."""
    base = upstream.git("rev-parse", "main")
    upstream.git("checkout", "-q", "-B", "wishlist", "main")
    upstream.write("wishlist/migrations/__init__.py", "")
    upstream.write("wishlist/migrations/0001_initial.py", "x = 1\n")
    upstream.write("shop.py", "y = 2\n")
    tip = upstream.commit("wishlist: Keep it.")
    return repositories.connect(cast.product, address, by=cast.ops), base, tip


def test_a_worker_fills_it_in(pair):
    repository, base, tip = pair
    delta = deltas.request(repository, base, tip)
    assert delta.status == Delta.Status.QUEUED
    jobs.execute(f"delta:{delta.pk}")
    delta.refresh_from_db()
    assert delta.status == Delta.Status.READY
    assert delta.files == [
        ["M", "shop.py"],
        ["A", "wishlist/migrations/0001_initial.py"],
        ["A", "wishlist/migrations/__init__.py"],
    ]
    assert delta.migrations == ["wishlist/migrations/0001_initial.py"]
    assert [commit["subject"] for commit in delta.commits] == ["wishlist: Keep it."]


def test_a_migration_that_is_changed_counts_like_a_new_one_but_a_deleted_one_does_not(pair, upstream):
    repository, _base, tip = pair
    upstream.write("wishlist/migrations/0002_more.py", "x = 2\n")
    with_two = upstream.commit("wishlist: Add more.")
    upstream.write("wishlist/migrations/0001_initial.py", "x = 3\n")
    upstream.git("rm", "-q", "wishlist/migrations/0002_more.py")
    changed = upstream.commit("wishlist: Change it.")
    repositories.poll(repository)
    delta = deltas.request(repository, with_two, changed)
    jobs.execute(f"delta:{delta.pk}")
    delta.refresh_from_db()
    assert delta.migrations == ["wishlist/migrations/0001_initial.py"]
    assert delta.changed == {"wishlist/migrations/0001_initial.py"}


def test_commits_are_all_counted_and_the_newest_are_kept(pair, upstream, monkeypatch):
    repository, base, _tip = pair
    newest = [upstream.commit(f"wishlist: Step {n}.") for n in range(3)][-1]
    repositories.poll(repository)
    monkeypatch.setattr(deltas, "COMMITS_LIMIT", 2)
    delta = deltas.request(repository, base, newest)
    jobs.execute(f"delta:{delta.pk}")
    delta.refresh_from_db()
    assert (delta.commit_count, [commit["subject"] for commit in delta.commits]) == (
        4,
        ["wishlist: Step 2.", "wishlist: Step 1."],
    )


def test_the_same_pair_is_asked_for_once(pair):
    repository, base, tip = pair
    assert deltas.request(repository, base, tip) == deltas.request(repository, base, tip)
    assert Work.objects.filter(kind="delta").count() == 1


def test_an_unknown_commit_fails_with_gits_words_and_may_be_tried_again(pair):
    repository, base, _tip = pair
    delta = deltas.request(repository, base, "f" * 40)
    jobs.execute(f"delta:{delta.pk}")
    delta.refresh_from_db()
    assert (delta.status, bool(delta.error)) == (Delta.Status.FAILED, True)
    assert deltas.request(repository, base, "f" * 40).status == Delta.Status.QUEUED


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("wishlist/migrations/0001_initial.py", True),
        ("migrations/7.sql", True),
        ("wishlist/migrations/__init__.py", False),
        ("docs/migrations.py", False),
        ("migrations/readme.md", False),
        ("db/migrate/20260101_add_wishlist.rb", True),
        ("alembic/versions/3f2a_wishlist.py", True),
        ("shop/migrations/versions/3f2a_wishlist.py", True),
        ("src/main/resources/db/migration/V2__wishlist.sql", True),
        ("db/migration/2026/V3__more.sql", True),
        ("src/main/resources/db/changelog/changes.yaml", True),
        ("prisma/migrations/20260101_wishlist/migration.sql", True),
        ("priv/repo/migrations/20260101_wishlist.exs", True),
        ("database/migrations/2026_01_01_wishlist.php", True),
        ("alembic/env.py", False),
        ("db/seeds.rb", False),
        ("versions/notes.py", False),
    ],
)
def test_what_counts_as_a_migration(path, expected):
    assert migration_files.is_migration(path) is expected


@pytest.mark.parametrize(
    ("path", "app"),
    [
        ("shop/wishlist/migrations/0001_initial.py", "shop/wishlist"),
        ("migrations/7.sql", "."),
        ("engines/shop/db/migrate/1_wishlist.rb", "engines/shop"),
        ("prisma/migrations/1_wishlist/migration.sql", "prisma"),
        ("shop/migrations/versions/3f2a_wishlist.py", "shop"),
    ],
)
def test_what_a_migration_belongs_to(path, app):
    assert migration_files.app_of(path) == app


@pytest.mark.parametrize(
    ("glob", "path", "expected"),
    [
        ("*/migrations/*.py", "shop/migrations/0001_first.py", True),
        ("*/migrations/*.py", "src/shop/migrations/0001_first.py", True),
        ("*/migrations/*.py", "shop/migrations/__init__.py", False),
        ("*/migrations/*.py", "shop/migrations/old/0001_first.py", False),
        ("*/migrations/*.py", "migrations/0001_first.py", False),
        ("sql/**/*.sql", "sql/2026/11/wishlist.sql", True),
        ("sql/**/*.sql", "sql/wishlist.sql", True),
        ("sql/**/*.sql", "sql/wishlist.txt", False),
        ("sql/**", "sql/2026/wishlist.txt", True),
        ("*.ddl", "deep/down/wishlist.ddl", True),
        ("schema.rb", "db/other_schema.rb", False),
        ("v?_[0-9].sql", "v1_7.sql", True),
    ],
)
def test_lifecycle_toml_says_which_files_are_migrations(glob, path, expected):
    assert migration_files.is_migration(path, [glob]) is expected


def test_with_globs_of_its_own_the_usual_folders_count_no_more():
    assert not migration_files.is_migration("shop/migrations/0001_first.py", ["sql/*.sql"])


def test_a_glob_that_was_made_to_take_long_does_not():
    glob = "/".join(["**", "*a" * 15 + "b"] * 3)
    begun = time.monotonic()
    assert not migration_files.is_migration("/".join(["a" * 200] * 20), [glob] * 20)
    assert time.monotonic() - begun < 2

"""A migration whose kind nobody has said keeps a release from being frozen."""

import pytest
from django.utils import timezone

from environments import deltas, repositories
from releases import intake, migration_flags
from releases.models import Change, Revision
from tests.cast import Cast

FILES = ["checkout/migrations/0007_gift.py", "checkout/models.py"]


def change(cast: Cast, migrations: str, files: list[str]) -> Change:
    now = timezone.now()
    made = Change.objects.create(
        product=cast.product,
        number=4,
        title="Wrap gifts",
        migrations=migrations,
        created_at=now,
        waiting_since=now,
    )
    made.revision = Revision.objects.create(
        change=made, number=1, fork="a" * 40, tip="b" * 40, files=files, seen_at=now
    )
    return made


@pytest.mark.parametrize("said", ["", "none"])
def test_the_reason_names_change_and_file(cast: Cast, said: str):
    reasons = migration_flags.reasons([change(cast, said, FILES)])
    assert reasons == ["C-4 adds a migration but does not say of which kind: checkout/migrations/0007_gift.py."]


@pytest.mark.parametrize("said", ["expand", "contract", "irreversible"])
def test_whatever_is_said_is_enough(cast: Cast, said: str):
    assert migration_flags.reasons([change(cast, said, FILES)]) == []


@pytest.mark.parametrize("path", ["checkout/models.py", "docs/migrations.md", "shop/migrations/__init__.py"])
def test_other_files_need_no_word(cast: Cast, path: str):
    assert migration_flags.reasons([change(cast, "", [path])]) == []


@pytest.mark.parametrize(("said", "warns"), [("expand", False), ("contract", True), ("irreversible", True)])
def test_the_plan_warns_of_what_cannot_be_taken_back(cast: Cast, said: str, warns: bool):
    assert ("C-4" in migration_flags.warning([change(cast, said, FILES)])) is warns


def test_which_files_are_migrations_is_what_the_push_itself_says(cast, workshop, plan_of):
    own = '[migrate]\ncommand = ["m"]\nfiles = ["ddl/*.txt"]\n'
    made = plan_of("Keep a wishlist").changes.get()
    workshop.git("checkout", "-q", "-B", made.branch, "main")
    for name, text in {"lifecycle.toml": own, "ddl/0001.txt": "x", "shop/migrations/0001_first.py": ""}.items():
        workshop.write(name, text)
    workshop.commit("Keep it.")
    for branch in repositories.poll(cast.product.repository):
        intake.take(branch)
    made.refresh_from_db()
    assert migration_flags.migrations_of(made.revision) == ["ddl/0001.txt"]
    assert migration_flags.reasons([made]) == ["C-1 adds a migration but does not say of which kind: ddl/0001.txt."]

    base = workshop.git("rev-parse", "main")
    delta = deltas.request(cast.product.repository, base, made.revision.tip)
    deltas.work_out(delta)
    delta.refresh_from_db()
    assert delta.migrations == ["ddl/0001.txt"]


def test_a_lifecycle_toml_that_is_wrong_leaves_the_usual_folders(cast, workshop, plan_of):
    made = plan_of("Keep a wishlist").changes.get()
    workshop.git("checkout", "-q", "-B", made.branch, "main")
    workshop.write("lifecycle.toml", "[migrate")
    workshop.write("shop/migrations/0001_first.py", "")
    workshop.commit("Keep it.")
    for branch in repositories.poll(cast.product.repository):
        intake.take(branch)
    made.refresh_from_db()
    assert migration_flags.migrations_of(made.revision) == ["shop/migrations/0001_first.py"]

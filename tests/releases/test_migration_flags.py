"""A migration whose kind nobody has said keeps a release from being frozen."""

import pytest
from django.utils import timezone

from releases import migration_flags
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

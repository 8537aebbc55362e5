"""Whether a change says what its migrations do to the release that runs today."""

from environments.deltas import is_migration
from releases.models import Change, Revision


def migrations_of(revision: Revision | None) -> list[str]:
    """The migration files among the files of a revision."""
    return [path for path in revision.files if is_migration(path)] if revision else []


def is_missing(change: Change) -> bool:
    """Whether the change touches a migration file but says nothing, or says "none", about it."""
    unsaid = change.migrations in (Change.Migrations.UNKNOWN, Change.Migrations.NONE)
    return unsaid and bool(migrations_of(change.revision))

"""Whether a change says what its migrations do to the release that runs today."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from environments.migration_files import is_migration
from releases.models import Change, Revision


def migrations_of(revision: Revision | None) -> list[str]:
    """The migration files among the files of a revision."""
    return [path for path in revision.files if is_migration(path, revision.migration_globs)] if revision else []


def is_missing(change: Change) -> bool:
    """Whether the change touches a migration file but says nothing, or says "none", about it."""
    unsaid = change.migrations in (Change.Migrations.UNKNOWN, Change.Migrations.NONE)
    return unsaid and bool(migrations_of(change.revision))


def reasons(changes: Iterable[Change]) -> list[str]:
    """Why a release with these changes may not be frozen: each change that does not say, with its files."""
    text = _("%(change)s adds a migration but does not say of which kind: %(files)s.")
    unsaid = [change for change in changes if is_missing(change)]
    return [text % {"change": one.key, "files": ", ".join(migrations_of(one.revision))} for one in unsaid]


def warning(changes: Iterable[Change]) -> str:
    """What everybody should know before such a plan is frozen: nothing leads back from these changes; "" if one can."""
    hard = (Change.Migrations.CONTRACT, Change.Migrations.IRREVERSIBLE)
    keys = ", ".join(change.key for change in changes if change.migrations in hard)
    text = _("After %(changes)s the older code does not run: neither one click nor the watch takes this release back.")
    return text % {"changes": keys} if keys else ""

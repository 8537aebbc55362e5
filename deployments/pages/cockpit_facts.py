"""What one should know before a release goes to production: risks, migrations, the way back, who asks to wait."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from deployments import bridges, proofs
from deployments.case_files import CaseFile
from deployments.cases import Case
from deployments.models import Rehearsal
from deployments.names import destination
from deployments.pages import backups, standing
from deployments.pages.rollback import how_long_here
from environments.models import Environment
from lifecycle.chips import Chip
from releases.models import Change, Release

Fact = tuple[str, str, str]
"""Icon, tone, words."""
SHIPPED = (Release.Status.LIVE, Release.Status.DONE)
M = Change.Migrations
FLAGS = {
    M.EXPAND: Chip("ok", "plus", gettext_lazy("expand")),
    M.CONTRACT: Chip("warn", "minus", gettext_lazy("contract")),
    M.IRREVERSIBLE: Chip("bad", "lock", gettext_lazy("irreversible")),
}


class Brought(NamedTuple):
    """A change of the release, and how many people asked for its ideas."""

    change: Change
    votes: int


class Migrations(NamedTuple):
    """How many changes migrate in this way, and what that means."""

    chip: Chip
    count: int
    words: str


def brings(file: CaseFile) -> list[Brought]:
    """The changes by number. One statement."""
    changes = sorted((row.change for row in file.rows), key=lambda change: change.number)
    asked = (
        Change.objects.filter(pk__in=[change.pk for change in changes]).values_list("pk").annotate(Sum("ideas__votes"))
    )
    votes = dict(asked) if changes else {}
    return [Brought(change, votes.get(change.pk) or 0) for change in changes]


def migrations(file: CaseFile, case: Case | None) -> list[Migrations]:
    """By kind, the harmless one first."""
    counts = Counter(row.change.migrations for row in file.rows)
    target = destination(case.target) if case and case.target else _("what is live")
    words = {
        M.EXPAND: _("%(version)s runs on them") % {"version": target},
        M.CONTRACT: _("%(version)s does not run on it") % {"version": target},
        M.IRREVERSIBLE: _("only a backup brings the data back"),
    }
    return [Migrations(FLAGS[kind], counts[kind], words[kind]) for kind in FLAGS if counts[kind]]


def risks(case: Case | None) -> list[Fact]:
    """Migrations that stay, those after which nothing leads back, and a migration without a backup."""
    if case is None:
        return []
    found = [*hard_ones(case), *grown(case)]
    if case.release.status in SHIPPED:
        return found
    if case.target and (what := bridges.ahead(case.candidate, case.target) if case.impossible else ""):
        text = _("After %(changes)s neither a click nor the watch takes it back: a fault has to be fixed forward.")
        found.append(("lock", "bad", text % {"changes": what}))
    if why := proofs.without_backup(case.candidate, proofs.migrating(case.rows)):
        found.append(("archive", "bad", why))
    return found


def hard_ones(case: Case) -> list[Fact]:
    """The migrations over which no older code leads back, each by its change."""
    hard = [row.change for row in case.rows if row.change.migrations in (M.CONTRACT, M.IRREVERSIBLE)]
    return [("lock", "bad", f"{change.title}: {change.get_migrations_display()}") for change in hard]


def grown(case: Case) -> list[Fact]:
    """The harmless migrations in one sentence: the database grows, and what is live runs on it."""
    changes = [row.change for row in case.rows if row.change.migrations == M.EXPAND]
    if len(changes) < 2:
        return [("database", "", f"{change.title}: {change.get_migrations_display()}") for change in changes]
    text = ngettext(
        "%(n)d change adds to the database; the old release runs on it",
        "%(n)d changes add to the database; the old release runs on it",
        len(changes),
    )
    return [("database", "", text % {"n": len(changes)})]


def way_back(case: Case | None, production: Environment | None) -> list[Fact]:
    """How long going back takes, as rehearsed, and whether a backup was ever restored."""
    if production is None:
        return []
    found = case.rehearsal if case else None
    shipped = case is not None and case.release.status in SHIPPED
    if found and found.status == Rehearsal.Status.SUCCEEDED and not shipped:
        took = [("undo-2", "good", _("Rehearsed: %(words)s") % {"words": proofs.words(found)})]
    elif case is not None and case.impossible:
        took = []
    else:
        took = [("undo-2", "good", words) for _icon, _tone, words in how_long_here(production)]
    return [*took, backups.fact(production)]


def kept_away(file: CaseFile) -> Iterator[Fact]:
    """Who asks to leave production alone, or staging, which has to show the release first."""
    kinds = (Environment.Kind.PRODUCTION, Environment.Kind.STAGING)
    places = [file.place(kind) for kind in kinds] if file.release.status not in SHIPPED else []
    window = file.freezes[-1] if file.freezes else None
    for place in filter(None, places):
        held = [lock for lock in file.locks if lock.environment_id == place.pk]
        for icon, tone, words in standing.kept_by(place, held, window):
            yield icon, tone, f"{place}: {words}"

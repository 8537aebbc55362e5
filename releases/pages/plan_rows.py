"""The changes of a plan as rows: what each is, for whom, what it costs, and what is said and asked about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ideas.models import Idea
from lifecycle.dates import day
from lifecycle.roles import Actor
from releases import migration_flags
from releases.models import Change, Release, Verdict
from releases.replanning import today

S = Change.Status
ENDED = (S.LIVE, S.DROPPED)
HARD = (Change.Migrations.CONTRACT, Change.Migrations.IRREVERSIBLE)


class Fact(NamedTuple):
    """An icon, its tone and some words."""

    icon: str
    tone: str
    words: str


@dataclass(frozen=True)
class Row:
    """A change on the plan. `may_edit`: its forms are fetched when the row is opened."""

    change: Change
    facts: list[Fact]
    ideas: list[int]
    may_edit: bool
    fell: str = ""


def changes_of(release: Release) -> list[Change]:
    """The release's changes with all that the page asks of them, in one statement; must-haves first."""
    ideas = Idea.objects.filter(changes=OuterRef("pk")).order_by("number").values("number")
    yes = Verdict.objects.filter(change=OuterRef("pk"), outcome=Verdict.Outcome.APPROVED, revision=OuterRef("revision"))
    rows = release.changes.select_related("developer", "revision", "requires")
    rows = rows.annotate(idea_numbers=ArraySubquery(ideas), was_approved=Exists(yes))
    found = list(rows.order_by("-must", "number"))
    for change in found:
        change.product = release.product
    return found


def rows(release: Release, changes: Iterable[Change], actor: Actor) -> list[Row]:
    may, now = actor.may("assign_change"), today(release.product)
    return [row(release, change, may=may, now=now) for change in changes]


def row(release: Release, change: Any, *, may: bool, now: date) -> Row:
    return Row(
        change,
        facts(change, now),
        change.idea_numbers,
        may_edit=may and change.status not in ENDED,
        fell=fell(release, change),
    )


def facts(change: Change, now: date) -> list[Fact]:
    """Its migrations, estimate and due date, as far as there is something to say."""
    return [fact for fact in (migrations(change), estimate(change), due(change, now)) if fact]


def migrations(change: Change) -> Fact | None:
    if migration_flags.is_missing(change):
        return Fact("database", "bad", _("migration without a word"))
    if change.migrations in ("", Change.Migrations.NONE):
        return None
    names = {"expand": _("expand"), "contract": _("contract"), "irreversible": _("irreversible")}
    return Fact("database", "bad" if change.migrations in HARD else "", names[change.migrations])


def estimate(change: Change) -> Fact | None:
    if change.estimate is None:
        return None
    return Fact("gauge", "", ngettext("%(n)d point", "%(n)d points", change.estimate) % {"n": change.estimate})


def due(change: Change, now: date) -> Fact | None:
    if change.due_date is None:
        return None
    is_late = change.due_date < now and change.status not in (S.APPROVED, S.LIVE)
    return Fact("calendar", "bad" if is_late else "", _("due %(day)s") % {"day": day(change.due_date)})


def fell(release: Release, change: Any) -> str:
    """That a yes no longer holds for what is frozen; "" when none was given, or it holds."""
    if not release.is_frozen or change.status != S.STAGING or not change.was_approved:
        return ""
    return _("its yes fell: what it touches was changed")

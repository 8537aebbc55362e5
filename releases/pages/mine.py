"""A developer's own changes: returned first, then ready to go, colliding, being built."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from environments.holds import holder
from environments.models import Environment
from environments.queries import of_kind
from lifecycle.chips import Chip
from lifecycle.dates import ago, clock, day
from lifecycle.models import Product
from lifecycle.roles import Actor
from releases import changes, collisions, comments, external_checks, freezing, migration_flags, pins, steps
from releases.collisions import Collision
from releases.comments import Thread
from releases.models import Change, Check
from releases.pages import returns
from releases.pages.change import Said, what_next
from releases.pages.commands import commands_for, main_of
from releases.pages.returns import Returned

S = Change.Status
RETURNED, GREEN, COLLIDES, BUILDING = range(4)
MINE = (S.PLANNED, S.DEVELOPMENT)
GONE_ON = (S.READY, S.STAGING, S.APPROVED, S.LIVE)
COMMENTS_SHOWN = 2
SOON_DAYS = 2


@dataclass(frozen=True)
class Around:
    """What surrounds several changes, loaded for all of them at once; by the change's key."""

    returned: dict[int, Returned]
    collisions: dict[int, list[Collision]]
    threads: dict[int, Thread]


@dataclass(frozen=True)
class Due:
    """The day by which a change should be ready; `tone` is late, soon or nothing."""

    words: str
    tone: str


@dataclass(frozen=True)
class Card:
    """One change as its developer needs it."""

    change: Change
    group: int
    chip: Chip
    note: str
    words: str
    checks: list[Check]
    commands: str
    migrations: str
    flag_missing: bool
    reasons: list[str]
    steps: list[str]
    due: Due | None
    returned: Returned | None
    collisions: list[Collision]
    said: list[Said]
    said_before: int

    @property
    def may_go(self) -> bool:
        return self.group == GREEN


@dataclass(frozen=True)
class Elsewhere:
    """A change that is in other people's hands."""

    change: Change
    where: str


def page(actor: Actor) -> dict[str, Any]:
    """Everything my_changes.html shows; the number of statements does not depend on the number of changes."""
    own = list(changes_of(actor).filter(status__in=MINE).prefetch_related("ideas", "revision__checks"))
    around = Around(returns.of(own), collisions.of(own), comments.threads(own, shown=COMMENTS_SHOWN))
    cards = sorted((card(change, around) for change in own), key=lambda one: (one.group, one.change.pk))
    gone = changes_of(actor).filter(status__in=GONE_ON).order_by("-waiting_since")[:10]
    left = set(pins.left_over(changes_of(actor)))
    free = Change.objects.filter(product=actor.product, developer=None, status=S.PLANNED, release__status="planned")
    return {
        "cards": cards,
        "elsewhere": [
            Elsewhere(change, pins.not_live(change) if change in left else what_next(change)) for change in gone
        ],
        "next": free.order_by("-must", "number").first(),
        "headline": headline(cards),
        "held": held(actor.product),
    }


def changes_of(actor: Actor) -> QuerySet[Change]:
    rows = actor.user.changes.filter(product=actor.product)
    return rows.select_related("revision", "release", "requires", "product__repository")


def card(change: Change, around: Around) -> Card:
    """Where the change stands and what keeps it from going to staging."""
    thread = around.threads.get(change.pk, Thread([], 0))
    reasons, ideas = changes.reasons_not_ready(change), list(change.ideas.all())
    group, clashes = group_of(change, reasons), around.collisions[change.pk]
    return Card(
        change=change,
        group=group,
        chip=chip_of(change, group, clashes),
        note=note_of(change),
        words=next((idea.body for idea in ideas if idea.body), ""),
        checks=checks_of(change),
        commands=rebase(change) if group == COLLIDES else commands_for(change),
        migrations=migrations_of(change),
        flag_missing=migration_flags.is_missing(change),
        reasons=reasons,
        steps=steps.of(change, ideas),
        due=due(change.due_date, today=timezone.localdate()) if change.due_date else None,
        returned=around.returned.get(change.pk),
        collisions=clashes,
        said=[Said(comment, ago(comment.created_at)) for comment in thread.latest],
        said_before=thread.earlier,
    )


def group_of(change: Change, reasons: list[str]) -> int:
    if change.is_returned:
        return RETURNED
    if change.conflict:
        return COLLIDES
    return GREEN if change.status == S.DEVELOPMENT and not reasons else BUILDING


def chip_of(change: Change, group: int, clashes: list[Collision]) -> Chip:
    if group == GREEN:
        return Chip("ok", "circle-check", _("Everything green"))
    if group == COLLIDES:
        return Chip("warn", "git-merge", _("Collides with %(other)s") % {"other": clashes[0].name})
    check = changes.newest_check(change.revision)
    if group == BUILDING and check and not check.is_over:
        return check.chip
    return change.chip


def note_of(change: Change) -> str:
    if change.revision:
        return _("last push %(when)s") % {"when": ago(change.revision.seen_at)}
    return _("nothing pushed yet")


def checks_of(change: Change) -> list[Check]:
    """The newest of each check of the newest push: the product's own tests, then what others report, by name."""
    if change.revision is None:
        return []
    own, reported = changes.newest_check(change.revision), external_checks.newest(change.revision.checks.all())
    return [*([own] if own else []), *(reported[name] for name in sorted(reported))]


def due(due_date: date, *, today: date) -> Due:
    days = (due_date - today).days
    if days < 0:
        return Due(_("was due %(day)s") % {"day": day(due_date)}, "late")
    return Due(_("due %(day)s") % {"day": day(due_date)}, "soon" if days <= SOON_DAYS else "")


def migrations_of(change: Change) -> str:
    if migration_flags.is_missing(change):
        return _("A migration: say of which kind")
    if migration_flags.migrations_of(change.revision):
        return _("Migration: %(kind)s") % {"kind": change.get_migrations_display()}
    return _("No migrations")


def rebase(change: Change) -> str:
    return f"git fetch && git switch {change.branch} && git rebase origin/{main_of(change)}"


def held(product: Product) -> str:
    """Why what is ready does not go to staging at once; "" when nothing keeps it."""
    staging = of_kind(product, Environment.Kind.STAGING)
    person = holder(staging) if staging else None
    if person:
        facts = {"time": clock(staging.held_until), "who": person}
        return _("Staging is held until %(time)s by %(who)s; it deploys after that.") % facts
    release = freezing.frozen(product).filter(parked_at=None).first()
    return _("Staging belongs to %(release)s until it has shipped.") % {"release": release} if release else ""


def headline(cards: list[Card]) -> str:
    """What came back, is green, collides, is being built: the verdict on my day."""
    counts = [sum(card.group == group for card in cards) for group in range(4)]
    parts = [
        ngettext("one came back", "%(n)d came back", counts[RETURNED]) % {"n": counts[RETURNED]},
        ngettext("one may go to staging", "%(n)d may go to staging", counts[GREEN]) % {"n": counts[GREEN]},
        ngettext("one collides", "%(n)d collide", counts[COLLIDES]) % {"n": counts[COLLIDES]},
        ngettext("one is being built", "%(n)d are being built", counts[BUILDING]) % {"n": counts[BUILDING]},
    ]
    said = ", ".join(part for part, count in zip(parts, counts, strict=True) if count)
    return said[:1].upper() + said[1:] if said else _("Nothing is yours")

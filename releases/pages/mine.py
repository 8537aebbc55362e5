"""A developer's own changes: returned first, then ready to go, colliding, being built."""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lifecycle.chips import Chip
from lifecycle.dates import ago
from lifecycle.roles import Actor
from releases import changes, migration_flags
from releases.models import Change, Check, Verdict
from releases.pages.change import what_next
from releases.pages.plan import commands_for

S = Change.Status
RETURNED, GREEN, COLLIDES, BUILDING = range(4)
MINE = (S.PLANNED, S.DEVELOPMENT)
GONE_ON = (S.READY, S.STAGING, S.APPROVED, S.LIVE)


@dataclass(frozen=True)
class Card:
    """One change as its developer needs it."""

    change: Change
    group: int
    chip: Chip
    note: str
    words: str
    check: Check | None
    commands: str
    migrations: str
    reasons: list[str] = field(default_factory=list)

    @property
    def may_go(self) -> bool:
        return self.group == GREEN


@dataclass(frozen=True)
class Elsewhere:
    """A change that is in other people's hands."""

    change: Change
    where: str


def page(actor: Actor) -> dict[str, Any]:
    """Everything my_changes.html shows."""
    own = changes_of(actor)
    cards = sorted((card(change) for change in own.filter(status__in=MINE)), key=lambda one: (one.group, one.change.pk))
    gone = own.filter(status__in=GONE_ON).order_by("-waiting_since")[:10]
    free = Change.objects.filter(product=actor.product, developer=None, status=S.PLANNED, release__status="planned")
    return {
        "cards": cards,
        "elsewhere": [Elsewhere(change, what_next(change)) for change in gone],
        "next": free.order_by("-must", "number").first(),
        "headline": headline(cards),
    }


def changes_of(actor: Actor) -> QuerySet[Change]:
    return actor.user.changes.filter(product=actor.product).select_related("revision", "release", "product__repository")


def card(change: Change) -> Card:
    """Where the change stands and what keeps it from going to staging."""
    reasons, check = changes.reasons_not_ready(change), changes.newest_check(change.revision)
    group = group_of(change, reasons)
    return Card(
        change=change,
        group=group,
        chip=chip_of(change, group, check),
        note=note_of(change),
        words=change.ideas.values_list("body", flat=True).first() or "",
        check=check,
        commands=rebase(change) if group == COLLIDES else commands_for(change),
        migrations=migrations_of(change),
        reasons=reasons,
    )


def group_of(change: Change, reasons: list[str]) -> int:
    if change.is_returned:
        return RETURNED
    if change.conflict:
        return COLLIDES
    return GREEN if change.status == S.DEVELOPMENT and not reasons else BUILDING


def chip_of(change: Change, group: int, check: Check | None) -> Chip:
    if group == GREEN:
        return Chip("ok", "circle-check", _("Everything green"))
    if group == COLLIDES:
        other = change.conflict["with"] or _("what is live")
        return Chip("warn", "git-merge", _("Collides with %(other)s") % {"other": other})
    if group == BUILDING and check and not check.is_over:
        return check.chip
    return change.chip


def note_of(change: Change) -> str:
    """Who sent it back and when, else the last push."""
    if change.is_returned:
        verdict = change.verdicts.filter(outcome=Verdict.Outcome.RETURNED).select_related("by").order_by("-id").first()
        if verdict and verdict.reason == change.return_reason:
            return _("%(who)s, %(when)s") % {"who": verdict.by, "when": ago(verdict.at)}
    if change.revision:
        return _("last push %(when)s") % {"when": ago(change.revision.seen_at)}
    return _("nothing pushed yet")


def migrations_of(change: Change) -> str:
    if migration_flags.is_missing(change):
        return _("A migration: say of which kind")
    if migration_flags.migrations_of(change.revision):
        return _("Migration: %(kind)s") % {"kind": change.migrations}
    return _("No migrations")


def rebase(change: Change) -> str:
    return f"git fetch && git switch {change.branch} && git rebase origin/main"


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

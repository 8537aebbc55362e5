"""The plan as managers read it: what it costs, what could go wrong, and how we would come back."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from deployments import proofs, running
from deployments.models import Rehearsal
from deployments.pages import backups
from deployments.pages.rollback import how_long_here
from environments.models import Environment
from ideas.models import Rhythm
from lifecycle import dates
from lifecycle.models import User
from lifecycle.roles import Actor
from releases import customer_dates, enough, migration_flags, overlaps
from releases.models import Change, Release
from releases.pages.headlines import stands_on
from releases.pages.plan import target
from releases.pages.plan_rows import changes_of

Fact = tuple[str, str, str]
"""Icon, tone, words."""
STAYS = (Change.Migrations.EXPAND, Change.Migrations.CONTRACT, Change.Migrations.IRREVERSIBLE)


@dataclass(frozen=True)
class Share:
    """What one developer (None: nobody yet) builds of it; `unknown` changes have no estimate."""

    who: User | None
    changes: int
    size: int
    unknown: int

    @property
    def words(self) -> str:
        count = ngettext("%(n)d change", "%(n)d changes", self.changes) % {"n": self.changes}
        if not self.unknown:
            return count
        rest = ngettext("%(n)d without an estimate", "%(n)d without an estimate", self.unknown) % {"n": self.unknown}
        return f"{count}, {rest}"


@dataclass(frozen=True)
class Cost:
    """Estimates against what fits, in points or days."""

    shares: list[Share]
    capacity: int
    per_developer: int | None
    in_days: bool

    @property
    def size(self) -> int:
        return sum(share.size for share in self.shares)

    @property
    def unknown(self) -> int:
        return sum(share.unknown for share in self.shares)

    @property
    def words(self) -> str:
        """How much of the capacity it takes, and what nobody estimated."""
        facts = {"n": self.size, "all": self.capacity}
        unit = _("%(n)d of %(all)d days") if self.in_days else _("%(n)d of %(all)d points")
        if not self.unknown:
            return unit % facts
        rest = ngettext("%(n)d change not estimated", "%(n)d changes not estimated", self.unknown) % {"n": self.unknown}
        return f"{unit % facts}, {rest}"

    @property
    def is_over(self) -> bool:
        return self.size > self.capacity


def page(release: Release, actor: Actor) -> dict[str, Any]:
    """Everything managers.html shows, from the draft on."""
    changes = changes_of(release)
    production = running.production(release.product)
    found = cost(release, changes)
    dangers = list(risks(release, changes))
    return {
        "release": release,
        "headline": headline(found, dangers),
        "standing": enough.standing(release, changes),
        "cost": found,
        "risks": dangers,
        "way_back": way_back(release, production),
        "target": target(release),
        "told": customer_dates.words(release),
        "freeze": dates.weekday(release.freeze_on) if release.freeze_on and release.is_open else "",
        "may_edit": actor.may("plan_release") and (release.is_open or release.is_frozen),
        "has_cockpit": release.is_frozen or release.is_out,
    }


def headline(cost: Cost, dangers: list[Fact]) -> str:
    """What it takes and how much is risky about it."""
    count = len(dangers)
    if not count:
        return _("%(cost)s, and no known risk") % {"cost": cost.words}
    risks = ngettext("%(n)d risk", "%(n)d risks", count) % {"n": count}
    return _("%(cost)s, and %(risks)s") % {"cost": cost.words, "risks": risks}


def cost(release: Release, changes: list[Change]) -> Cost:
    """The estimates by developer, the largest share first, whoever is missing last."""
    rhythm = Rhythm.of(release.product)
    rhythm.product = release.product
    by_developer: dict[User | None, list[Change]] = defaultdict(list)
    for change in changes:
        if change.status != Change.Status.DROPPED:
            by_developer[change.developer].append(change)
    shares = [share(who, theirs) for who, theirs in by_developer.items()]
    shares.sort(key=lambda one: (one.who is None, -one.size, str(one.who)))
    return Cost(shares, rhythm.capacity, rhythm.per_developer, rhythm.unit == Rhythm.Unit.DAYS)


def share(who: User | None, changes: list[Change]) -> Share:
    sizes = [change.estimate for change in changes]
    return Share(who, len(changes), sum(size or 0 for size in sizes), sum(size is None for size in sizes))


def risks(release: Release, changes: list[Change]) -> Iterator[Fact]:
    """Migrations and what is not said about them, clashes, and a base that moved on; nothing once it is out."""
    if release.is_out:
        return
    for change in changes:
        if change.migrations in STAYS:
            tone = "" if change.migrations == Change.Migrations.EXPAND else "bad"
            yield "database", tone, f"{change.title}: {change.get_migrations_display()}"
    for reason in migration_flags.reasons(changes):
        yield "database", "bad", reason
    if one_way := migration_flags.warning(changes):
        yield "lock", "bad", one_way
    for row in overlaps.between(changes):
        yield "git-merge", "warn", overlaps.sentence(row)
    if stands_on(release)["base_moved"]:
        yield "git-branch", "warn", _("Something else went live since it was put together.")


def way_back(release: Release, production: Environment | None) -> list[Fact]:
    """How long going back takes, as rehearsed with what is frozen, else as it took here before; and the backups."""
    if production is None:
        return []
    target = proofs.would_return_to(release.product)
    found = proofs.latest(release.candidate, target) if release.candidate and target else None
    if found and found.status == Rehearsal.Status.SUCCEEDED and not release.is_out:
        took = [("undo-2", "good", _("Rehearsed: %(words)s") % {"words": proofs.words(found)})]
    else:
        took = [("undo-2", "", words) for _icon, _tone, words in how_long_here(production)]
    return [*took, backups.fact(production)]

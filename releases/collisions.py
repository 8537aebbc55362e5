"""What collides with a developer's changes: who else is concerned, in which files, and whose change moves."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F, Q
from django.utils.translation import gettext as _

from lifecycle.models import User
from releases import overlaps
from releases.models import Change, Overlap

FURTHER = (Change.Status.DEVELOPMENT, Change.Status.READY, Change.Status.STAGING, Change.Status.APPROVED)


@dataclass(frozen=True)
class Collision:
    """A change that cannot go together with another one (None: with what is live); `moves`: whether it is the one."""

    other: Change | None
    files: list[str]
    migrations: list[str]
    moves: bool

    @property
    def developer(self) -> User | None:
        return self.other.developer if self.other else None

    @property
    def name(self) -> str:
        """ "Lena's C-14", "C-14" or "what is live"."""
        if self.other is None:
            return _("what is live")
        if self.other.developer is None:
            return self.other.key
        return _("%(who)s's %(change)s") % {"who": self.other.developer, "change": self.other.key}

    @property
    def what(self) -> str:
        """What both touch."""
        if self.files:
            return ", ".join(self.files)
        return _("both add migrations to %(apps)s") % {"apps": ", ".join(self.migrations)}

    @property
    def verdict(self) -> str:
        """Who moves, and why."""
        if self.other is None:
            return _("It is live, so yours moves.")
        if self.moves:
            return _("%(other)s is further, so yours moves.") % {"other": self.name}
        return _("Yours is further, so %(other)s moves.") % {"other": self.name}


def of(changes: list[Change]) -> dict[int, list[Collision]]:
    """By change: what dev's composition left it out for, then the pairs known to clash; at most two statements."""
    found = {change.pk: left_out(change, others) for others in [opponents(changes)] for change in changes}
    by_pk = {change.pk: change for change in changes}
    for row in pairs(changes):
        for mine, other in ((row.one, row.other), (row.other, row.one)):
            if mine.change_id in by_pk:
                add(found[mine.change_id], row, by_pk[mine.change_id], other.change)
    return found


def opponents(changes: Iterable[Change]) -> dict[str, Change]:
    """The changes that these were found to conflict with, by key."""
    keys = {change.conflict["with"] for change in changes if change.conflict and change.conflict["with"]}
    products = {change.product_id for change in changes}
    numbers = [int(key.removeprefix("C-")) for key in keys]
    if not numbers:
        return {}
    rows = Change.objects.filter(product__in=products, number__in=numbers).select_related("developer")
    return {other.key: other for other in rows}


def left_out(change: Change, others: dict[str, Change]) -> list[Collision]:
    """The conflict that is recorded on a change: it was left out, so it is the one that moves."""
    if not change.conflict:
        return []
    return [Collision(others.get(change.conflict["with"] or ""), change.conflict["files"], [], moves=True)]


def pairs(changes: Iterable[Change]) -> Iterable[Overlap]:
    """The clashes of these with any open change, both at their newest pushes."""
    newest = [change.revision_id for change in changes if change.revision_id]
    rows = Overlap.objects.filter(Q(one__in=newest) | Q(other__in=newest)).exclude(Q(files=[]) & Q(migrations=[]))
    rows = rows.filter(one=F("one__change__revision"), other=F("other__change__revision"))
    rows = rows.filter(one__change__status__in=overlaps.OPEN, other__change__status__in=overlaps.OPEN)
    return rows.select_related("one__change__developer", "other__change__developer").order_by("id")


def add(found: list[Collision], row: Overlap, mine: Change, other: Change) -> None:
    """One more collision, unless the composition said so already."""
    if other not in [one.other for one in found]:
        found.append(Collision(other, row.files, row.migrations, moves=ahead(mine) < ahead(other)))


def ahead(change: Change) -> tuple[int, int]:
    """How far a change is; of two that are equally far the older one is ahead."""
    return FURTHER.index(Change.Status(change.status)), -change.number

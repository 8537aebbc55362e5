"""Changes of a plan that cannot go together, and which of the two moves."""

from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from releases import collisions, overlaps
from releases.models import Change, Overlap, Release


@dataclass(frozen=True)
class Clash:
    """Two changes that want the same lines, or migrations in the same place; else one is built on the other.

    `moves` says who has to do something about it, "" where nobody can tell.
    """

    one: str
    other: str
    files: list[str] = field(default_factory=list)
    migrations: list[str] = field(default_factory=list)
    moves: str = ""


def clashes(release: Release, changes: list[Change], known: list[Overlap]) -> list[Clash]:
    """Conflicts of the plan's changes: with each other, with what is live, and in a candidate that failed by them."""
    by_pk, by_key = {change.pk: change for change in changes}, {change.key: change for change in changes}
    pairs = [pair(row, by_pk) for row in known]
    said = {frozenset((one.one, one.other)) for one in pairs}
    found = [change.conflict | {"key": change.key} for change in changes if change.conflict]
    if not found and not pairs and release.candidate:
        found = release.candidate.conflicts
    rest = [one for one in found if frozenset((one["key"], one["with"])) not in said]
    return [*pairs, *(alone(one, by_key) for one in rest)]


def pair(row: Overlap, by_pk: dict[int, Change]) -> Clash:
    one, other = by_pk[row.one.change_id], by_pk[row.other.change_id]
    return Clash(one.key, other.key, row.files, row.migrations, moves(mover(one, other)))


def alone(found: dict, by_key: dict[str, Change]) -> Clash:
    change = by_key.get(found["key"])
    words = moves(change) if change and found["files"] else ""
    return Clash(found["key"], found["with"] or _("what is live"), found["files"], moves=words)


def mover(one: Change, other: Change) -> Change:
    """The one that is put together later: the furthest goes first (see collisions.py)."""
    open_ones = [change for change in (one, other) if change.status in overlaps.OPEN]
    return min(open_ones, key=collisions.ahead, default=other)


def moves(change: Change) -> str:
    if change.developer is None:
        return _("%(change)s moves, and nobody builds it yet.") % {"change": change.key}
    return _("%(change)s moves: %(who)s rebases it.") % {"change": change.key, "who": change.developer}

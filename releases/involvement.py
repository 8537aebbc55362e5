"""Who has a hand in a release: in strict products somebody else tests it, signs it off and approves it.

Taken from facts that nobody can take back: events, and the commits as a worker read them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Q
from django.utils.translation import gettext as _

from environments.git import LIFECYCLE
from lifecycle.models import Event, Product, User
from lifecycle.transitions import NotAllowed
from releases import committers
from releases.models import CandidateChange, Change, Release

FROZEN, ASKED, ASSIGNED = "release.frozen", "candidate.requested", "change.assigned"


@dataclass(frozen=True)
class Involved:
    """`people` are keys of users; `strangers` wrote commits under addresses that nobody here has proved."""

    people: frozenset[int] = frozenset()
    strangers: tuple[str, ...] = field(default=())

    def __contains__(self, person: object) -> bool:
        return getattr(person, "pk", person) in self.people


def in_release(release: Release, rows: Iterable[CandidateChange] | None = None) -> Involved:
    """Its author and owner, who froze it or had it put together again, and everybody who built what is in it."""
    if rows is None:
        found = CandidateChange.objects.filter(candidate=release.candidate_id) if release.candidate_id else []
        rows = list(found.select_related("change") if release.candidate_id else [])
    changes = [row.change for row in rows] or list(release.changes.all())
    revisions = [row.revision_id for row in rows] or [change.revision_id for change in changes]
    built = _built(changes, revisions, _about_release(release))
    planned = {release.author_id, getattr(release, "owner_id", None)} - {None}
    return Involved(built.people | planned, built.strangers)


def in_change(change: Change, release: Release | None = None) -> Involved:
    """Everybody who built this change; with the release that it is tested for, everybody in that."""
    own = _built([change], [change.revision_id], Q())
    if release is None:
        return own
    all_of_it = in_release(release)
    return Involved(own.people | all_of_it.people, own.strangers)


def _about_release(release: Release) -> Q:
    froze = Q(subject_kind="release", subject_id=release.pk, verb=FROZEN)
    asked = Q(subject_kind="candidate", subject_id__in=release.candidates.values("pk"), verb=ASKED)
    return froze | asked


def _built(changes: Iterable[Change], revisions: Iterable[int | None], also: Q) -> Involved:
    changes = list(changes)
    given = Q(subject_kind="change", subject_id__in=[change.pk for change in changes], verb=ASSIGNED)
    said = list(Event.objects.filter(given | also).values_list("verb", "actor", "data"))
    people = {change.developer_id for change in changes}
    people |= {data.get("developer") if verb == ASSIGNED else actor for verb, actor, data in said}
    wrote, strangers = _wrote(revisions)
    return Involved(frozenset((people | wrote) - {None}), tuple(strangers))


def _wrote(revisions: Iterable[int | None]) -> tuple[set[int], list[str]]:
    """Who has a part in these commits, by the address they had then or have now; and the addresses of nobody."""
    rows = list(committers.in_revisions(revisions))
    owners = committers.owners_of(row.email for row in rows) if rows else {}
    people = {row.user_id for row in rows} | set(owners.values())
    unknown = {str(row) for row in rows if row.user_id is None and row.email not in owners}
    return people - {None}, sorted(one for one in unknown if LIFECYCLE.email not in one)


def require_outsider(product: Product, user: User, involved: Involved) -> None:
    """NotAllowed in strict products for somebody who has a hand in it, whatever else they are."""
    if product.preset == Product.Preset.STRICT and user in involved:
        raise NotAllowed(_("You wrote or planned a part of this release, so somebody else must do it."))

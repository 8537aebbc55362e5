"""Who has a hand in a release: in strict products somebody else tests it, signs it off and approves it.

Taken from facts that nobody can take back: events, and the commits as a worker read them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import Q
from django.utils.translation import gettext as _

from environments.git import LIFECYCLE
from lifecycle.models import Event, Product, User
from lifecycle.transitions import NotAllowed
from releases import committers
from releases.models import CandidateChange, Change, Release, RevisionPerson

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
        rows = CandidateChange.objects.filter(candidate=release.candidate_id or 0).select_related("change")
    rows = list(rows)
    changes = [row.change for row in rows] or list(release.changes.all())
    revisions = [row.revision_id for row in rows] or [change.revision_id for change in changes]
    built = _built(changes, revisions, _about_release(release))
    planned = {release.author_id, release.owner_id} - {None}
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
    said = list(Event.objects.filter(given | also))
    parts = list(committers.in_revisions(revisions))
    return of(None, changes, said, parts, committers.owners_of(part.email for part in parts) if parts else {})


def of(
    release: Release | None,
    changes: Iterable[Change],
    said: Iterable[Event],
    parts: Iterable[RevisionPerson],
    owners: Mapping[str, int],
) -> Involved:
    """The same from facts: events of the release, its candidates and changes, commits, and whose which address is."""
    people = {change.developer_id for change in changes}
    people |= {event.data.get("developer") if event.verb == ASSIGNED else event.actor_id for event in said}
    people |= {part.user_id for part in parts} | {owners.get(part.email.lower()) for part in parts}
    if release is not None:
        people |= {release.author_id, release.owner_id}
    unknown = {str(part) for part in parts if part.user_id is None and part.email.lower() not in owners}
    return Involved(frozenset(people - {None}), tuple(sorted(one for one in unknown if LIFECYCLE.email not in one)))


def require_outsider(product: Product, user: User, involved: Involved) -> None:
    """NotAllowed in strict products for somebody who has a hand in it, whatever else they are."""
    if product.preset == Product.Preset.STRICT and user in involved:
        raise NotAllowed(_("You wrote or planned a part of this release, so somebody else must do it."))

"""Which revision of a change a frozen release has: the one it was frozen with, whatever is pushed afterwards.

It is written down as the candidate's rows when the candidate is asked for; composing puts what git did in their place.
"""

from collections.abc import Collection, Iterable

from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils.translation import gettext as _

from lifecycle import events
from releases import changes, stacking
from releases.models import Candidate, CandidateChange, Change, Revision

S = Change.Status
FURTHEST = (S.DEVELOPMENT, S.READY, S.STAGING, S.APPROVED)
OFFERED = FURTHEST[1:]


def pin(candidate: Candidate, before: Candidate | None, *, renewed: Collection[int] = ()) -> None:
    """Write down what the frozen release's candidate takes: what the one `before` it had, or the newest revisions.

    The `renewed` changes (their keys) come with their newest revisions in any case.

    A change that was given back and offered anew since comes with what is offered now; one that is not ready is left
    for `composing.require_whole` to name.
    """
    had = {row.change_id: row for row in before.rows.select_related("revision")} if before else {}
    open_ones = candidate.release.changes.exclude(revision=None).exclude(status=S.DROPPED)
    ordered = in_order(open_ones.select_related("revision", "requires", "product"))
    ordered.sort(key=lambda change: had[change.pk].position if change.pk in had else len(had))
    taken = [
        (change, revision_of(change, None if change.pk in renewed else had.get(change.pk), before))
        for change in ordered
    ]
    rows = [(change, revision) for change, revision in taken if revision is not None]
    CandidateChange.objects.bulk_create(
        CandidateChange(candidate=candidate, change=change, revision=revision, position=place)
        for place, (change, revision) in enumerate(rows)
    )


def revision_of(change: Change, row: CandidateChange | None, before: Candidate | None) -> Revision | None:
    if before is None:
        return change.revision
    if row is not None and not is_offered_anew(change, before):
        return row.revision
    is_ready = change.status in OFFERED and not changes.reasons_not_ready(change)
    return change.revision if is_ready else None


def is_offered_anew(change: Change, since: Candidate) -> bool:
    said = events.about(change).filter(verb="change.ready", from_status=S.DEVELOPMENT, at__gt=since.created_at)
    return said.exists()


def in_order(found: Iterable[Change]) -> list[Change]:
    """The furthest first (of two that conflict, the other one moves), and each after the one it is built on."""
    return stacking.below_first(sorted(found, key=lambda change: (-FURTHEST.index(S(change.status)), change.pk)))


def pinned(candidate: Candidate, found: Iterable[Change]) -> list[Change]:
    """Those of `found` that the candidate was asked for, each at its revision (unsaved) and in the candidate's order.

    All of them, as they are, when it was asked for without saying which.
    """
    rows = list(candidate.rows.select_related("revision"))
    if not rows:
        return in_order(found)
    by_pk = {change.pk: change for change in found}
    return [at_revision(by_pk[row.change_id], row.revision) for row in rows if row.change_id in by_pk]


def at_revision(change: Change, revision: Revision) -> Change:
    """The change as it was with this revision: what the newest one is built on says nothing about an older one."""
    if change.revision_id != revision.pk:
        change.revision = revision
        change.requires = change.requires if revision.stands_on else None
    return change


def is_current(row: CandidateChange) -> bool:
    """Whether what is said about this row is said about its change: nothing newer was pushed, or it is frozen so."""
    change, release = row.change, row.change.release
    is_frozen = release is not None and release.is_frozen and release.candidate_id == row.candidate_id
    return is_frozen or change.revision_id == row.revision_id


def pushed_over(candidate: Candidate | None) -> list[Change]:
    """The changes that the candidate takes in at a revision which is not their newest."""
    rows = CandidateChange.objects.filter(candidate=candidate, action=CandidateChange.Action.APPLY)
    rows = rows.exclude(revision=F("change__revision")).select_related("change__product")
    return [row.change for row in rows.order_by("change")]


def left_over(found: QuerySet[Change]) -> QuerySet[Change]:
    """Those of `found` that are live at an older revision than their newest: it was pushed after the freeze, and no
    other change goes on with the branch.
    """
    rows = CandidateChange.objects.filter(change=OuterRef("pk"), candidate=OuterRef("release__candidate"))
    older = rows.filter(action=CandidateChange.Action.APPLY).exclude(revision=OuterRef("revision"))
    same = Change.objects.filter(product=OuterRef("product"), branch=OuterRef("branch")).exclude(branch="")
    goes_on = same.exclude(pk=OuterRef("pk")).exclude(status__in=[S.DROPPED, S.LIVE])
    return found.filter(Exists(older), ~Exists(goes_on), status=S.LIVE)


def not_live(change: Change) -> str:
    """What was pushed after the freeze did not ship, and how it goes on."""
    text = _("%(release)s shipped without what was pushed after its freeze: plan a change and link %(branch)s to it")
    return text % {"release": change.release, "branch": change.branch or change.key}

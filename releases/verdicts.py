"""A tester's word on one change in one candidate, and which words still hold for another candidate."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache

from django.db import transaction
from django.db.models import Count, Exists, Max, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from environments.holds import hold, holder, let_go
from environments.models import Environment
from environments.queries import of_kind
from lifecycle import events
from lifecycle.events import Machine
from lifecycle.models import Product, User
from lifecycle.transitions import NotAllowed, move
from releases import candidates, changes, defects, enough, involvement, pins, stacking, weighing
from releases.defects import Seen
from releases.models import Candidate, CandidateChange, Change, Verdict

__all__ = ["all_approved", "approve", "carry_over", "give_back", "hold", "holder", "let_go", "standing"]

S = Change.Status
YES, NO = Verdict.Outcome.APPROVED, Verdict.Outcome.RETURNED
UNDO = CandidateChange.Action.UNDO
RETURNS = Count("verdicts", filter=Q(verdicts__outcome=NO), distinct=True)
COMPOSER = Machine("compose")


class Replaced(NotAllowed):
    """Staging runs another build by now: what is said of the one before says nothing of it."""


@transaction.atomic
def approve(change: Change, *, candidate: Candidate, by: User, reason: str = "", at: datetime | None = None) -> Verdict:
    """The change works in this candidate. NotAllowed unless that is what staging runs and nobody else holds it."""
    row = require_testable(change, candidate, by=by, at=at)
    _require_other(row, by)
    if row.action == UNDO:
        return say(row, YES, by=by, reason=reason, at=at)
    if change.status == S.STAGING:
        move(change, S.APPROVED, by=by, at=at, waiting_since=at or timezone.now())
    elif change.status != S.APPROVED:
        raise NotAllowed(_("%(change)s is not on staging.") % {"change": change.key})
    verdict = say(row, YES, by=by, reason=reason, at=at)
    enough.propose(change.release, at=at)
    return verdict


def _require_other(row: CandidateChange, by: User) -> None:
    """NotAllowed in strict products for whoever built the change, or planned or built the release it is tested for."""
    if row.change.product.preset == Product.Preset.STRICT:
        if row.change.developer_id == by.pk:
            raise NotAllowed(_("Somebody else than its developer must test it."))
        release = row.candidate.release or row.change.release
        involvement.require_outsider(row.change.product, by, involvement.in_change(row.change, release))


@transaction.atomic
def give_back(
    change: Change,
    *,
    candidate: Candidate,
    by: User,
    reason: str = "",
    several: Sequence[Seen] = (),
    at: datetime | None = None,
) -> Verdict:
    """Return the change to development with what was seen, one or `several` defects; ValidationError without words.

    Also one that was approved before. A no to an undo moves nothing: the change stays live, the undo does not ship.
    """
    found = defects.told(reason, several)
    row = require_testable(change, candidate, by=by, at=at)
    words = defects.joined(found)
    verdict = say(row, NO, by=by, reason=words, at=at)
    defects.write(verdict, found)
    if row.action != UNDO:
        changes.returned(change, reason=words, by=by, at=at)
    return verdict


def require_testable(change: Change, candidate: Candidate, *, by: User, at: datetime | None) -> CandidateChange:
    """The change's row in the candidate; NotAllowed if staging runs another one, something newer was pushed since, or
    somebody else holds it.
    """
    stacking.lock_with_above(change)
    now = candidates.on_staging(change.product)
    if now is None or now.digest != candidate.digest:
        raise Replaced(_("Another version is on staging now. Look at it again."))
    staging = of_kind(change.product, Environment.Kind.STAGING)
    other = holder(staging, at=at) if staging else None
    if other is not None and other != by:
        raise NotAllowed(_("%(who)s holds staging.") % {"who": other})
    row = (
        candidate.rows.filter(change=change)
        .select_related("candidate__release", "change__release", "change__product", "revision")
        .first()
    )
    if row is None:
        raise NotAllowed(_("%(change)s is not in this version.") % {"change": change.key})
    if row.action != UNDO and not pins.is_current(row):
        raise NotAllowed(_("Something newer was pushed for %(change)s. Promote that first.") % {"change": change.key})
    return row


def say(
    row: CandidateChange,
    outcome: str,
    *,
    by: User,
    reason: str = "",
    carried_from: Verdict | None = None,
    at: datetime | None = None,
) -> Verdict:
    """Write the verdict; it is about the revision and the digest, not about the change at large."""
    verdict = Verdict.objects.create(
        change=row.change,
        revision=row.revision,
        candidate=row.candidate,
        digest=row.candidate.digest,
        outcome=outcome,
        reason=reason,
        carried_from=carried_from,
        by=by,
        at=at or timezone.now(),
    )
    events.record(
        f"verdict.{outcome}", row.change, by=by, at=at, note=reason, verdict=verdict.pk, candidate=row.candidate_id
    )
    return verdict


def standing(candidate: Candidate) -> dict[int, Verdict]:
    """Change id → the newest verdict on this candidate's digest, for the changes it takes in."""
    newest = (
        Verdict.objects.filter(digest=candidate.digest, change__in=candidate.rows.values("change"))
        .values("change")
        .annotate(newest=Max("id"))
        .values("newest")
    )
    return {verdict.change_id: verdict for verdict in Verdict.objects.filter(pk__in=newest).select_related("by")}


def all_approved(candidate: Candidate) -> bool:
    """Whether the newest word on every change of this digest, taken in or out, is a yes."""
    return bool(candidate.digest) and are_yes(candidate.rows.all(), standing(candidate))


def are_yes(rows: Iterable[CandidateChange], said: dict[int, Verdict]) -> bool:
    """Whether each of these rows has a yes among what was said (change id → verdict)."""
    return all(row.change_id in said and said[row.change_id].is_yes for row in rows)


def returns_of(found: Iterable[Change]) -> dict[int, int]:
    """Change id → how often a tester returned it; those that never came back are not in it."""
    rows = Verdict.objects.filter(change__in=[change.pk for change in found], outcome=NO)
    return dict(rows.values("change").annotate(n=Count("pk")).values_list("change", "n"))


@transaction.atomic
def carry_over(candidate: Candidate, *, at: datetime | None = None) -> list[Change]:
    """Copy the yeses that still hold to this candidate; the changes that need a tester again, back on STAGING.

    An undo needs a tester each time. Runs git; for workers.
    """
    again = weigh(candidate, at=at)
    settle(candidate, at=at)
    return again


@transaction.atomic
def weigh(candidate: Candidate, *, at: datetime | None = None) -> list[Change]:
    """Copy the yeses that still hold, and note why the others do not; the changes that need a tester again.

    A yes holds when the revision is the same and the change's files do not overlap what differs between the tree it
    was given for and this one. The changes are held, so a no that comes meanwhile counts. Runs git; for workers.
    """
    rows = list(candidate.rows.exclude(action=UNDO).select_related("change", "revision"))
    for row in rows:
        row.candidate = candidate
    before = builds_before(candidate, rows)
    compare(candidate, [*before.values(), *(word.candidate for word in earlier_yeses(rows).values())])
    stacking.lock(Change.objects.filter(pk__in=[row.change_id for row in rows]))
    said, yeses, rows_of = standing(candidate), earlier_yeses(rows), cache(weighing.rows_of)
    again = []
    for row in rows:
        row.unchanged_since = unchanged_since(row, before.get(row.revision_id))
        row.stale = []
        if row.change_id in said:
            continue
        earlier = yeses.get(row.revision_id)
        touched = overlap(row, earlier.candidate) if earlier else set()
        if earlier and not touched:
            say(row, YES, by=earlier.by, carried_from=earlier, at=at)
            continue
        again.append(row.change)
        if earlier:
            row.stale = weighing.changed_by(rows_of(earlier.candidate), rows_of(candidate), touched, but=row.change_id)
    weighing.store(rows)
    return again


def compare(candidate: Candidate, builds: Iterable[Candidate]) -> None:
    """Ask git before the changes are locked: nobody who decides about one waits for it, and the answers are kept."""
    for build in builds:
        weighing.differing(candidate, build)


def unchanged_since(row: CandidateChange, build: Candidate | None) -> Candidate | None:
    """The build before this one with the change, if none of its files differs since."""
    return build if build is not None and not overlap(row, build) else None


def overlap(row: CandidateChange, earlier: Candidate) -> set[str]:
    """The change's files that differ between the trees of its candidate and an earlier one."""
    return weighing.differing(row.candidate, earlier) & set(row.revision.files)


def earlier_yeses(rows: Iterable[CandidateChange]) -> dict[int, Verdict]:
    """Revision id → the newest verdict on it, where that is a yes. What was said of taking it out does not count."""
    undone = CandidateChange.objects.filter(candidate=OuterRef("candidate"), change=OuterRef("change"), action=UNDO)
    found = Verdict.objects.filter(~Exists(undone), revision__in=[row.revision_id for row in rows])
    newest = found.order_by("revision_id", "-id").distinct("revision_id").select_related("candidate", "by")
    return {verdict.revision_id: verdict for verdict in newest if verdict.is_yes}


def builds_before(candidate: Candidate, rows: Iterable[CandidateChange]) -> dict[int, Candidate]:
    """Revision id → the last build before this one that was on staging with it."""
    same = CandidateChange.objects.filter(revision__in=[row.revision_id for row in rows]).exclude(action=UNDO)
    staged = same.filter(candidate__lt=candidate.pk).exclude(candidate__staged_at=None)
    newest = staged.order_by("revision_id", "-candidate_id").distinct("revision_id").select_related("candidate")
    return {row.revision_id: row.candidate for row in newest}


def settle(candidate: Candidate, *, only_stale: bool = False, at: datetime | None = None) -> None:
    """Bring the changes where what is said about them on this candidate puts them.

    One without a word is with the testers again; with `only_stale` only where a worker found that the yes it had does
    not hold.
    """
    said = standing(candidate)
    for row in candidate.rows.exclude(action=UNDO).select_related("change__release"):
        if not pins.is_current(row):
            continue
        if row.change_id in said:
            count_as_approved(row.change, said[row.change_id], at=at)
        elif row.change.status == S.APPROVED and (row.stale or not only_stale):
            move(row.change, S.STAGING, by=COMPOSER, at=at, waiting_since=at or timezone.now())


def count_as_approved(change: Change, word: Verdict, *, at: datetime | None) -> None:
    """A yes that still holds brings the change where that yes had brought it before staging was given away."""
    way = {S.READY: (S.STAGING, S.APPROVED), S.STAGING: (S.APPROVED,)}
    for status in way.get(S(change.status), ()) if word.is_yes else ():
        move(change, status, by=COMPOSER, at=at, waiting_since=at or timezone.now())

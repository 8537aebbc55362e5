"""A tester's word on one change in one candidate, and which words still hold for another candidate."""

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from environments import repositories
from environments.holds import hold, holder, let_go
from environments.models import Environment
from environments.queries import of_kind
from lifecycle import events
from lifecycle.events import Machine
from lifecycle.models import Product, User
from lifecycle.transitions import NotAllowed, move
from releases import candidates, changes, enough, pins, stacking
from releases.models import Candidate, CandidateChange, Change, Verdict

__all__ = ["all_approved", "approve", "carry_over", "give_back", "hold", "holder", "let_go", "standing"]

S = Change.Status
YES, NO = Verdict.Outcome.APPROVED, Verdict.Outcome.RETURNED
UNDO = CandidateChange.Action.UNDO


@transaction.atomic
def approve(change: Change, *, candidate: Candidate, by: User, reason: str = "", at: datetime | None = None) -> Verdict:
    """The change works in this candidate. NotAllowed unless that is what staging runs and nobody else holds it."""
    row = require_testable(change, candidate, by=by, at=at)
    if change.product.preset == Product.Preset.STRICT and change.developer_id == by.pk:
        raise NotAllowed(_("Somebody else than its developer must test it."))
    if row.action == UNDO:
        return say(row, YES, by=by, reason=reason, at=at)
    if change.status == S.STAGING:
        move(change, S.APPROVED, by=by, at=at, waiting_since=at or timezone.now())
    elif change.status != S.APPROVED:
        raise NotAllowed(_("%(change)s is not on staging.") % {"change": change.key})
    verdict = say(row, YES, by=by, reason=reason, at=at)
    enough.propose(change.release, at=at)
    return verdict


@transaction.atomic
def give_back(change: Change, *, candidate: Candidate, by: User, reason: str, at: datetime | None = None) -> Verdict:
    """Return the change to development with what was seen; ValidationError without words.

    A no to an undo moves nothing: the change stays live and the undo does not ship.
    """
    if not reason.strip():
        raise ValidationError({"reason": _("Say what you saw: the developer reads these words.")})
    row = require_testable(change, candidate, by=by, at=at)
    verdict = say(row, NO, by=by, reason=reason, at=at)
    if row.action != UNDO:
        changes.returned(change, reason=reason, by=by, at=at)
    return verdict


def require_testable(change: Change, candidate: Candidate, *, by: User, at: datetime | None) -> CandidateChange:
    """The change's row in the candidate; NotAllowed if staging runs another one, something newer was pushed since, or
    somebody else holds it.
    """
    stacking.lock_with_above(change)
    now = candidates.on_staging(change.product)
    if now is None or now.digest != candidate.digest:
        raise NotAllowed(_("Another version is on staging now. Look at it again."))
    staging = of_kind(change.product, Environment.Kind.STAGING)
    other = holder(staging, at=at) if staging else None
    if other is not None and other != by:
        raise NotAllowed(_("%(who)s holds staging.") % {"who": other})
    row = candidate.rows.filter(change=change).select_related("candidate", "change__release", "revision").first()
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


@transaction.atomic
def carry_over(candidate: Candidate, *, at: datetime | None = None) -> list[Change]:
    """Copy the yeses that still hold to this candidate; the changes that need a tester again, back on STAGING.

    An undo needs a tester each time.
    A yes holds when the revision is the same and the change's files do not overlap what differs between the tree it
    was given for and this one (DESIGN "Approval"). Runs git; for workers.
    """
    said = standing(candidate)
    again = []
    for row in candidate.rows.select_related("change", "revision", "candidate"):
        if row.action == UNDO:
            continue
        earlier = said.get(row.change_id) or earlier_yes(row)
        if row.change_id in said:
            count_as_approved(row.change, earlier, at=at)
        elif earlier and not overlaps(candidate, earlier.candidate, row.revision.files):
            say(row, YES, by=earlier.by, carried_from=earlier, at=at)
            count_as_approved(row.change, earlier, at=at)
        else:
            again.append(row.change)
    for change in again:
        if change.status == S.APPROVED:
            move(change, S.STAGING, by=Machine("compose"), at=at, waiting_since=at or timezone.now())
    return again


def count_as_approved(change: Change, word: Verdict, *, at: datetime | None) -> None:
    """A yes that still holds brings the change where that yes had brought it before staging was given away."""
    way = {S.READY: (S.STAGING, S.APPROVED), S.STAGING: (S.APPROVED,)}
    for status in way.get(S(change.status), ()) if word.is_yes else ():
        move(change, status, by=Machine("compose"), at=at, waiting_since=at or timezone.now())


def earlier_yes(row: CandidateChange) -> Verdict | None:
    """The newest verdict on this revision, if it is a yes."""
    verdicts = Verdict.objects.filter(change=row.change, revision=row.revision).select_related("candidate", "by")
    verdicts = verdicts.exclude(candidate__rows__in=CandidateChange.objects.filter(change=row.change, action=UNDO))
    newest = verdicts.order_by("-id").first()
    return newest if newest and newest.outcome == YES else None


def overlaps(candidate: Candidate, earlier: Candidate, files: list[str]) -> bool:
    """Whether one of `files` differs between the trees of two candidates."""
    if candidate.tree == earlier.tree:
        return False
    differing = repositories.git(candidate.repository).diff(earlier.tree, candidate.tree)
    return bool({file.path for file in differing} & set(files))

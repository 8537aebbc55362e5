"""Management's word on one digest. When it is complete the deployment starts by itself."""

from collections.abc import Collection
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from deployments import approval_rules, gates, proofs, running, services, times
from deployments.cases import Gate
from environments.models import Environment
from lifecycle import events
from lifecycle.models import Product, Role, User
from lifecycle.roles import actor_for, people_who_may
from lifecycle.transitions import NotAllowed
from releases import signoffs
from releases.models import Approval, Candidate, CandidateChange, Release

LATER = ("approvals", "no_freeze")
"""Gates that need not be open when somebody approves."""


@transaction.atomic
def approve(
    release: Release,
    *,
    by: User,
    role: str = Role.MANAGER,
    outcome: str = Approval.Outcome.YES,
    words: str = "",
    digest: str = "",
    at: datetime | None = None,
) -> Approval:
    """Say yes or no to the frozen candidate's digest; a second word of the same person replaces the first.

    Raises NotAllowed while a gate before it is closed, when `digest` (what the person looked at) is another one by now
    or, in strict products, for one's own work; ValidationError for a no without words. With the last yes the release
    ships, at its time if one was chosen, unless a freeze is in force then.
    """
    release = services.locked_release(release)
    signoffs.require_seen(release, digest)
    place, candidate = _require_askable(release, by=by, role=role)
    signoffs.require_words(outcome, words)
    own = _is_own_work_that_counts(release, by)
    withdraw(release, by=by, at=at)
    approval = Approval.objects.create(
        release=release,
        candidate=candidate,
        digest=candidate.digest,
        config_version=place.config_version,
        role=role,
        outcome=outcome,
        is_own_work=own,
        words=words.strip(),
        by=by,
        at=at or timezone.now(),
    )
    verb = "release.approved" if outcome == Approval.Outcome.YES else "release.refused"
    events.record(verb, release, by=by, at=at, note=words, digest=approval.digest, own_work=own)
    _ship_if_complete(release, by=by, at=at)
    return approval


def _ship_if_complete(release: Release, *, by: User, at: datetime | None) -> None:
    """With every gate open it ships. NotAllowed, which takes the word back, while one is shut that comes before it."""
    try:
        services.ship_locked(release, by=by, at=at)
    except NotAllowed as reason:
        closed = reason.gates if isinstance(reason, gates.Shut) else _shut(release, at)
        if before := [gate for gate in closed if gate.key not in LATER]:
            raise gates.refusal(release, before) from None
        if not closed and not times.is_missed(release, at=at):
            raise


def _shut(release: Release, at: datetime | None) -> list[Gate]:
    return gates.missing(release, at=times.moment(release, at=at))


def _is_own_work_that_counts(release: Release, by: User) -> bool:
    """Whether it is one's own work; NotAllowed in strict products, where somebody else must decide."""
    own = is_own_work(release, by)
    if own and release.product.preset == Product.Preset.STRICT:
        raise NotAllowed(_("You wrote or planned a part of this release, so somebody else must approve it."))
    return own


def _require_askable(release: Release, *, by: User, role: str) -> tuple[Environment, Candidate]:
    if release.status != Release.Status.FROZEN:
        raise NotAllowed(_("Release %(release)s is not frozen.") % {"release": release})
    actor = actor_for(by, release.product)
    actor.require("approve_release")
    if role not in actor.roles and not by.is_admin:
        raise PermissionDenied(_("You do not have the role %(role)s.") % {"role": Role(role).label})
    place, candidate = running.production(release.product), release.candidate
    if place is None or candidate is None or candidate.status != Candidate.Status.READY:
        raise gates.refusal(release, gates.missing(release))
    return place, candidate


def is_own_work(release: Release, user: User) -> bool:
    """Whether `user` planned the release or built a change of its candidate."""
    if release.author_id == user.pk:
        return True
    return CandidateChange.objects.filter(candidate=release.candidate_id, change__developer=user).exists()


@transaction.atomic
def withdraw(release: Release, *, by: User, at: datetime | None = None) -> None:
    """Take one's word back; nothing happens if there is none."""
    given = release.approvals.filter(by=by, withdrawn_at=None)
    if given.update(withdrawn_at=at or timezone.now()):
        events.record("release.approval_withdrawn", release, by=by, at=at)


def who_can_approve(release: Release) -> list[User]:
    """Who could give an approval that is missing now; empty when none is missing or nobody may."""
    place = running.production(release.product)
    if place is None or release.candidate is None:
        return []
    words = list(approval_rules.counted(release, release.candidate, place))
    needed, said = approval_rules.still_needed(release.product, words), {word.by_id for word in words}
    strict = release.product.preset == Product.Preset.STRICT
    able = [person for person in people_who_may("approve_release", release.product) if person.pk not in said]
    return [person for person in able if needed and not (strict and is_own_work(release, person))]


@transaction.atomic
def waive_rollback(
    release: Release, *, by: User, reason: str, keys: Collection[str] | None = None, at: datetime | None = None
) -> None:
    """DevOps know that the way back from this digest cannot be proved and accept it, for the gates with these keys
    (None: for all that cannot be proved now). What turns out later has to be accepted, too.

    ValidationError without a reason, NotAllowed when nothing has to be accepted: what can be proved is proved.
    """
    actor_for(by, release.product).require("configure")
    if not reason.strip():
        raise ValidationError({"reason": _("Say what you will do instead if it goes wrong.")})
    if release.candidate is None:
        raise NotAllowed(_("Release %(release)s is not frozen.") % {"release": release})
    unproved = proofs.acceptable(release)
    accepted = sorted(unproved if keys is None else unproved.keys() & keys)
    if not accepted:
        raise NotAllowed(_("There is nothing to accept: the way back can be rehearsed."))
    digest = release.candidate.digest
    events.record(proofs.WAIVER, release, by=by, at=at, note=reason, digest=digest, gates=accepted)

"""Management's word on one digest. When it is complete the deployment starts by itself."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from deployments import approval_rules, gates, proofs, running, services, stopping, times
from deployments.cases import Gate
from deployments.models import Deployment
from deployments.separation import Electorate, electorate
from environments.models import Environment
from lifecycle import events
from lifecycle.models import Product, Role, User
from lifecycle.notifications import tell
from lifecycle.roles import actor_for, people_who_may
from lifecycle.transitions import NotAllowed
from releases import plan, signoffs
from releases.models import Approval, Candidate, Release

LATER = ("approvals", "no_freeze")
"""Gates that need not be open when somebody approves."""
Yes = Approval.Outcome.YES


@transaction.atomic
def approve(
    release: Release,
    *,
    by: User,
    role: str = "",
    outcome: str = Approval.Outcome.YES,
    words: str = "",
    digest: str = "",
    via: str = Approval.Via.SCREEN,
    at: datetime | None = None,
) -> Approval:
    """Say yes or no to the frozen candidate's digest; a second word of the same person replaces the first.

    In the role given, else in one that the product's rule asks for, one's own or as a deputy. Raises NotAllowed while a
    gate before it is closed, when `digest` (what the person looked at) is another one by now or, in strict products,
    for somebody with a hand in it; PermissionDenied without such a role; ValidationError for a no without words. With
    the last yes the release ships, at its time if one was chosen, unless a freeze is in force then.
    """
    release = services.locked_release(release)
    signoffs.require_seen(release, digest)
    place, candidate = _require_askable(release, by=by)
    signoffs.require_words(outcome, words)
    people = electorate(release, at=at)
    role, for_person = _capacity(release, candidate, place, people, by=by, role=role)
    _take_back(release, by=by, at=at)
    if outcome != Yes:
        _cancel_waiting(release, by=by, at=at)
    facts: dict[str, Any] = {"role": role, "outcome": outcome, "for_person_id": for_person, "via": via, "by": by}
    own, words = by in people.involved, words.strip()
    approval = _write_down(release, candidate, place, is_own_work=own, words=words, at=at or timezone.now(), **facts)
    _note(approval, at=at)
    if release.is_frozen:
        _ship_if_complete(release, by=by, at=at)
    return approval


def _write_down(release: Release, candidate: Candidate, place: Environment, **facts: Any) -> Approval:
    """The word about this digest and this configuration of production."""
    about = {"digest": candidate.digest, "environment": place, "config_version": place.config_version}
    return Approval.objects.create(release=release, candidate=candidate, **about, **facts)


def _note(approval: Approval, *, at: datetime | None) -> None:
    """The event; where one's own work may be approved, the team hears of it."""
    release, own = approval.release, approval.is_own_work
    verb = "release.approved" if approval.outcome == Yes else "release.refused"
    facts: dict[str, Any] = {"digest": approval.digest, "own_work": own, "for_person": approval.for_person_id}
    events.record(verb, release, by=approval.by, at=at, note=approval.words, via=approval.via, **facts)
    if own and approval.outcome == Yes and release.product.preset == Product.Preset.SMALL:
        _tell_of_own_work(approval)


def _tell_of_own_work(approval: Approval) -> None:
    release, who = approval.release, approval.by
    others = [person for person in people_who_may("see_team_pages", release.product) if person != who]
    tell(
        others,
        "release.own_work_approved",
        url=plan.page_of(release),
        key=f"own-work:{approval.pk}",
        product=release.product,
        version=release.version,
        who=str(who),
    )


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


def _capacity(
    release: Release, candidate: Candidate, place: Environment, people: Electorate, *, by: User, role: str
) -> tuple[str, int | None]:
    """In which role this person speaks, and for whom. PermissionDenied without one that is asked for; NotAllowed, with
    the reason, for somebody whose word would not count.
    """
    rule = approval_rules.rule_of(release.product)
    others = [word for word in approval_rules.given(release, candidate, place) if word.by_id != by.pk]
    others = approval_rules.holding(others, people)
    needed = approval_rules.still_needed(rule, others)
    asked = [role] if role else [*needed, *(one for one in rule if one not in needed)]
    found = people.capacity(by.pk, asked, approval_rules.spoken(others))
    if found is not None:
        return found
    actor = actor_for(by, release.product)
    held = [one for one in asked if one in actor.roles or by.is_admin]
    if not held:
        raise PermissionDenied(_("You do not have the role %(role)s.") % {"role": Role(asked[0]).label})
    if by in people.involved:
        raise NotAllowed(_("You wrote or planned a part of this release, so somebody else must approve it."))
    raise NotAllowed(_("Your word does not count here: %(why)s.") % {"why": people.why_not(by.pk, held[0])})


def _require_askable(release: Release, *, by: User) -> tuple[Environment, Candidate]:
    """Where it would go, and what. NotAllowed unless it is frozen, or runs there and was configured anew."""
    actor_for(by, release.product).require("approve_release")
    place, candidate = running.production(release.product), release.candidate
    if not release.is_frozen and not is_reconfigured(release, place):
        raise NotAllowed(_("Release %(release)s is not frozen.") % {"release": release})
    if place is None or candidate is None or candidate.status != Candidate.Status.READY:
        raise gates.refusal(release, gates.missing(release))
    return place, candidate


def is_reconfigured(release: Release, place: Environment | None) -> bool:
    """Whether it runs there, in a strict product, with other variables than it would be started with now."""
    if place is None or release.product.preset != Product.Preset.STRICT or release.is_frozen:
        return False
    now = running.current(place)
    return now is not None and now.candidate_id == release.candidate_id and now.config_version != place.config_version


def is_own_work(release: Release, user: User) -> bool:
    """Whether `user` has a hand in it."""
    return user in electorate(release).involved


@transaction.atomic
def withdraw(release: Release, *, by: User, at: datetime | None = None) -> None:
    """Take one's word back, and with it the deployment that waits for its turn or its time.

    Nothing happens if there is none. NotAllowed while it is being deployed: then it is stopped or rolled back.
    """
    release = services.locked_release(release)
    if _take_back(release, by=by, at=at):
        _cancel_waiting(release, by=by, at=at)


def _take_back(release: Release, *, by: User, at: datetime | None) -> bool:
    given = release.approvals.filter(by=by, withdrawn_at=None)
    if not given.update(withdrawn_at=at or timezone.now()):
        return False
    events.record("release.approval_withdrawn", release, by=by, at=at)
    return True


def _cancel_waiting(release: Release, *, by: User, at: datetime | None) -> None:
    place = running.production(release.product)
    busy = running.active(place) if place else None
    if busy is not None and busy.release_id == release.pk and busy.kind == Deployment.Kind.DEPLOY:
        raise NotAllowed(_("Release %(release)s is on its way already: stop the deployment.") % {"release": release})
    rows = running.line(place).filter(release=release, kind=Deployment.Kind.DEPLOY) if place else ()
    for waiting in rows:
        stopping.abort(waiting, by=by, reason=_("The approval was taken back."), at=at)


def who_can_approve(release: Release) -> list[User]:
    """Who could give an approval that is missing now; empty when none is missing or nobody may."""
    place = running.production(release.product)
    if place is None or release.candidate is None:
        return []
    people = electorate(release)
    words = approval_rules.holding(approval_rules.given(release, release.candidate, place), people)
    needed = approval_rules.still_needed(approval_rules.rule_of(release.product), words)
    return approval_rules.able(people, needed, words) if needed else []


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

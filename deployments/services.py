"""Wishes about what runs where: deploy, promote, ship, roll back, try again. A worker does them."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from deployments import admission, bars, gates, names, running, stopping, times, wishes
from deployments.models import Deployment
from environments.models import Environment
from lifecycle.events import By
from lifecycle.jobs import ring_after_commit
from lifecycle.models import Product, User
from lifecycle.transitions import NotAllowed
from releases import candidates
from releases.models import Candidate, Change, Release

S, Kind = Deployment.Status, Deployment.Kind
TASK = "deployments.tasks.deploy"


@transaction.atomic
def request(
    environment: Environment,
    candidate: Candidate,
    *,
    by: By,
    kind: str = Kind.DEPLOY,
    reason: str = "",
    release: Release | None = None,
    due_at: datetime | None = None,
    expires_at: datetime | None = None,
    at: datetime | None = None,
) -> Deployment:
    """Write the wish down, stand it in the environment's line and ring for a worker, who begins at `due_at` or at once.

    Waiting older wishes are superseded; the same wish twice is one. NotAllowed when the candidate is not ready, may not
    run there then (admission.require_may_run; a worker asks again when it begins) or would come while somebody tests.
    ValidationError for a time that has passed, or an end before the beginning; one that could not begin until
    `expires_at` ends as expired.
    """
    times.require_possible(due_at, expires_at, at=at)
    environment = running.locked(environment)
    release = release or candidate.release
    wishes.require_ready(environment, candidate)
    admission.require_may_run(environment, candidate, kind=kind, release=release, at=due_at or at)
    admission.require_not_held(environment, kind, by=by, at=due_at or at)
    same = wishes.same(environment, candidate, kind, due_at)
    if same is not None:
        return same
    if kind != Kind.REHEARSAL:
        wishes.supersede_waiting(environment, candidate, due_at, by=by, at=at)
    facts = {"kind": kind, "reason": reason, "release": release, "due_at": due_at or Now(), "expires_at": expires_at}
    deployment = wishes.write_down(environment, candidate, by=by, at=at, **facts)
    ring_after_commit(TASK, deployment.pk, queue="deploy")
    return deployment


@transaction.atomic
def promote(product: Product, *, by: By, at: datetime | None = None) -> Candidate:
    """Compose everything that is ready for staging; it is deployed there when it is composed.

    NotAllowed when nothing is ready or while a frozen release has staging; Barred while it is locked, stopped or
    somebody else tests there. What gets in its way later keeps it waiting (intake.bring_promoted).
    """
    staging = running.place(product, Environment.Kind.STAGING)
    if staging is None:
        raise NotAllowed(_("The product has no staging environment."))
    require_promotable(staging, by=by, at=at)
    return candidates.request(product, Candidate.Purpose.STAGING, by=by, at=at)


def require_promotable(staging: Environment, *, by: By | None, at: datetime | None = None) -> None:
    """NotAllowed, with the reason, unless staging may be given a new composition now."""
    require_nothing_frozen(staging.product)
    bars.require_not_barred(staging, at=at)
    admission.require_not_held(staging, Kind.DEPLOY, by=by, at=at)
    require_change_ready(staging)


def require_nothing_frozen(product: Product) -> None:
    """NotAllowed while a release has staging, or will have it again when a hotfix has left."""
    rows = Release.objects.filter(product=product, status=Release.Status.FROZEN)
    frozen = rows.order_by(F("parked_at").asc(nulls_first=True)).first()
    if frozen:
        raise NotAllowed(_("Release %(release)s is frozen and has staging until it is shipped.") % {"release": frozen})


def require_change_ready(staging: Environment) -> None:
    """NotAllowed unless a composition for staging would bring something."""
    if not Change.objects.filter(product=staging.product_id, status=Change.Status.READY).exists():
        raise NotAllowed(_("No change is ready: its tests must have passed and its developer must have said so."))


@transaction.atomic
def ship(release: Release, *, by: By, at: datetime | None = None) -> Deployment:
    """Deploy the frozen, approved candidate to production, at its time if one was chosen.

    NotAllowed naming each gate that is closed then, or when its time is over.
    """
    return ship_locked(locked_release(release), by=by, at=at)


def ship_locked(release: Release, *, by: By, at: datetime | None = None) -> Deployment:
    """The same for a release whose row is locked already."""
    if release.status != Release.Status.FROZEN:
        raise NotAllowed(
            _("Release %(release)s is “%(status)s”, so it cannot be shipped.")
            % {
                "release": release,
                "status": release.get_status_display(),
            }
        )
    chosen = times.chosen(release)
    if times.is_over(chosen, at=at):
        raise NotAllowed(
            _("The time chosen for release %(release)s is over: choose another one.") % {"release": release}
        )
    place, begin = running.production(release.product), times.begin(release, chosen, at=at)
    if place is None or release.candidate is None:
        raise gates.refusal(release, gates.missing(release))
    due_at = begin if times.is_later(begin, at=at) else None
    expires_at = chosen.expires_at if chosen else None
    return request(place, release.candidate, by=by, release=release, due_at=due_at, expires_at=expires_at, at=at)


def locked_release(release: Release) -> Release:
    """The release's row, locked after production's, because a worker that ends a deployment locks in this order."""
    place = running.production(release.product)
    if place is not None:
        running.locked(place)
    return (
        Release.objects.select_for_update(of=("self",), no_key=True)
        .select_related("candidate", "product")
        .get(pk=release.pk)
    )


@transaction.atomic
def roll_back(
    environment: Environment,
    *,
    by: By,
    reason: str,
    to: str | None = None,
    runs: str | None = None,
    at: datetime | None = None,
) -> Deployment:
    """Go back to what was verified before; whatever is on its way is stopped first and this is next in line.

    `to` is the release that the person was shown as its end, `runs` the one that was shown as leaving: only with both
    it may be one that is further back. Raises ValidationError without a reason (voters read it), NotAllowed when there
    is nothing to go back to, a migration in between forbids it, or something else than what was shown would happen.
    """
    if not reason.strip():
        raise ValidationError({"reason": _("Say why: the people who wait for it will read this.")})
    environment = running.locked(environment)
    target, leaves = require_way_back(environment)
    if runs is None:
        _require_same_way(environment, target, to)
    else:
        _require_same_start(environment, runs)
        target = chosen_target(environment, target, to)
    busy = running.active(environment)
    rollback = request(environment, target, by=by, kind=Kind.ROLLBACK, reason=reason.strip(), release=leaves, at=at)
    if busy:
        stopping.ask_to_stop(busy, by=by, reason=_("A rollback was asked for."), at=at)
    return rollback


def _require_same_way(environment: Environment, target: Candidate, shown: str | None) -> None:
    """NotAllowed when the environment went back, or on, while somebody read where a rollback would lead."""
    if shown is not None and shown != running.release_id(target):
        facts = {"environment": environment, "target": names.destination(target)}
        raise NotAllowed(
            _("Something has changed: a rollback of %(environment)s leads to %(target)s now. Look again.") % facts
        )


def _require_same_start(environment: Environment, shown: str) -> None:
    """NotAllowed when something else would leave than was shown."""
    newest = running.newest(environment)
    if newest is None or shown != running.release_id(newest):
        facts = {"environment": environment, "now": names.name(newest)}
        raise NotAllowed(_("Something has changed: %(environment)s runs %(now)s now. Look again.") % facts)


def chosen_target(environment: Environment, nearest: Candidate, to: str | None) -> Candidate:
    """The nearest way back or the one further back that was chosen; NotAllowed for any other release."""
    ways = [nearest] if to is None else [nearest, *further_back(environment, nearest)]
    target = next((one for one in ways if to in (None, running.release_id(one))), None)
    if target is None:
        facts = {"environment": environment, "target": to, "nearest": names.destination(nearest)}
        raise NotAllowed(
            _("%(environment)s cannot go back to %(target)s. The nearest way back leads to %(nearest)s.") % facts
        )
    return target


def further_back(environment: Environment, nearest: Candidate) -> list[Candidate]:
    """What one may go back to at once beyond the nearest way back, newest first: until older code does not run any more
    on what was begun since.
    """
    found = []
    for candidate in running.further_back(environment, nearest):
        try:
            admission.require_bridge(environment, candidate)
        except NotAllowed:
            break
        found.append(candidate)
    return found


def require_way_back(environment: Environment) -> tuple[Candidate, Release | None]:
    """The candidate a rollback leads to and the release that leaves; NotAllowed when there is no way back, or while a
    rollback is on its way that nobody has stopped: a second click must not begin it anew.
    """
    busy = running.active(environment)
    if busy and busy.kind == Kind.ROLLBACK and not busy.is_stopping:
        text = _(
            "A rollback of %(environment)s is already on its way. If it hangs, stop it first, then roll back again."
        )
        raise NotAllowed(text % {"environment": environment})
    target, now = running.rollback_target(environment), running.current(environment)
    if target is None or now is None:
        raise NotAllowed(_("Nothing was verified on %(environment)s before.") % {"environment": environment})
    admission.require_bridge(environment, target)
    return target, (busy or now).release


@transaction.atomic
def retry(deployment: Deployment, *, by: User, at: datetime | None = None) -> Deployment:
    """The same wish once more, as a new deployment. NotAllowed while it runs or when it succeeded, for half of a
    rehearsal, and for a rollback that something newer has overtaken.
    """
    running.locked(deployment.environment)
    wishes.require_unmet(deployment)
    return request(
        deployment.environment,
        deployment.candidate,
        by=by,
        kind=deployment.kind,
        reason=deployment.reason,
        release=deployment.release,
        at=at,
    )

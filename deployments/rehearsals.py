"""Rehearsing a rollback on staging: back to what production runs, and forward again, before anybody has to.

`tick` looks at the facts and makes whatever move is next, so a worker that dies half way costs one tick. Both halves
are deployments of kind REHEARSAL: the same engine, the same steps as a rollback of production, and no news for anybody.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from deployments import proofs, running, services
from deployments.models import Deployment, Rehearsal
from environments.models import Environment
from lifecycle import events
from lifecycle.events import By, Machine
from lifecycle.jobs import ring_after_commit
from lifecycle.transitions import NotAllowed, move
from releases.models import Candidate, Release

REHEARSER = Machine("rehearsal")
TASK, QUEUE = "deployments.tasks.prove", "deploy"
D, R = Deployment.Status, Rehearsal.Status


def tick(*, at: datetime | None = None) -> None:
    """Begin what is due and move on what is going; two ticks at once do it once."""
    for release in due():
        try:
            request(release, by=REHEARSER, at=at)
        except NotAllowed:
            continue
    for pk in list(Rehearsal.objects.filter(status__in=Rehearsal.GOING).values_list("pk", flat=True)):
        advance(pk, at=at)


def due() -> Iterator[Release]:
    """Frozen releases without a rehearsal of this digest whose candidate was tested together and came to staging."""
    frozen = Release.objects.filter(status=Release.Status.FROZEN, parked_at=None)
    for release in frozen.filter(candidate__status=Candidate.Status.READY).select_related("candidate", "product"):
        candidate, target = release.candidate, proofs.would_return_to(release.product)
        if candidate is None or proofs.latest(candidate, target) is not None:
            continue
        staging = proofs.staging_of(release.product)
        is_there = staging is not None and proofs.runs(staging, candidate) and proofs.tested_together(candidate)
        if is_there or proofs.impossible(candidate, target, staging):
            yield release


@transaction.atomic
def again(release: Release, *, by: By, at: datetime | None = None) -> Rehearsal:
    """Rehearse now, or once more; a candidate that is not on staging (the way forward failed) is put there first.

    NotAllowed while one is going and when the release is not frozen.
    """
    staging = proofs.staging_of(release.product)
    candidate = require_candidate(release)
    if staging is not None and not proofs.is_busy(staging, at=at) and not proofs.runs(staging, candidate):
        services.request(staging, candidate, by=by, release=release, at=at)
    return request(release, by=by, at=at)


@transaction.atomic
def request(release: Release, *, by: By, at: datetime | None = None) -> Rehearsal:
    """Write the wish down; where it is impossible the reason is the result. NotAllowed: see `again`."""
    release = (
        Release.objects.select_for_update(of=("self",), no_key=True)
        .select_related("candidate", "product")
        .get(pk=release.pk)
    )
    candidate = require_candidate(release)
    if release.rehearsals.filter(status__in=Rehearsal.GOING).exists():
        raise NotAllowed(_("It is being rehearsed already."))
    staging, target = proofs.staging_of(release.product), proofs.would_return_to(release.product)
    rehearsal = Rehearsal.objects.create(
        product=release.product,
        release=release,
        candidate=candidate,
        target=target,
        environment=staging,
        digest=candidate.digest,
        requested_at=at or timezone.now(),
    )
    events.record("rehearsal.requested", rehearsal, by=by, at=at, candidate=candidate.pk)
    if reason := proofs.impossible(candidate, target, staging):
        finish(rehearsal, R.IMPOSSIBLE, reason=reason, at=at)
    else:
        ring_after_commit(TASK, queue=QUEUE)
    return rehearsal


def require_candidate(release: Release) -> Candidate:
    """The frozen release's candidate; NotAllowed before there is one."""
    candidate = release.candidate
    if release.status != Release.Status.FROZEN or candidate is None or candidate.status != Candidate.Status.READY:
        raise NotAllowed(_("Release %(release)s is not frozen.") % {"release": release})
    return candidate


@transaction.atomic
def advance(pk: int, *, at: datetime | None = None) -> None:
    """Make the next move of one rehearsal, if there is one to make. Locks staging before the rehearsal."""
    place = Rehearsal.objects.filter(pk=pk).values_list("environment", flat=True).first()
    if place is None:
        return
    staging = running.locked(Environment.objects.get(pk=place))
    rows = Rehearsal.objects.select_for_update(of=("self",), no_key=True).filter(status__in=Rehearsal.GOING)
    rehearsal = (
        rows.select_related("release__candidate", "candidate", "target", "back", "forward").filter(pk=pk).first()
    )
    if rehearsal is None:
        return
    if not staging.is_ready and running.active(staging) is None:
        gone = _("%(environment)s is not in use any more.") % {"environment": staging}
        finish(rehearsal, R.SUPERSEDED, reason=gone, at=at)
    else:
        {R.QUEUED: _begin, R.BACK: _turn, R.FORWARD: _conclude}[R(rehearsal.status)](rehearsal, staging, at)


def _begin(rehearsal: Rehearsal, staging: Environment, at: datetime | None) -> None:
    """QUEUED → BACK as soon as staging can be taken; overtaken when the release, or what staging runs, is another."""
    has_left = not proofs.is_busy(staging, at=at) and not proofs.runs(staging, rehearsal.candidate)
    if has_left or not _is_wanted(rehearsal):
        finish(rehearsal, R.SUPERSEDED, at=at)
        return
    if reason := proofs.impossible(rehearsal.candidate, rehearsal.target, staging):
        finish(rehearsal, R.IMPOSSIBLE, reason=reason, at=at)
    elif not proofs.obstacle(staging, rehearsal.candidate, at=at) and rehearsal.target is not None:
        back = _send(rehearsal, staging, rehearsal.target, at)
        if back is not None:
            move(rehearsal, R.BACK, by=REHEARSER, at=at, back=back)


def _is_wanted(rehearsal: Rehearsal) -> bool:
    release = rehearsal.release
    frozen = release.status == Release.Status.FROZEN and release.parked_at is None
    same = release.candidate_id == rehearsal.candidate_id
    target = proofs.would_return_to(rehearsal.product)
    return frozen and same and rehearsal.target_id == (target.pk if target else None)


def _send(rehearsal: Rehearsal, staging: Environment, to: Candidate, at: datetime | None) -> Deployment | None:
    """Ask for one half; None when staging may not be changed now (a lock, an emergency stop): the next tick asks."""
    kind, reason = (
        Deployment.Kind.REHEARSAL,
        _("Rehearsal of a rollback of %(release)s") % {"release": rehearsal.release},
    )
    try:
        return services.request(staging, to, by=REHEARSER, kind=kind, reason=reason, release=rehearsal.release, at=at)
    except NotAllowed:
        return None


def _turn(rehearsal: Rehearsal, staging: Environment, at: datetime | None) -> None:
    """BACK → FORWARD when staging has gone back. Also when it broke off and nobody can say what runs there now."""
    back = rehearsal.back
    if back is None or not back.is_final:
        return
    reason = "" if back.status == D.SUCCEEDED else _("The way back: %(why)s") % {"why": _why(back)}
    if proofs.runs(staging, rehearsal.candidate):
        finish(rehearsal, R.SUPERSEDED if back.status == D.SUPERSEDED else R.FAILED, reason=reason, at=at)
    elif proofs.is_busy(staging, at=at):
        finish(rehearsal, R.SUPERSEDED, reason=_("Something else went to staging."), at=at)
    elif forward := _send(rehearsal, staging, rehearsal.candidate, at):
        facts: dict[str, Any] = {"forward": forward, "reason": reason, "back_seconds": _seconds(back)}
        move(rehearsal, R.FORWARD, by=REHEARSER, at=at, **facts)


def _conclude(rehearsal: Rehearsal, staging: Environment, at: datetime | None) -> None:
    """FORWARD → SUCCEEDED when both halves did; what staging runs after a failure is said."""
    forward = rehearsal.forward
    if forward is None or not forward.is_final:
        return
    if forward.status == D.SUPERSEDED:
        finish(rehearsal, R.SUPERSEDED, reason=_("Something else went to staging."), at=at)
    elif forward.status == D.SUCCEEDED:
        status = R.FAILED if rehearsal.reason else R.SUCCEEDED
        finish(rehearsal, status, reason=rehearsal.reason, at=at, forward_seconds=_seconds(forward))
    else:
        why = _("The way forward: %(why)s") % {"why": _why(forward)}
        finish(rehearsal, R.FAILED, reason=" ".join([rehearsal.reason, why, _left_with(staging)]).strip(), at=at)


def _left_with(staging: Environment) -> str:
    """What a failed way forward left: the engine went back to what was verified last, or could not say."""
    now = running.current(staging)
    if now is None or staging.state == Environment.State.UNSURE:
        return _("Nobody is sure what %(environment)s runs now.") % {"environment": staging}
    return _("%(environment)s runs %(candidate)s now.") % {"environment": staging, "candidate": now.candidate}


def _why(deployment: Deployment) -> str:
    text = deployment.error or str(deployment.get_status_display())
    return text if text.endswith(".") else f"{text}."


def _seconds(deployment: Deployment) -> float | None:
    """From the moment a worker began to the verified end."""
    if deployment.started_at is None or deployment.finished_at is None:
        return None
    return (deployment.finished_at - deployment.started_at).total_seconds()


def finish(rehearsal: Rehearsal, status: str, *, reason: str = "", at: datetime | None = None, **fields: Any) -> None:
    now = at or timezone.now()
    move(rehearsal, status, by=REHEARSER, at=at, note=reason, reason=reason, finished_at=now, **fields)

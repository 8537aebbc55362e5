"""Writing a wish down: which one is the same, which ones it replaces, and what the log says at once."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from deployments import running, times
from deployments.models import Deployment
from environments.models import Environment
from lifecycle import events, logs
from lifecycle.events import By
from lifecycle.models import User
from lifecycle.transitions import NotAllowed, move
from releases.models import Candidate

S, Kind = Deployment.Status, Deployment.Kind
GOING = (S.LOST, S.CLAIMED, S.RUNNING, S.VERIFYING)


def require_ready(environment: Environment, candidate: Candidate) -> None:
    """NotAllowed for another product's candidate, or one that is not composed."""
    if candidate.product_id != environment.product_id:
        raise NotAllowed(_("The candidate belongs to another product."))
    if candidate.status != Candidate.Status.READY:
        raise NotAllowed(_("Candidate %(candidate)s is not composed.") % {"candidate": candidate})


def require_unmet(deployment: Deployment) -> None:
    """NotAllowed unless asking for the same again is the same: half of a rehearsal would leave staging half way, and a
    rollback may lead somewhere else since something newer runs.
    """
    if not deployment.is_final:
        raise NotAllowed(_("It has not ended yet."))
    if deployment.status == S.SUCCEEDED:
        raise NotAllowed(_("It succeeded."))
    if deployment.kind == Kind.REHEARSAL:
        raise NotAllowed(_("It was half of a rehearsal: rehearse the release again."))
    newer = Deployment.objects.filter(environment=deployment.environment_id, pk__gt=deployment.pk)
    if deployment.kind == Kind.ROLLBACK and newer.filter(status__in=[S.SUCCEEDED, *Deployment.ACTIVE]).exists():
        raise NotAllowed(_("Something newer was deployed since: roll back from what runs now."))


def same(environment: Environment, candidate: Candidate, kind: str, due_at: datetime | None) -> Deployment | None:
    """The wish that says the same: on its way, or waiting for the same time."""
    pending = Deployment.objects.filter(
        environment=environment,
        candidate=candidate,
        kind=kind,
        abort_requested_at=None,
        config_version=environment.config_version,
    )
    found = pending.filter(status__in=[*Deployment.WAITING, *GOING]).first()
    if found is None or found.status in GOING:
        return found
    both_now = not times.is_later(found.due_at) and not times.is_later(due_at)
    return found if both_now or found.due_at == due_at else None


def supersede_waiting(
    environment: Environment, candidate: Candidate, due_at: datetime | None, *, by: By, at: datetime | None
) -> None:
    """A newer wish replaces older deployments and rehearsals; a waiting rollback stays in front."""
    for waiting in running.line(environment).exclude(kind=Kind.ROLLBACK):
        if _replaces(candidate, due_at, waiting):
            move(waiting, S.SUPERSEDED, by=by, at=at, finished_at=at or timezone.now())
            logs.nudge_after_commit(waiting.log_key)


def _replaces(candidate: Candidate, due_at: datetime | None, waiting: Deployment) -> bool:
    """What is wished for later leaves alone what waits for its turn now, and something newer keeps its time."""
    if times.is_later(due_at):
        return times.is_later(waiting.due_at)
    return not times.is_later(waiting.due_at) or waiting.candidate_id <= candidate.pk


def write_down(
    environment: Environment, candidate: Candidate, *, by: By, at: datetime | None, **facts: Any
) -> Deployment:
    """The row, in the line, with its events and its first line of log."""
    last = running.current(environment)
    deployment = Deployment.objects.create(
        product=environment.product,
        environment=environment,
        candidate=candidate,
        previous=last.candidate if last else None,
        digest=candidate.digest,
        config_version=environment.config_version,
        requested_by=by if isinstance(by, User) else None,
        requested_at=at or timezone.now(),
        **facts,
    )
    deployment.refresh_from_db(fields=["due_at"])
    about: dict[str, Any] = {"environment": environment.pk, "candidate": candidate.pk, "kind": str(deployment.kind)}
    events.record("deployment.requested", deployment, by=by, at=at, note=deployment.reason, **about)
    move(deployment, S.QUEUED, by=by, at=at)
    _first_line(deployment, by)
    return deployment


def _first_line(deployment: Deployment, by: By) -> None:
    """What the page shows within the second after the click."""
    where = f"{deployment.environment}: {deployment.candidate} ({deployment.digest[:8]})."
    if deployment.kind == Kind.REHEARSAL:  # begun by itself, and its reason says what it is
        said = [f"{deployment.reason or 'Rehearsal'}, on {where}"]
    else:
        what = "a rollback of" if deployment.kind == Kind.ROLLBACK else "a deployment to"
        said = [f"{by} asked for {what} {where}", deployment.reason]
    logs.Writer(deployment.log_key).info(" ".join(part for part in (*said, _waits_for(deployment)) if part))


def _waits_for(deployment: Deployment) -> str:
    if times.is_later(deployment.due_at):
        latest = f", {deployment.expires_at:%Y-%m-%d %H:%M %Z} at the latest" if deployment.expires_at else ""
        return f"It begins at {deployment.due_at:%Y-%m-%d %H:%M %Z}{latest}."
    ahead = running.queue_position(deployment) - 1 + bool(running.active(deployment.environment))
    return f"{ahead} in front of it." if ahead else ""

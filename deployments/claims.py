"""Taking the next deployment of an environment, after asking again whether it may run."""

from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now

from deployments import admission, effects, running, steps, test_data
from deployments.attempts import WORKER
from deployments.bars import Barred, Held
from deployments.models import Deployment
from environments.models import Environment
from lifecycle import jobs, logs
from lifecycle.jobs import Lease
from lifecycle.transitions import NotAllowed, move

S = Deployment.Status
SLOTS_LOCK = 0x534C


@transaction.atomic
def claim(environment: Environment) -> Lease | None:
    """Take the next deployment of the environment: its row is locked first, its fence grows with every claim.

    Digest and gates are checked again here. One that may not run any more ends with the reason and the one behind it is
    taken; None when there is none.
    """
    environment = running.locked(environment)
    deployment = next((one for one in _due(environment) if _may_begin(one)), None)
    if deployment is None:
        return None
    fence = environment.fence + 1
    Environment.objects.filter(pk=environment.pk).update(fence=fence)
    deployment.environment = environment
    fields = _begun_with(deployment) if deployment.status == S.QUEUED else {"error": deployment.error}
    return jobs.claim(deployment, _begin_as(deployment), by=WORKER, fence=fence, **fields)


def _begun_with(deployment: Deployment) -> dict[str, Any]:
    """What holds for all attempts: the first one may have switched with these variables, from this candidate."""
    last = running.current(deployment.environment)
    return {
        "config_version": running.config_for(deployment),
        "previous": last.candidate if last else None,
    }


def _due(environment: Environment) -> list[Deployment]:
    """Who may be taken now, in the order of the line: the one that lost its worker, or else all whose time has come."""
    busy = running.active(environment)
    if busy is not None:
        return [busy] if busy.status == S.LOST else []
    in_time = Q(expires_at=None) | Q(expires_at__gt=Now())
    return list(running.line(environment).filter(in_time, status=S.QUEUED, due_at__lte=Now()))


def _may_begin(deployment: Deployment) -> bool:
    return deployment.status == S.LOST or (_has_room(deployment) and not _refused(deployment))


def _has_room(deployment: Deployment) -> bool:
    """Whether a slot of the deployers may be taken: what hangs elsewhere must never hold up a way back, nor the ticks.

    One slot is never taken and one more only by production and rollbacks. Claims count one after another.
    """
    urgent = deployment.environment.is_production or deployment.kind == Deployment.Kind.ROLLBACK
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [SLOTS_LOCK])
    held = Deployment.objects.filter(status__in=Deployment.HELD).count()
    return held < settings.DEPLOY_SLOTS - (1 if urgent else 2)


def _refused(deployment: Deployment) -> bool:
    """Whether what was asked may not run. The row is ended with the reason; but it waits for who tests there to go, and
    one that expires waits until then for all that ends by itself.
    """
    environment, candidate = deployment.environment, deployment.candidate
    last = running.current(environment)
    older = last is not None and last.candidate_id > candidate.pk
    status = S.SUPERSEDED if older and deployment.kind == Deployment.Kind.DEPLOY else S.FAILED
    try:
        if deployment.digest != candidate.digest:
            raise NotAllowed("The candidate is not the one that was asked for: its digest differs.")
        admission.require_may_run(environment, candidate, kind=deployment.kind, release=deployment.release)
        admission.require_not_held(environment, deployment.kind, by=deployment.requested_by or WORKER)
        _require_data_at_rest(deployment)
    except NotAllowed as reason:
        if isinstance(reason, Held) or (isinstance(reason, Barred) and deployment.expires_at is not None):
            _wait(deployment, str(reason))
            return True
        move(deployment, status, by=WORKER, note=str(reason), error=str(reason), finished_at=Now())
        logs.Writer(deployment.log_key).error(str(reason))
        effects.ended(deployment)
        return True
    return False


def _require_data_at_rest(deployment: Deployment) -> None:
    """Held while a worker restores the test data: a migration must not run in the middle of that."""
    migrates = deployment.kind != Deployment.Kind.ROLLBACK
    if migrates and test_data.is_going(deployment.environment):
        raise Held(f"The test data of {deployment.environment} is being restored.")


def _wait(deployment: Deployment, reason: str) -> None:
    """Say once what it waits for; the sweep asks again."""
    told = Deployment.objects.filter(pk=deployment.pk, status=S.QUEUED).exclude(error=reason)
    if told.update(error=reason):
        logs.Writer(deployment.log_key).warn(f"It waits. {reason}")


def outrun(lease: Lease, seen: int) -> None:
    """The target knows a fence that this database never gave out: the database was restored, or made anew.

    Whoever had that fence is gone with the other database, so the row is claimed again with one above it. When this
    database did give out a newer one, somebody else holds the environment and nothing is written.
    """
    with transaction.atomic():
        environment = running.locked(lease.row.environment)
        if environment.fence != lease.fence:
            return
        Environment.objects.filter(pk=environment.pk).update(fence=seen)
        lease.move(S.LOST, lease_until=None)
    lease.log.warn(f"{environment} knows fence {seen} of another database; this one goes on above it.")
    jobs.doorbell("deployments.tasks.deploy", lease.row.pk, queue="deploy")


def _begin_as(deployment: Deployment) -> str:
    """A new one starts; one that lost its worker goes on, stops or goes back, as it was about to."""
    if deployment.status == S.QUEUED:
        return S.CLAIMED
    if deployment.abort_requested_at is not None:
        return S.ABORTING
    was_returning = deployment.steps.filter(key=steps.RETURN.key).exists()
    return S.RETURNING if was_returning or deployment.attempt >= settings.MAX_ATTEMPTS else S.CLAIMED

"""How a deployment ends: written with what follows from it in one transaction, under the fence."""

from collections.abc import Callable

from django.db import transaction
from django.db.models.functions import Now

from deployments import bridges, effects, running, snapshots
from deployments.attempts import Attempt
from deployments.models import Deployment
from deployments.pushing import push_later
from environments.models import Environment
from lifecycle import jobs, logs
from lifecycle.jobs import LeaseLost

S = Deployment.Status


def succeed(attempt: Attempt) -> None:
    """What runs is a fact, so a mistake in what follows from it is put right later and never undoes it."""
    attempt.output.store()
    try:
        _write_success(attempt, effects.succeeded)
    except (LeaseLost, *jobs.DATABASE_GONE):
        raise
    except Exception as error:
        logs.logger.exception("effects of deployment %s", attempt.deployment)
        attempt.lease.log.warn(f"What follows from it could not be recorded and is tried again: {error}")
        attempt.deployment.refresh_from_db()
        _write_success(attempt, effects.later)


@transaction.atomic
def _write_success(attempt: Attempt, follow_up: Callable[[Deployment], None]) -> None:
    """The ending and what follows are one transaction; the push upstream is work of its own."""
    deployment = attempt.deployment
    _mark(attempt, Environment.State.OK)
    attempt.lease.end(S.SUCCEEDED, verified_at=Now())
    deployment.refresh_from_db(fields=["finished_at", "verified_at"])
    follow_up(deployment)
    attempt.lease.log.ok(f"{attempt.environment} runs {running.release_id(deployment.candidate)}.")
    if deployment.snapshot:
        push_later(deployment.environment)
    else:
        snapshots.record_later(deployment)


def _mark(attempt: Attempt, state: str) -> None:
    """Lock the environment before the deployment, as everybody does."""
    environment = running.locked(attempt.environment)
    Environment.objects.filter(pk=environment.pk).update(state=state)
    environment.state = state
    attempt.environment = attempt.deployment.environment = environment


def state_after_return(attempt: Attempt) -> str:
    """Where nothing was verified before, nobody can say what a half-finished first deployment left."""
    return Environment.State.OK if running.current(attempt.environment) else Environment.State.UNSURE


def end_unsure(attempt: Attempt, reason: str) -> None:
    """Neither release can be shown to run: said so, and the next rollback or deployment starts from scratch."""
    attempt.lease.log.error(f"Nobody can say for sure what {attempt.environment} runs.")
    end(attempt, S.ERRORED, reason, state=Environment.State.UNSURE)


def stay(attempt: Attempt, status: str, reason: str) -> None:
    """Something was begun that the older code may not run on (bridges.barrier), so nothing is switched."""
    barrier = bridges.barrier(attempt.deployment)
    attempt.lease.log.warn(f"{barrier}, so nothing goes back by itself: deploy a repair.")
    end(attempt, status, reason, state=Environment.State.UNSURE)


def end(attempt: Attempt, status: str, reason: str, *, state: str | None = None) -> None:
    attempt.output.store()
    attempt.lease.log.error(f"{S(status).label}. {reason}")
    with transaction.atomic():
        if state is not None:
            _mark(attempt, state)
        attempt.lease.end(status, error=reason)
        effects.ended(attempt.deployment)

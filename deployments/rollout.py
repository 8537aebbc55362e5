"""Carrying a deployment out: claim, steps, verification, and the way back when something says no.

Every ending leaves the environment on the new release or on the one verified before; only when neither can be shown
is it marked "not sure", and then a rollback or a full deployment puts it right. Nobody unlocks anything.
"""

import time
from collections.abc import Callable

from django.db import transaction
from django.db.models.functions import Now

from deployments import claims, effects, running, snapshots, steps, targets
from deployments.attempts import Attempt, Interrupted, StepFailed
from deployments.drivers import DriverError
from deployments.keeper_state import FencedOut
from deployments.models import Deployment, Step
from environments.manifest import ManifestError
from environments.models import Environment
from lifecycle import jobs, logs
from lifecycle.jobs import Lease, LeaseLost
from lifecycle.transitions import NotAllowed

S = Deployment.Status
GOING_BACK = (S.RETURNING, S.ABORTING)
PROBE_SECONDS = 20
Phase = Callable[[Attempt], None]


class Unclear(Exception):
    """The target does not say what runs after a worker died there."""


def execute(pk: int) -> None:
    """Carry out whatever is next in the line of this deployment's environment, if nobody does.

    A message that comes late, twice or for a row that has ended finds nothing to do, or helps the next one on.
    """
    found = Deployment.objects.filter(pk=pk).select_related("environment").first()
    if found is None:
        return
    lease = claims.claim(found.environment)
    if lease is not None:
        with jobs.held(lease):
            run(lease)
    ring_next(found.environment)


def ring_next(environment: Environment) -> None:
    """Tell a worker of the next one in line, if the environment is free."""
    if running.active(environment) is None:
        following = running.line(environment).filter(due_at__lte=Now()).first()
        if following is not None:
            jobs.doorbell("deployments.tasks.deploy", following.pk, queue="deploy")


def run(lease: Lease) -> None:
    """Carry out what the lease holds. What is not ours any more, or cannot be written down, is left alone."""
    try:
        attempt = Attempt(lease)
        _run(attempt)
        attempt.output.store()
    except LeaseLost:
        logs.logger.warning("deployment %s: the lease is lost", lease.row.pk)
    except jobs.DATABASE_GONE as error:
        logs.logger.warning("deployment %s lost the database: %s", lease.row.pk, error)


def _run(attempt: Attempt) -> None:
    """One phase after another until the deployment has ended."""
    deployment = attempt.deployment
    attempt.lease.log.info(f"Attempt {deployment.attempt}: {deployment.owner}, fence {attempt.lease.fence}.")
    phase: Phase | None = _begin
    while phase is not None:
        phase = _guarded(attempt, phase)


def _guarded(attempt: Attempt, phase: Phase) -> Phase | None:
    """Do one phase; the one that must follow when it was interrupted or failed."""
    try:
        phase(attempt)
    except Interrupted:
        return _after_interruption(attempt)
    except StepFailed as error:
        return _after_failure(attempt, str(error))
    except Unclear as error:
        _end_unsure(attempt, str(error))
        return None
    except FencedOut as error:
        claims.outrun(attempt.lease, error.seen)
        raise LeaseLost(attempt.deployment.log_key) from error
    except (LeaseLost, *jobs.DATABASE_GONE):
        raise
    except Exception as error:
        logs.logger.exception("deployment %s", attempt.deployment)
        return _after_failure(attempt, f"{type(error).__name__}: {error}")
    return None


def _begin(attempt: Attempt) -> None:
    """Go on from the status the row was claimed with."""
    _hold(attempt)
    {S.CLAIMED: _forward, S.ABORTING: _stop, S.RETURNING: _return}[S(attempt.deployment.status)](attempt)


def _hold(attempt: Attempt) -> None:
    """From here on the target refuses whoever held it before, and the log hides this environment's secrets."""
    try:
        driver = targets.driver_for(attempt.environment, attempt.deployment.candidate)
        attempt.lease.log.mask_also(targets.secrets_of(attempt.environment))
        driver.hold(attempt.lease.fence)
    except (DriverError, ManifestError, NotAllowed) as error:
        raise StepFailed(str(error)) from error


def _forward(attempt: Attempt) -> None:
    """CLAIMED → RUNNING → VERIFYING → SUCCEEDED."""
    deployment = attempt.deployment
    before = steps.before_verifying(deployment)
    attempt.lay_out((*before, *steps.VERIFY))
    if deployment.attempt > 1 and _switch_begun(deployment):
        _require_clear_answer(attempt)
    attempt.lease.move(S.RUNNING)
    for plan in before:
        attempt.perform(plan)
    attempt.lease.move(S.VERIFYING)
    for plan in steps.VERIFY:
        attempt.perform(plan)
    _succeed(attempt)


def _switch_begun(deployment: Deployment) -> bool:
    """Whether the target may have been changed."""
    touched = deployment.steps.filter(key=steps.SWITCH)
    return touched.exclude(status__in=[Step.Status.PENDING, Step.Status.SKIPPED]).exists()


def _require_clear_answer(attempt: Attempt) -> None:
    """After a worker died at the target: go on only if the target says what runs, else raise Unclear."""
    deadline = time.monotonic() + PROBE_SECONDS
    while (answer := steps.probe(attempt)) is None:
        attempt.check()
        if time.monotonic() > deadline:
            raise Unclear(f"{attempt.environment} gave no clear answer within {PROBE_SECONDS} s.")
        time.sleep(0.5)
    attempt.lease.log.info(f"{attempt.environment} runs {answer or 'nothing'}.")


def _succeed(attempt: Attempt) -> None:
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
    label = running.release_id(attempt.deployment.candidate)
    attempt.lease.log.ok(f"{attempt.environment} runs {label}.")


@transaction.atomic
def _write_success(attempt: Attempt, follow_up: Callable[[Deployment], None]) -> None:
    """The ending and what follows are one transaction; the push upstream is work of its own."""
    deployment = attempt.deployment
    _mark(attempt, Environment.State.OK)
    attempt.lease.end(S.SUCCEEDED, verified_at=Now())
    deployment.refresh_from_db()
    follow_up(deployment)
    if deployment.snapshot:
        snapshots.push_later(deployment.environment)


def _mark(attempt: Attempt, state: str) -> None:
    """Lock the environment before the deployment, as everybody does."""
    attempt.environment = running.locked(attempt.environment)
    Environment.objects.filter(pk=attempt.environment.pk).update(state=state)


def _after_failure(attempt: Attempt, reason: str) -> Phase | None:
    """Before the switch nothing has changed; after it the old release comes back first."""
    attempt.output.store()
    attempt.lease.check()
    if attempt.deployment.status in GOING_BACK:
        _end_unsure(attempt, reason)
        return None
    attempt.lease.log.error(reason)
    if not _switch_begun(attempt.deployment):
        _end(attempt, S.FAILED, reason)
        return None
    attempt.lease.move(S.RETURNING, error=reason)
    return _return


def _return(attempt: Attempt) -> None:
    """RETURNING → FAILED when a step of the deployment said no, ERRORED when only workers died; the old one runs."""
    reason = attempt.deployment.error or "Its workers died."
    attempt.turn_back()
    said_no = attempt.deployment.steps.filter(status=Step.Status.FAILED).exists()
    attempt.lease.log.warn("Going back to what ran before.")
    attempt.perform(steps.RETURN)
    state = _state_after_return(attempt)
    _end(attempt, S.FAILED if said_no else S.ERRORED, reason, state=state)


def _state_after_return(attempt: Attempt) -> str:
    """Where nothing was verified before, nobody can say what a half-finished first deployment left."""
    return Environment.State.OK if running.current(attempt.environment) else Environment.State.UNSURE


def _after_interruption(attempt: Attempt) -> Phase | None:
    """Somebody asked to stop: on the way forward that is an abort, on the way back a rollback takes over."""
    attempt.output.store()
    attempt.lease.check()
    if attempt.deployment.status in GOING_BACK:
        _end_unsure(attempt, "A rollback takes over.")
        return None
    attempt.lease.move(S.ABORTING)
    return _stop


def _stop(attempt: Attempt) -> None:
    """ABORTING → ABORTED. What was switched is switched back, unless a rollback that waits will do so."""
    attempt.turn_back()
    if not _switch_begun(attempt.deployment):
        _end(attempt, S.ABORTED, "It was stopped before anything was changed.")
    elif attempt.asked_to_stop():
        _end(attempt, S.ABORTED, "It was stopped; the rollback is next.", state=Environment.State.UNSURE)
    else:
        attempt.perform(steps.RETURN)
        _end(attempt, S.ABORTED, "It was stopped.", state=_state_after_return(attempt))


def _end_unsure(attempt: Attempt, reason: str) -> None:
    """Neither release can be shown to run: said so, and the next rollback or deployment starts from scratch."""
    attempt.lease.log.error(f"Nobody can say for sure what {attempt.environment} runs.")
    _end(attempt, S.ERRORED, reason, state=Environment.State.UNSURE)


def _end(attempt: Attempt, status: str, reason: str, *, state: str | None = None) -> None:
    attempt.output.store()
    attempt.lease.log.error(f"{S(status).label}. {reason}")
    with transaction.atomic():
        if state is not None:
            _mark(attempt, state)
        attempt.lease.end(status, error=reason)
        effects.ended(attempt.deployment)

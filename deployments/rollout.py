"""Carrying a deployment out: claim, steps, verification, and the way back when something says no.

Every ending leaves the environment on the new release or on the one verified before; only when neither can be shown
is it marked "not sure", and then a rollback or a full deployment puts it right. Nobody unlocks anything.
"""

import time
from collections.abc import Callable

from deployments import bridges, claims, endings, ringing, steps, targets
from deployments.attempts import Attempt, Interrupted, StepFailed
from deployments.drivers import DriverError
from deployments.keeper_state import FencedOut
from deployments.models import Deployment, Step
from environments.manifest import ManifestError
from environments.models import Environment
from lifecycle import jobs, logs, shutdown
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

    A message that comes late, twice or for a row that has ended finds nothing to do, or helps the next one on. Where
    nothing could be taken nobody is rung: what waits for a freeze to end would ring for itself without end.
    """
    found = Deployment.objects.filter(pk=pk).select_related("environment").first()
    if found is None:
        return
    if shutdown.is_asked():
        ringing.ring_due()
        return
    lease = claims.claim(found.environment)
    if lease is None:
        return
    with jobs.held(lease):
        run(lease)
    ringing.ring_due()


def run(lease: Lease) -> None:
    """Carry out what the lease holds. What is not ours any more, or cannot be written down, is left alone."""
    try:
        attempt = Attempt(lease)
        _run(attempt)
        attempt.output.store()
    except LeaseLost:
        if not lease.hand_over():
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
        endings.end_unsure(attempt, str(error))
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
    attempt.end_leftovers()
    if attempt.deployment.status in GOING_BACK:
        attempt.turn_back()
    _hold(attempt)
    {S.CLAIMED: _forward, S.ABORTING: _stop, S.RETURNING: _return}[S(attempt.deployment.status)](attempt)


def _hold(attempt: Attempt) -> None:
    """From here on the target refuses whoever held it before, and the log hides this environment's secrets."""
    try:
        driver = targets.driver_for(attempt.environment, attempt.deployment.candidate, given=attempt.given())
        targets.require_own_database(attempt.environment, config_version=attempt.config_version)
        driver.hold(attempt.lease.fence)
    except (DriverError, ManifestError, NotAllowed) as error:
        raise StepFailed(str(error)) from error


def _forward(attempt: Attempt) -> None:
    """CLAIMED → RUNNING → VERIFYING → SUCCEEDED."""
    deployment = attempt.deployment
    before = steps.before_verifying(deployment)
    attempt.lay_out((*before, *steps.VERIFY))
    if _switch_begun(deployment):
        _require_clear_answer(attempt)
    attempt.lease.move(S.RUNNING)
    for plan in before:
        attempt.perform(plan)
    attempt.lease.move(S.VERIFYING)
    for plan in steps.VERIFY:
        attempt.perform(plan)
    endings.succeed(attempt)


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


def _after_failure(attempt: Attempt, reason: str) -> Phase | None:
    """Before the switch nothing has changed; after it the old release comes back first, if it can run at all."""
    attempt.output.store()
    attempt.lease.check()
    if attempt.deployment.status in GOING_BACK:
        _end_half_way(attempt, reason)
        return None
    attempt.lease.log.error(reason)
    if bridges.barrier(attempt.deployment):
        endings.stay(attempt, S.ERRORED, reason)
        return None
    if not _switch_begun(attempt.deployment):
        endings.end(attempt, S.FAILED, reason)
        return None
    attempt.lease.move(S.RETURNING, error=reason)
    return _return


def _return(attempt: Attempt) -> None:
    """RETURNING → FAILED when a step of the deployment said no, ERRORED when only workers died; the old one runs."""
    reason = attempt.deployment.error or "Its workers died."
    attempt.turn_back()
    if bridges.barrier(attempt.deployment):
        endings.stay(attempt, S.ERRORED, reason)
        return
    said_no = _said_no(attempt.deployment)
    attempt.lease.log.warn("Going back to what ran before.")
    attempt.perform(steps.RETURN)
    state = endings.state_after_return(attempt)
    endings.end(attempt, S.FAILED if said_no else S.ERRORED, reason, state=state)


def _said_no(deployment: Deployment) -> bool:
    """Whether a step did, and not only its workers died."""
    return deployment.steps.filter(status=Step.Status.FAILED).exists()


def _end_half_way(attempt: Attempt, reason: str) -> None:
    """The way back was not finished. Nobody can say what runs, unless nothing had been switched, forward or back."""
    deployment = attempt.deployment
    going_back = deployment.steps.filter(key=steps.RETURN.key).exclude(status=Step.Status.PENDING)
    if _switch_begun(deployment) or going_back.exists() or bridges.barrier(deployment):
        endings.end_unsure(attempt, reason)
    elif deployment.status == S.ABORTING:
        endings.end(attempt, S.ABORTED, f"It was stopped before anything was changed. {reason}")
    else:
        endings.end(attempt, S.FAILED if _said_no(deployment) else S.ERRORED, deployment.error or reason)


def _after_interruption(attempt: Attempt) -> Phase | None:
    """Somebody asked to stop: on the way forward that is an abort, on the way back a rollback takes over."""
    attempt.output.store()
    attempt.lease.check()
    if attempt.deployment.status in GOING_BACK:
        _end_half_way(attempt, "A rollback takes over.")
        return None
    attempt.lease.move(S.ABORTING)
    return _stop


def _stop(attempt: Attempt) -> None:
    """ABORTING → ABORTED. What was switched is switched back, unless a rollback that waits will do so."""
    attempt.turn_back()
    if bridges.barrier(attempt.deployment):
        endings.stay(attempt, S.ABORTED, "It was stopped.")
    elif not _switch_begun(attempt.deployment):
        endings.end(attempt, S.ABORTED, "It was stopped before anything was changed.")
    elif attempt.asked_to_stop():
        endings.end(attempt, S.ABORTED, "It was stopped; the rollback is next.", state=Environment.State.UNSURE)
    else:
        attempt.perform(steps.RETURN)
        endings.end(attempt, S.ABORTED, "It was stopped.", state=endings.state_after_return(attempt))

"""One worker's hold of a deployment: its log, its steps as rows, and when to stop."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

from django.db.models.functions import Now
from django.utils import timezone

from deployments import leftovers, running, targets
from deployments.drivers import DriverError, Stopped
from deployments.models import Deployment, Step
from deployments.targets import Given
from environments.git import GitError
from environments.manifest import CommandSection
from lifecycle import logs, process
from lifecycle.events import Machine
from lifecycle.jobs import Lease, LeaseLost
from lifecycle.leases import host
from lifecycle.transitions import NotAllowed, move

WORKER = Machine("worker")
LOOK_SECONDS = 0.5
TECHNICAL_RETRIES, PAUSE_SECONDS = 2, 1.0


class Interrupted(Exception):
    """Somebody asked to stop what is being done."""


class StepFailed(Exception):
    """A step said no; the text is for people. `is_final`: it is not tried again, whatever lifecycle.toml says."""

    def __init__(self, message: str, *, is_final: bool = False) -> None:
        super().__init__(message)
        self.is_final = is_final


class NotNeeded(Exception):
    """The step has nothing to do here; the text says why."""


@dataclass(frozen=True)
class Plan:
    """A step to take: `act(attempt, step)` answers with a short detail, or raises.

    `section` is the part of lifecycle.toml that says how often it is retried and whether it may be interrupted.
    """

    key: str
    act: Callable[["Attempt", Step], str]
    section: str = ""


class Attempt:
    """What the steps work with. `going_back` changes what counts as a wish to stop.

    `again`: this try follows a definite no, and not a technical failure.
    """

    def __init__(self, lease: Lease) -> None:
        self.lease = lease
        self.deployment: Deployment = lease.row
        self.environment = self.deployment.environment
        self.output = logs.Batch(lease.log)
        self.going_back = False
        self.again = False
        self._looked_at = 0.0
        self._asked = False
        self._waits_for: Step | None = None
        self._said_so = False
        self._given: Given | None = None

    def stop(self) -> bool:
        """Asked ten times a second while something runs; also stores the output that has come in."""
        self.output.store_if_due()
        return self.lease.lost() or (self.asked_to_stop() and not self._must_wait())

    def _must_wait(self) -> bool:
        """Whether what runs now cannot be interrupted; said once."""
        step = self._waits_for
        if step is None:
            return False
        if not self._said_so:
            self._said_so = True
            self.lease.log.warn(f"{step.key} cannot be interrupted: it is waited for.")
        return True

    def asked_to_stop(self) -> bool:
        """Whether an abort was asked for; on the way back, whether a rollback waits. One statement per half second."""
        now = time.monotonic()
        if not self._asked and now - self._looked_at > LOOK_SECONDS:
            self._looked_at = now
            self._asked = self._rollback_waits() if self.going_back else self._abort_requested()
        return self._asked

    def turn_back(self) -> None:
        """From here on only a waiting rollback stops the way back."""
        self.going_back, self._asked, self._looked_at = True, False, 0.0
        self._given = None

    @property
    def config_version(self) -> int:
        """The version of the variables that go with what is to run."""
        before = running.current(self.environment) if self.going_back else None
        version: int = (before or self.deployment).config_version
        return version

    def given(self) -> Given:
        """What the environment gives, read once for the way forward and once for the way back, and masked from then on.

        A release is started with the variables that were claimed with it, whatever is set meanwhile; the one that comes
        back, with those it ran with.
        """
        if self._given is None:
            self._given = targets.given_by(self.environment, self.config_version)
            self.lease.log.mask_also(targets.secrets_of(self.environment))
        return self._given

    def check(self) -> None:
        """Raise LeaseLost or Interrupted if there is reason to stop."""
        self.lease.check()
        if self.asked_to_stop():
            raise Interrupted

    def _abort_requested(self) -> bool:
        return Deployment.objects.filter(pk=self.deployment.pk, abort_requested_at__isnull=False).exists()

    def _rollback_waits(self) -> bool:
        return running.line(self.environment).filter(kind=Deployment.Kind.ROLLBACK).exists()

    def lay_out(self, plans: tuple[Plan, ...]) -> None:
        """Show all steps from the beginning; those of an earlier attempt stay."""
        rows = [
            Step(deployment=self.deployment, key=plan.key, position=n, **self._promises(plan))
            for n, plan in enumerate(plans)
        ]
        Step.objects.bulk_create(rows, ignore_conflicts=True)

    def section_of(self, plan: Plan) -> CommandSection | None:
        """What lifecycle.toml says of this step's command, if it has one."""
        return getattr(self._manifest, plan.section) if plan.section else None

    @cached_property
    def _manifest(self) -> Any:
        return targets.manifest_of(self.deployment.candidate)

    def _promises(self, plan: Plan) -> dict[str, bool]:
        section = self.section_of(plan)
        names = ("uninterruptible", "irreversible")
        return {name: getattr(section, name) for name in names} if section else {}

    def perform(self, plan: Plan) -> None:
        """Take one step unless it is done, again where the driver or lifecycle.toml says that this makes sense."""
        position: Any = self.deployment.steps.count  # counted only where the step is not laid out
        step, _created = Step.objects.get_or_create(
            deployment=self.deployment, key=plan.key, defaults={"position": position}
        )
        if step.status in (Step.Status.DONE, Step.Status.SKIPPED):
            return
        used, self.again = 0, False
        self.check()
        while not self._try(plan, step, used=used):
            time.sleep(PAUSE_SECONDS)
            self.check()
            used += 1

    def _try(self, plan: Plan, step: Step, *, used: int) -> bool:
        """True: done or not needed. False: try again."""
        self._set(step, Step.Status.RUNNING, attempt=step.attempt + 1, started_at=Now(), detail="", exit_code=None)
        begun = time.monotonic()
        try:
            detail = self._act(plan, step)
        except NotNeeded as reason:
            self._set(step, Step.Status.SKIPPED, detail=str(reason)[:300], finished_at=Now())
            return True
        except Stopped as error:
            self.check()
            raise Interrupted from error
        except (DriverError, GitError, StepFailed, OSError) as error:
            self.output.store()
            self.lease.check()
            if used < self._retries(plan, error):
                self.lease.log.warn(f"{step.key}: {error}; trying again.")
                self.again = not getattr(error, "retry", False)
                return False
            self._set(step, Step.Status.FAILED, detail=str(error)[:300], finished_at=Now())
            raise StepFailed(str(error)) from error
        self.output.store()
        self._set(step, Step.Status.DONE, detail=detail[:300], finished_at=Now(), exit_code=0, pid=None)
        self.lease.log.ok(f"{step.key}: {detail or 'done'} ({time.monotonic() - begun:.1f} s)")
        return True

    def _act(self, plan: Plan, step: Step) -> str:
        """Do it; what cannot be interrupted is not, until its own limits end it."""
        self._waits_for = step if step.uninterruptible else None
        self.lease.is_uninterruptible = step.uninterruptible
        try:
            return plan.act(self, step)
        finally:
            self._waits_for, self.lease.is_uninterruptible = None, False

    def _retries(self, plan: Plan, error: Exception) -> int:
        """How often a step that failed like this is tried again."""
        if getattr(error, "is_final", False):
            return 0
        section = self.section_of(plan)
        technical = TECHNICAL_RETRIES if getattr(error, "retry", False) else 0
        return max(technical, section.retries if section else 0)

    def run(self, step: Step, argv: list[str], **options: Any) -> None:
        """Run a command below a guard whose pid is on the row. StepFailed unless it ends with 0."""
        self.lease.log.info("$ " + " ".join(argv))
        done = process.run(
            argv,
            on_output=self.output.add,
            stop=self.stop,
            on_start=lambda pid, started: self.note(step, pid, started, options["total_seconds"]),
            **options,
        )
        self.output.store()
        if done.reason == "stopped":
            self.check()
            raise Interrupted
        if not done.ok:
            said = f"exit code {done.exit_code}" if done.reason == "exited" else f"ended after {done.seconds:.0f} s"
            self._set(step, Step.Status.RUNNING, exit_code=done.exit_code)
            raise StepFailed(f"{argv[0].rsplit('/', 1)[-1]}: {said} ({done.reason})")

    def note(self, step: Step, pid: int, started: int, seconds: float) -> None:
        """Have the command that a step has begun on its row, and by when it must have ended: see leftovers.py."""
        until = timezone.now() + timedelta(seconds=seconds)
        self._set(step, Step.Status.RUNNING, pid=pid, pid_started=str(started), pid_host=host(), pid_until=until)

    def end_leftovers(self) -> None:
        """Before anything is done here. StepFailed where something of an earlier holder cannot be ended."""
        try:
            leftovers.end(self.environment, check=self.lease.check, say=self.lease.log.warn)
        except leftovers.StillRuns as error:
            raise StepFailed(str(error)) from error

    def _set(self, step: Step, status: str, **fields: Any) -> None:
        """Write to a step under the deployment's fence."""
        guard = {"deployment__fence": self.lease.fence, "deployment__lease_until__isnull": False}
        try:
            move(step, status, by=WORKER, guard=guard, silent=True, **fields)
        except NotAllowed as error:
            raise LeaseLost(self.deployment.log_key) from error

"""Commands that a worker left running. With a dead one its commands die; with one that is only frozen they go on."""

import time
from collections.abc import Callable

from django.utils import timezone

from deployments.models import Step
from environments.models import Environment
from lifecycle import process
from lifecycle.leases import host

POLL_SECONDS = 0.2


class StillRuns(Exception):
    """A command of somebody who holds the environment no more cannot be ended; the text names its process."""


def end(environment: Environment, *, check: Callable[[], None], say: Callable[[str], None]) -> None:
    """End what earlier attempts and deployments left running here; raises StillRuns.

    What cannot be interrupted is given the rest of its time, and `check` is asked meanwhile. On another machine nobody
    can look or end anything: that is said, and the target's own fence has to do.
    """
    begun = Step.objects.filter(deployment__environment=environment, status=Step.Status.RUNNING)
    for step in begun.exclude(pid=None):
        _wait(step, check, say)
        _end(step, say)
        Step.objects.filter(pk=step.pk, pid=step.pid).update(pid=None)


def _wait(step: Step, check: Callable[[], None], say: Callable[[str], None]) -> None:
    said = not step.uninterruptible
    while step.uninterruptible and _may_run(step) and step.pid_until and timezone.now() < step.pid_until:
        if not said:
            say(f"{step.key} of an earlier attempt may still run and cannot be interrupted: it is waited for.")
            said = True
        check()
        time.sleep(POLL_SECONDS)


def _end(step: Step, say: Callable[[str], None]) -> None:
    if not _is_here(step):
        say(f"{step.key} was begun on {step.pid_host}; whether its command has ended cannot be seen from here.")
    elif not process.kill(step.pid, int(step.pid_started)):
        raise StillRuns(f"the process {step.pid} of an earlier attempt cannot be ended")


def _may_run(step: Step) -> bool:
    return not _is_here(step) or process.is_alive(step.pid, int(step.pid_started))


def _is_here(step: Step) -> bool:
    return step.pid_host in ("", host())

"""Guards that a worker of the campaign can do without, by name: the negative controls.

Each function takes one guard out of the running product. A test that stays green without its guard guards nothing.
"""

from contextlib import suppress
from typing import Any

from django.conf import settings
from django.db.models import F
from django.db.models.functions import Now

import lifecycle.hearing
from deployments import admission, attempts, claims, keeper_state, recovery, running
from deployments.models import Deployment, Step
from environments.models import Environment
from lifecycle import jobs, leases, lookout, notifications
from lifecycle.models import Notification
from lifecycle.transitions import NotAllowed
from lifecycle.transitions import move as real_move


def fence() -> None:
    """Writes of a holder no longer carry its fence."""

    def move(thing: Any, to: str, *, guard: dict[str, Any] | None = None, **more: Any) -> None:
        carries = {name for name in guard or {} if name.endswith("lease_until__isnull")}
        real_move(thing, to, guard=None if carries else guard, **more)

    leases.move = attempts.move = move
    leases.Lease._mine = lambda lease: type(lease.row)._base_manager.filter(pk=lease.row.pk)


def target() -> None:
    """The target takes orders with an older fence."""
    keeper_state._raise_fence = lambda folder, fence: None


def cap() -> None:
    """Attempts are not counted."""
    settings.MAX_ATTEMPTS = 10_000


def sweep() -> None:
    """Nobody looks for what was lost."""
    recovery.sweep = jobs.reconcile = list
    lookout.SCANS.clear()


def abort() -> None:
    """Whoever holds a deployment does not look for a wish to stop it."""
    attempts.Attempt._abort_requested = lambda attempt: False


def patience() -> None:
    """What lifecycle.toml calls uninterruptible is interrupted all the same."""
    attempts.Attempt._must_wait = lambda attempt: False


def done() -> None:
    """A step that is done is done again by the next attempt."""
    real = attempts.Attempt.perform

    def perform(attempt: attempts.Attempt, plan: attempts.Plan) -> None:
        ran = Step.objects.filter(deployment=attempt.deployment, key=plan.key, status=Step.Status.DONE)
        ran.update(status=Step.Status.FAILED)
        real(attempt, plan)

    attempts.Attempt.perform = perform


def way_back() -> None:
    """A deployment that lost its worker begins anew, also on its way back."""
    claims._begin_as = lambda deployment: Deployment.Status.CLAIMED


def claim() -> None:
    """Whoever finds a row takes it, whether or not somebody else was faster."""

    def take(row: Any, to: str, **more: Any) -> leases.Lease:
        rows = type(row)._base_manager.filter(pk=row.pk)
        rows.update(status=to, fence=F("fence") + 1, attempt=F("attempt") + 1, owner=leases.me(), started_at=Now())
        rows.update(lease_until=leases.LeaseEnds())
        row.refresh_from_db()
        return leases.Lease(row, claimed_at=leases.time.monotonic())

    jobs.claim = take


def lock() -> None:
    """The environment's row is read without being locked."""
    running.locked = lambda environment: Environment.objects.select_related("product").get(pk=environment.pk)


def order() -> None:
    """What was asked is not asked again at the claim."""
    admission.require_may_run = lambda *args, **more: None
    claims._refused = lambda deployment: False


def hearing() -> None:
    """Nobody looks whether acknowledgements were lost."""
    lifecycle.hearing.Hearing.look = lambda step, consumer: None


def mail() -> None:
    """A letter is sent without being taken first."""

    def send(row: Notification) -> bool:
        notifications.mail(row)
        with suppress(NotAllowed):
            real_move(row, Notification.Status.SENT, by=notifications.MAILER, silent=True)
        return True

    notifications.send = send


ALL = (fence, target, cap, sweep, abort, patience, done, way_back, claim, lock, order, hearing, mail)
GUARDS = {guard.__name__: guard for guard in ALL}


def take_out(names: str) -> None:
    """Take the guards of a comma separated list out; KeyError for an unknown one."""
    for name in filter(None, names.split(",")):
        GUARDS[name]()

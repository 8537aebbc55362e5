"""Finding deployments whose worker died, and ringing for what nobody heard. Runs every few seconds in a worker."""

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from deployments import effects, ringing, running
from deployments.models import Deployment
from environments.models import Environment
from lifecycle import jobs, leases, logs, lookout
from lifecycle.events import Machine
from lifecycle.transitions import NotAllowed, move

RECONCILER = Machine("reconciler")
S = Deployment.Status


def sweep() -> list[int]:
    """Mark as lost what was not heard of for a lease, end what cannot be helped, ring for the rest.

    Returns the ids rung for. Takes nothing for one lease after PostgreSQL started.
    """
    if not jobs.database_is_settled():
        return []
    for row in leases.expired(Deployment, Deployment.HELD):
        if leases.mark_lost(row):
            logs.Writer(row.log_key).warn(f"The worker {row.owner} is gone; another one takes over.")
    for row in Deployment.objects.filter(status=S.LOST, attempt__gte=2 * settings.MAX_ATTEMPTS):
        give_up(row)
    _expire()
    return ringing.ring_due()


@transaction.atomic
def give_up(deployment: Deployment) -> None:
    """Going forward and going back both killed their workers: ended, and the environment marked as not sure."""
    environment = running.locked(deployment.environment)
    error = f"The worker died {deployment.attempt} times."
    try:
        move(deployment, S.ERRORED, by=RECONCILER, guard={"fence": deployment.fence}, error=error, finished_at=Now())
    except NotAllowed:
        return
    Environment.objects.filter(pk=environment.pk).update(state=Environment.State.UNSURE)
    logs.Writer(deployment.log_key).error(error)
    effects.ended(deployment)


def _expire() -> None:
    """End what could not begin in its time, and tell whoever asked for it."""
    for row in Deployment.objects.filter(status=S.QUEUED, expires_at__lte=Now()).select_related("environment"):
        error = f"It could not begin before {row.expires_at:%Y-%m-%d %H:%M %Z}. {row.error}".strip()
        try:
            with transaction.atomic():
                move(row, S.EXPIRED, by=RECONCILER, finished_at=Now(), error=error)
                logs.Writer(row.log_key).warn(error)
                effects.ended(row)
        except NotAllowed:
            continue


lookout.every_scan(sweep)

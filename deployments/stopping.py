"""Stopping: one deployment, or everything of a product by the emergency stop."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from deployments import running
from deployments.models import Deployment
from environments import stops
from environments.models import EmergencyStop
from lifecycle import events, logs
from lifecycle.events import By
from lifecycle.models import Product, User
from lifecycle.transitions import NotAllowed, move

S = Deployment.Status


@transaction.atomic
def abort(deployment: Deployment, *, by: By, reason: str = "", at: datetime | None = None) -> None:
    """Stop it: a waiting one is cancelled at once, a running one ends as aborted with the old release running.

    NotAllowed when it goes back already or has ended. Asking twice is asking once.
    """
    running.locked(deployment.environment)
    deployment.refresh_from_db()
    if deployment.status in Deployment.WAITING:
        move(deployment, S.CANCELLED, by=by, at=at, note=reason, finished_at=at or timezone.now())
        logs.Writer(deployment.log_key).warn(f"{by} cancelled it. {reason}".strip())
        logs.nudge_after_commit(deployment.log_key)
        return
    if deployment.status == S.RETURNING:
        raise NotAllowed(_("It is going back already."))
    if not deployment.is_active:
        raise NotAllowed(_("It has ended."))
    ask_to_stop(deployment, by=by, reason=reason, at=at)


def ask_to_stop(deployment: Deployment, *, by: By, reason: str, at: datetime | None) -> None:
    """The worker that holds it looks twice a second; if there is none, whoever takes it over does."""
    asked = Deployment.objects.filter(pk=deployment.pk, status__in=Deployment.ACTIVE, abort_requested_at=None)
    if asked.update(abort_requested_at=at or timezone.now()):
        events.record("deployment.abort_requested", deployment, by=by, at=at, note=reason)
        logs.Writer(deployment.log_key).warn(f"{by} asked to stop it. {reason}".strip())


@transaction.atomic
def pull(product: Product, *, by: User, reason: str, at: datetime | None = None) -> EmergencyStop:
    """The emergency stop: nothing but rollbacks starts any more, and what runs is asked to stop.

    Environments are locked first, so that no claim slips through. ValidationError without a reason.
    """
    for environment in product.environments.order_by("pk"):
        running.locked(environment)
    stop = stops.pull(product, by=by, reason=reason, at=at)
    going = Deployment.objects.filter(product=product, status__in=Deployment.ACTIVE)
    for deployment in going.exclude(kind=Deployment.Kind.ROLLBACK).exclude(status=S.RETURNING):
        ask_to_stop(deployment, by=by, reason=stop.reason, at=at)
    return stop

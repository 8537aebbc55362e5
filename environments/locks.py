"""Locks: somebody asks others not to deploy to an environment, or prevents it, for some hours."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from environments.models import Environment, Lock
from lifecycle import events
from lifecycle.models import User


@transaction.atomic
def lock(environment: Environment, *, kind: str, reason: str, hours: int, by: User, at: datetime | None = None) -> Lock:
    """Ask others not to deploy (warning) or prevent it (hard) for some hours; it ends by itself.

    The same wish of the same person while it is in force is one lock (a form sent twice).
    """
    now = at or timezone.now()
    Environment.objects.select_for_update(no_key=True).get(pk=environment.pk)
    same = in_force(environment, at=now).filter(kind=kind, reason=reason, owner=by).first()
    if same is not None:
        return same
    made = Lock.objects.create(
        environment=environment,
        kind=kind,
        reason=reason,
        owner=by,
        created_at=now,
        expires_at=now + timedelta(hours=hours),
    )
    events.record("environment.locked", environment, by=by, at=at, note=reason, kind=kind)
    return made


@transaction.atomic
def unlock(held: Lock, *, by: User, at: datetime | None = None) -> None:
    """End a lock now; one that ended by itself stays as it is."""
    now = at or timezone.now()
    if Lock.objects.filter(pk=held.pk, expires_at__gt=now).update(expires_at=now):
        events.record("environment.unlocked", held.environment, by=by, at=at)


def in_force(environment: Environment, *, at: datetime | None = None) -> QuerySet[Lock]:
    """The locks in force."""
    return environment.locks.filter(expires_at__gt=at or timezone.now()).select_related("owner").order_by("expires_at")

"""Settings of an environment: variables, locks, holds; and freezes of the product."""

import re
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from environments import secrets
from environments.models import Environment, Freeze, Lock, Variable
from lifecycle import events
from lifecycle.dates import clock
from lifecycle.events import By
from lifecycle.models import Product, User
from lifecycle.transitions import NotAllowed

NAME = re.compile(r"[A-Z_][A-Z0-9_]{0,99}")
RESERVED = frozenset({"PORT", "DATA_DIR", "RELEASE", "ENVIRONMENT", "PATH", "HOME"})
HOLD_MINUTES_LIMIT = 8 * 60


@transaction.atomic
def set_variable(
    environment: Environment, *, name: str, value: str, is_secret: bool, by: By, at: datetime | None = None
) -> Variable:
    """Create or replace a variable; approvals of the old configuration no longer hold (config_version + 1).

    Raises ValidationError for a name that is not LIKE_THIS or that Lifecycle sets itself.
    """
    check_name(name)
    stored = secrets.seal(value) if is_secret else value
    facts = {"value": stored, "is_secret": is_secret, "changed_at": at or timezone.now()}
    variable, _created = Variable.objects.update_or_create(environment=environment, name=name, defaults=facts)
    configuration_changed(environment, "environment.variable_set", by=by, at=at, variable=name)
    return variable


@transaction.atomic
def remove_variable(environment: Environment, *, name: str, by: By, at: datetime | None = None) -> None:
    """Delete a variable; nothing happens when there is none of this name."""
    deleted, _rows = Variable.objects.filter(environment=environment, name=name).delete()
    if deleted:
        configuration_changed(environment, "environment.variable_removed", by=by, at=at, variable=name)


def check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise ValidationError({"name": _("Capital letters, digits and _ only, e.g. PAYMENT_KEY.")})
    if name in RESERVED:
        raise ValidationError({"name": _("Lifecycle sets %(name)s itself.") % {"name": name}})


def configuration_changed(environment: Environment, verb: str, *, by: By, at: datetime | None, **data: Any) -> None:
    """Count the change under the row's lock; the event names the variable, never its value."""
    Environment.objects.filter(pk=environment.pk).update(config_version=F("config_version") + 1)
    environment.refresh_from_db(fields=["config_version"])
    events.record(verb, environment, by=by, at=at, config_version=environment.config_version, **data)


def variables(environment: Environment) -> dict[str, str]:
    """What an application is started with, secrets opened. Only for workers."""
    rows = environment.variables.order_by("name")
    return {row.name: secrets.open_sealed(row.value) if row.is_secret else row.value for row in rows}


def secret_values(environment: Environment) -> list[str]:
    """The opened secrets, for masking logs."""
    return [secrets.open_sealed(row.value) for row in environment.variables.filter(is_secret=True)]


@transaction.atomic
def lock(environment: Environment, *, kind: str, reason: str, hours: int, by: User, at: datetime | None = None) -> Lock:
    """Ask others not to deploy (warning) or prevent it (hard) for some hours; it ends by itself."""
    now = at or timezone.now()
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


def locks(environment: Environment, *, at: datetime | None = None) -> QuerySet[Lock]:
    """The locks in force."""
    return environment.locks.filter(expires_at__gt=at or timezone.now()).select_related("owner").order_by("expires_at")


@transaction.atomic
def freeze(product: Product, *, reason: str, starts_at: datetime, ends_at: datetime, by: User) -> Freeze:
    """Let nothing new go to production in a window (a rollback always may). ValidationError if it ends too early."""
    if ends_at <= starts_at:
        raise ValidationError({"ends_at": _("It must end after it starts.")})
    made = Freeze.objects.create(product=product, reason=reason, starts_at=starts_at, ends_at=ends_at)
    events.record("freeze.set", made, by=by, note=reason)
    return made


@transaction.atomic
def lift_freeze(freeze: Freeze, *, by: User, at: datetime | None = None) -> None:
    """Remove a window; the event stays."""
    events.record("freeze.lifted", freeze, by=by, at=at, note=freeze.reason, product=freeze.product)
    freeze.delete()


def freezes(product: Product, *, at: datetime | None = None) -> QuerySet[Freeze]:
    """Windows in force or to come."""
    return product.freezes.filter(ends_at__gt=at or timezone.now()).order_by("starts_at")


def frozen_by(product: Product, *, at: datetime | None = None) -> Freeze | None:
    """The window that is in force now."""
    return freezes(product, at=at).filter(starts_at__lte=at or timezone.now()).first()


def holder(environment: Environment, *, at: datetime | None = None) -> User | None:
    """Who holds the environment now, or nobody: a hold ends by itself."""
    now = at or timezone.now()
    held = environment.held_until is not None and environment.held_until > now
    return environment.held_by if held else None


@transaction.atomic
def hold(environment: Environment, *, by: User, minutes: int, at: datetime | None = None) -> None:
    """Keep the environment as it is while somebody tries it; NotAllowed while another person holds it."""
    now = at or timezone.now()
    locked = Environment.objects.select_for_update().get(pk=environment.pk)
    other = holder(locked, at=now)
    if other is not None and other != by:
        raise NotAllowed(
            _("%(who)s holds %(environment)s until %(time)s.")
            % {"who": other, "environment": locked, "time": clock(locked.held_until or now)}
        )
    locked.held_by, locked.held_until = by, now + timedelta(minutes=min(max(minutes, 1), HOLD_MINUTES_LIMIT))
    locked.save(update_fields=["held_by", "held_until"])
    environment.held_by, environment.held_until = locked.held_by, locked.held_until
    events.record("environment.held", environment, by=by, at=at, minutes=minutes)


@transaction.atomic
def let_go(environment: Environment, *, by: User, at: datetime | None = None) -> None:
    """Give the environment back; nothing happens when nobody holds it, NotAllowed when somebody else does."""
    current = holder(environment, at=at)
    if current is not None and current != by:
        raise NotAllowed(_("%(who)s holds it, not you.") % {"who": current})
    held = Environment.objects.filter(pk=environment.pk, held_by=by)
    if held.update(held_by=None, held_until=None):
        environment.held_by = environment.held_until = None
        events.record("environment.let_go", environment, by=by, at=at)

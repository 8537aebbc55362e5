"""Holds: an environment stays as it is while somebody tries it."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from environments.models import Environment
from lifecycle import events
from lifecycle.dates import clock
from lifecycle.models import User
from lifecycle.transitions import NotAllowed

HOLD_MINUTES_LIMIT = 8 * 60


def holder(environment: Environment, *, at: datetime | None = None) -> User | None:
    """Who holds the environment now, or nobody: a hold ends by itself."""
    now = at or timezone.now()
    held = environment.held_until is not None and environment.held_until > now
    return environment.held_by if held else None


@transaction.atomic
def hold(environment: Environment, *, by: User, minutes: int, at: datetime | None = None) -> None:
    """Keep the environment as it is while somebody tries it; NotAllowed while another person holds it."""
    now = at or timezone.now()
    locked = Environment.objects.select_for_update(no_key=True).get(pk=environment.pk)
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

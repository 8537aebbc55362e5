"""Asking whoever holds an environment to let go of it."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from environments.holds import holder
from environments.models import Environment
from lifecycle import events
from lifecycle.models import User
from lifecycle.notifications import tell
from lifecycle.transitions import NotAllowed
from releases import changes


@transaction.atomic
def ask_for(environment: Environment, *, by: User, at: datetime | None = None) -> User:
    """Tell the holder, who is returned, that somebody waits, once per hold; NotAllowed while nobody else holds it."""
    other = holder(environment, at=at)
    if other is None:
        raise NotAllowed(_("Nobody holds %(environment)s.") % {"environment": environment})
    if other == by:
        raise NotAllowed(_("You hold it yourself."))
    until = environment.held_until
    events.record("environment.asked_for", environment, by=by, at=at, holder=other.pk)
    tell(
        [other],
        "environment.asked_for",
        url=changes.testing_page(),
        key=f"environment:{environment.pk}:asked:{by.pk}:{until.isoformat() if until else ''}",
        product=environment.product,
        who=by,
        environment=environment,
    )
    return other

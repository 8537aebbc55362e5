"""When a deployment may begin: at a chosen time, and until when at the latest."""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

GRACE = timedelta(minutes=2)
"""A form that was open for a moment does not fail for it."""


def require_possible(due_at: datetime | None, expires_at: datetime | None, *, at: datetime | None = None) -> None:
    """ValidationError, naming the field, for a time that has passed or an end before the beginning."""
    now = at or timezone.now()
    if due_at is not None and due_at < now - GRACE:
        raise ValidationError({"due_at": _("This time has passed.")})
    if expires_at is not None and expires_at <= max(due_at or now, now):
        raise ValidationError({"expires_at": _("It must be later than the time at which it begins.")})


def is_later(moment: datetime | None, *, at: datetime | None = None) -> bool:
    """Whether this is a time to wait for."""
    return moment is not None and moment > (at or timezone.now())

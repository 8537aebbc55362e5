"""When a deployment may begin: at a chosen time, and until when at the latest."""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from deployments.freeze_overrides import in_the_way
from deployments.models import Deployment, ShippingTime
from lifecycle import dates
from releases.models import Candidate, Release

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


def chosen(release: Release) -> ShippingTime | None:
    """The time at which this release shall ship, if somebody chose one."""
    return ShippingTime.objects.filter(release=release).select_related("chosen_by").first()


def moment(release: Release, *, at: datetime | None = None) -> datetime | None:
    """When it would begin if it were shipped now: at its time if that is still to come, else `at`.

    One that may begin later, too, begins when the freeze that covers its time is over.
    """
    return begin(release, chosen(release), at=at)


def begin(release: Release, time: ShippingTime | None, *, at: datetime | None = None) -> datetime | None:
    """The same, by the time chosen for it."""
    first = time.due_at if time is not None and is_later(time.due_at, at=at) else at
    if time is None or time.expires_at is None or release.candidate is None:
        return first
    free = _after_freezes(release, release.candidate, first)
    return free if free is None or free < time.expires_at else first


def _after_freezes(release: Release, candidate: Candidate, begin: datetime | None) -> datetime | None:
    """The first moment from `begin` on (None: now) at which no freeze is in the way of this build."""
    while window := in_the_way(release, candidate, at=begin):
        begin = window.ends_at
    return begin


def is_missed(release: Release, *, at: datetime | None = None) -> bool:
    """Whether the time chosen for it is over, so that it does not ship by itself."""
    return is_over(chosen(release), at=at)


def is_over(time: ShippingTime | None, *, at: datetime | None = None) -> bool:
    """Whether this time has passed."""
    return time is not None and time.expires_at is not None and not is_later(time.expires_at, at=at)


def sentence(deployment: Deployment) -> str:
    """When it begins, and until when at the latest; "" for one that is not scheduled. In the reader's zone.

    One whose time has come and that is kept from beginning says by what.
    """
    if deployment.status not in Deployment.WAITING:
        return ""
    latest = deployment.expires_at
    if deployment.error:
        end = _("It expires %(latest)s.") % {"latest": words(latest)} if latest else ""
        return _("It waits. %(why)s %(end)s") % {"why": deployment.error, "end": end}
    if not is_later(deployment.due_at):
        return _("It expires %(latest)s.") % {"latest": words(latest)} if latest else ""
    if latest:
        text = _("It begins %(begin)s, %(latest)s at the latest.")
        return text % {"begin": words(deployment.due_at), "latest": words(latest)}
    return _("It begins %(begin)s.") % {"begin": words(deployment.due_at)}


def words(moment: datetime) -> str:
    """ "27 November, 20:00" in the reader's zone."""
    return f"{dates.day(moment)}, {dates.clock(moment)}"

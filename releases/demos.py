"""Sessions in which a release is shown: planned ahead, open while links take answers, then closed."""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from lifecycle import events
from lifecycle.events import By
from lifecycle.models import User
from lifecycle.roles import people_who_may
from lifecycle.transitions import NotAllowed, move
from releases import signoffs
from releases.models import Demo, Release
from releases.models.audiences import Audience

S = Demo.Status
COMING = (S.PLANNED, S.OPEN)
LATE = timedelta(hours=1)
SHORTEST_MINUTES, LONGEST_MINUTES = 5, 480


@transaction.atomic
def plan(
    release: Release,
    *,
    audience: str,
    starts_at: datetime,
    by: User,
    host: User | None = None,
    place: str = "",
    minutes: int = 30,
    at: datetime | None = None,
) -> Demo:
    """A session for one audience; `host` (None: who plans it) leads it and may sign for the customers.

    NotAllowed unless the plan is published and not live yet, and while a session for the audience is coming;
    ValidationError for a time that is over, an odd length, and a host who does not hold demos here.
    """
    now = at or timezone.now()
    require_showable(release)
    require_room(release, audience)
    require_time(starts_at, minutes, now)
    demo = Demo.objects.create(
        release=release,
        audience=audience,
        starts_at=starts_at,
        minutes=minutes,
        place=place.strip(),
        host=require_host(release, host or by),
        created_at=now,
    )
    events.record("demo.planned", demo, by=by, at=at, release=release.pk, audience=audience)
    return demo


def require_showable(release: Release) -> None:
    if not release.is_planned or release.status not in (Release.Status.PLANNED, Release.Status.FROZEN):
        raise NotAllowed(_("Release %(release)s is not one that is shown now.") % {"release": release})


def require_room(release: Release, audience: str) -> None:
    if audience not in Audience.values:
        raise ValidationError({"audience": _("Choose one of the kinds.")})
    if coming(release, audience):
        raise NotAllowed(_("A session for them is planned already: close or cancel it first."))


def require_time(starts_at: datetime, minutes: int, now: datetime) -> None:
    if starts_at < now - LATE:
        raise ValidationError({"starts_at": _("This time is over.")})
    if not SHORTEST_MINUTES <= minutes <= LONGEST_MINUTES:
        facts = {"least": SHORTEST_MINUTES, "most": LONGEST_MINUTES}
        raise ValidationError({"minutes": _("Between %(least)d and %(most)d minutes.") % facts})


def require_host(release: Release, host: User) -> User:
    if host.is_admin or host in people_who_may("record_demo", release.product):
        return host
    raise ValidationError({"host": _("%(who)s does not hold demos here.") % {"who": host}})


@transaction.atomic
def begin(demo: Demo, *, by: By, at: datetime | None = None) -> None:
    """From now on its links take answers; the ideas of the release reach Demo.

    NotAllowed, with the reason, unless the audience can be shown the release now (releases/signoffs.py).
    """
    signoffs.require_shown(demo.release, demo.audience)
    if demo.status == S.CLOSED and coming(demo.release, demo.audience):
        raise NotAllowed(_("Another session for them is coming."))
    move(demo, S.OPEN, by=by, at=at, opened_at=at or timezone.now(), closed_at=None)
    signoffs.mark_demo(demo.release, by=by, at=at)


@transaction.atomic
def close(demo: Demo, *, by: By, at: datetime | None = None) -> None:
    """No more answers; what was said stands."""
    move(demo, S.CLOSED, by=by, at=at, closed_at=at or timezone.now())


@transaction.atomic
def cancel(demo: Demo, *, by: By, reason: str = "", at: datetime | None = None) -> None:
    """It does not take place: its links say so."""
    move(demo, S.CANCELLED, by=by, at=at, note=reason, closed_at=at or timezone.now())


def end_all(release: Release, *, by: By, at: datetime | None = None) -> None:
    """The release is out: what is open is closed, and what has not begun does not take place."""
    for demo in release.demos.filter(status__in=COMING):
        end = close if demo.is_open else cancel
        end(demo, by=by, at=at)


def coming(release: Release, audience: str) -> Demo | None:
    """The session that is planned or open; there is at most one."""
    return release.demos.filter(audience=audience, status__in=COMING).select_related("host").first()

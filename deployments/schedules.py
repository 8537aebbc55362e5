"""Choosing when a release goes to production: it waits for its approvals, and then for its time."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from deployments import gates, running, services, stopping, times
from deployments.models import Deployment, ShippingTime
from lifecycle import events
from lifecycle.models import User
from lifecycle.transitions import NotAllowed
from releases.models import Release


@transaction.atomic
def choose(
    release: Release, *, due_at: datetime, expires_at: datetime | None = None, by: User, at: datetime | None = None
) -> Deployment | None:
    """Ship at `due_at`, or at the latest at `expires_at`, as soon as every gate is open by then.

    Answers with the deployment that stands in line, if all gates are open already. ValidationError naming the time that
    is wrong; NotAllowed for a release that is out, dropped or on its way.
    """
    release = services.locked_release(release)
    times.require_possible(due_at, expires_at, at=at)
    _require_open(release)
    facts = {"due_at": due_at, "expires_at": expires_at, "chosen_by": by, "chosen_at": at or timezone.now()}
    ShippingTime.objects.update_or_create(release=release, defaults=facts)
    until = expires_at.isoformat() if expires_at else ""
    events.record("release.time_chosen", release, by=by, at=at, due_at=due_at.isoformat(), expires_at=until)
    if release.is_frozen and not gates.missing(release, at=times.moment(release, at=at)):
        return services.ship(release, by=by, at=at)
    return None


@transaction.atomic
def forget(release: Release, *, by: User, at: datetime | None = None) -> None:
    """No time any more: what waits for it is cancelled, and a person ships. Nothing happens if none was chosen."""
    release = services.locked_release(release)
    _require_open(release)
    deleted, _rows = ShippingTime.objects.filter(release=release).delete()
    if not deleted:
        return
    events.record("release.time_forgotten", release, by=by, at=at)
    for waiting in _waiting(release):
        stopping.abort(
            waiting, by=by, reason=_("The time for release %(release)s was taken back.") % {"release": release}
        )


def _require_open(release: Release) -> None:
    if not (release.is_open or release.is_frozen):
        raise NotAllowed(
            _("Release %(release)s is “%(status)s”, so it needs no time.")
            % {"release": release, "status": release.get_status_display()}
        )
    place = running.production(release.product)
    busy = running.active(place) if place else None
    if busy is not None and busy.release_id == release.pk:
        raise NotAllowed(_("Release %(release)s is on its way already.") % {"release": release})


def _waiting(release: Release) -> list[Deployment]:
    place = running.production(release.product)
    return [row for row in running.line(place) if row.release_id == release.pk] if place else []

"""Choosing when a release goes to production: it waits for its approvals, and then for its time."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from deployments import gates, running, services, stopping, times
from deployments.models import Deployment, ShippingTime
from environments.models import Environment
from lifecycle import events
from lifecycle.events import Machine
from lifecycle.models import User
from lifecycle.transitions import NotAllowed
from releases.models import Approval, Candidate, Release

SHIPPER = Machine("approvals")


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


def ship_complete(*, at: datetime | None = None) -> None:
    """Ship, at its time, every frozen release whose last gate to open was not management's word.

    Once per build: what was asked for before, and was cancelled or went wrong, waits for a person.
    """
    frozen = Release.objects.filter(status=Release.Status.FROZEN, parked_at=None)
    for release in frozen.filter(candidate__status=Candidate.Status.READY).select_related("candidate", "product"):
        place = running.production(release.product)
        if place is None or times.is_missed(release, at=at) or not _is_spoken_for(release, place):
            continue
        try:
            services.ship(release, by=SHIPPER, at=at)
        except NotAllowed:
            continue


def _is_spoken_for(release: Release, place: Environment) -> bool:
    """Whether somebody said yes to this build, or broke the glass, and nobody asked for it yet."""
    build = {"digest": release.candidate.digest, "config_version": place.config_version}
    if release.deployments.filter(environment=place, **build).exists():
        return False
    yes = release.approvals.filter(outcome=Approval.Outcome.YES, withdrawn_at=None, **build)
    return yes.exists() or release.break_glasses.filter(**build).exists()


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

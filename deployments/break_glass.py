"""Opening by force the gates that people open: with a reason, in strict products by two people, told to everybody."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from deployments import gates, running, services, times
from deployments.approval_rules import is_broken
from deployments.models import BreakGlass, Deployment
from deployments.separation import electorate
from environments.models import Environment
from lifecycle import events
from lifecycle.models import Product, User
from lifecycle.notifications import tell
from lifecycle.roles import actor_for, people_who_may
from lifecycle.transitions import NotAllowed
from releases import signoffs
from releases.models import Candidate, Release

FREEZE = frozenset({"no_freeze"})
"""Has a door of its own: deployments/freeze_overrides.py."""


@transaction.atomic
def break_glass(
    release: Release, *, by: User, reason: str = "", digest: str = "", at: datetime | None = None
) -> BreakGlass:
    """Open people's gates for this digest and this configuration; complete, the team is told and the release ships.

    In strict products the first one asks and a second one confirms, who answers for it too; one of them has no hand in
    the release. ValidationError without the first one's reason. NotAllowed unless it is frozen, when nothing is shut,
    and while a gate is shut that no word opens: what is live has moved on, or a proof is missing or has failed.
    """
    release = services.locked_release(release)
    actor_for(by, release.product).require("break_glass")
    signoffs.require_seen(release, digest)
    place, candidate = _require_frozen(release)
    facts = {"environment": place, "digest": candidate.digest, "config_version": place.config_version}
    found = release.break_glasses.filter(**facts).select_related("first_by", "second_by").first()
    if found is None:
        _require_shut(release, at)
        found = _first(release, by=by, reason=reason, at=at, facts=facts)
    else:
        _second(release, found, by=by, at=at)
    if is_broken(found, release.product):
        _open(release, found, by=by, at=at)
    return found


def _require_frozen(release: Release) -> tuple[Environment, Candidate]:
    place, candidate = running.production(release.product), release.candidate
    if not release.is_frozen:
        raise NotAllowed(_("Release %(release)s is not frozen.") % {"release": release})
    if place is None or candidate is None or candidate.status != Candidate.Status.READY:
        raise gates.refusal(release, gates.missing(release))
    return place, candidate


def _require_shut(release: Release, at: datetime | None) -> None:
    closed = gates.missing(release, at=times.moment(release, at=at))
    if not closed:
        raise NotAllowed(_("Nothing is shut: the release may go."))
    if stays := [gate for gate in closed if gate.key not in gates.BY_PEOPLE | FREEZE]:
        raise gates.refusal(release, stays)


def _first(release: Release, *, by: User, reason: str, at: datetime | None, facts: dict[str, object]) -> BreakGlass:
    if not reason.strip():
        raise ValidationError({"reason": _("Say why nobody can be waited for: the whole team reads it.")})
    made = BreakGlass(release=release, reason=reason.strip(), first_by=by, first_at=at or timezone.now(), **facts)
    made.save()
    events.record("release.glass_asked", release, by=by, at=at, note=made.reason, digest=made.digest)
    if not is_broken(made, release.product):
        others = [person for person in people_who_may("break_glass", release.product) if person != by]
        _tell(release, made, others, key=f"glass:{made.pk}:asked", topic="release.glass_asked")
    return made


def _second(release: Release, found: BreakGlass, *, by: User, at: datetime | None) -> None:
    if is_broken(found, release.product):
        raise NotAllowed(_("The glass is broken already."))
    if found.first_by_id == by.pk:
        raise NotAllowed(_("You have asked for it; somebody else must confirm it."))
    involved = electorate(release).involved
    if release.product.preset == Product.Preset.STRICT and by in involved and found.first_by in involved:
        raise NotAllowed(_("Both of you built or planned a part of it: one of the two must be somebody else."))
    found.second_by, found.second_at = by, at or timezone.now()
    found.save(update_fields=["second_by", "second_at"])


def _open(release: Release, glass: BreakGlass, *, by: User, at: datetime | None) -> None:
    """Everybody is told, and it ships unless a freeze or its time is still in the way."""
    people = [person.pk for person in (glass.first_by, glass.second_by) if person]
    events.record("release.glass_broken", release, by=by, at=at, note=glass.reason, digest=glass.digest, people=people)
    team = people_who_may("see_team_pages", release.product)
    _tell(release, glass, team, key=f"glass:{glass.pk}", topic="release.glass_broken")
    closed = gates.missing(release, at=times.moment(release, at=at))
    if not closed and not times.is_missed(release, at=at):
        services.ship_locked(release, by=by, at=at)


def _tell(release: Release, glass: BreakGlass, people: list[User], *, key: str, topic: str) -> None:
    tell(
        people,
        topic,
        url=reverse("deployments:cockpit", args=[release.version]),
        key=key,
        product=release.product,
        version=release.version,
        who=gates.broken_by(glass),
        reason=glass.reason,
    )


def of_release(release: Release) -> list[BreakGlass]:
    """What was opened by force for it, newest first: the label that stays."""
    rows = release.break_glasses.select_related("first_by", "second_by", "release__product").order_by("-id")
    return [row for row in rows if is_broken(row, release.product)]


def of_deployment(deployment: Deployment) -> BreakGlass | None:
    """The glass that was broken for what this deployment brought to its environment."""
    if deployment.release is None or deployment.kind != Deployment.Kind.DEPLOY:
        return None
    same = [row for row in of_release(deployment.release) if row.digest == deployment.digest]
    return next((row for row in same if row.environment_id == deployment.environment_id), None)

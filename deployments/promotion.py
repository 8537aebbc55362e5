"""From one environment to the next in the order: what is verified there is deployed here, by hand or by itself."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from deployments import running, services
from deployments.models import Deployment
from environments import places
from environments.models import Environment
from lifecycle import jobs
from lifecycle.events import By, Machine
from lifecycle.jobs import Failed, Lease
from lifecycle.transitions import NotAllowed
from releases.models import Candidate


@transaction.atomic
def promote_to(environment: Environment, *, by: By, at: datetime | None = None) -> Deployment:
    """Deploy what the environment before it runs, verified. NotAllowed with the reason where that cannot be."""
    candidate, source = require_next(environment)
    return services.request(
        environment, candidate, by=by, reason=_("Verified on %(place)s.") % {"place": source}, at=at
    )


def require_next(environment: Environment) -> tuple[Candidate, Environment]:
    """What would be deployed, and where it is verified; NotAllowed when there is nothing, or others decide."""
    if environment.is_production:
        raise NotAllowed(_("Production takes a release when management has approved it."))
    if places.takes_compositions(environment):
        raise NotAllowed(_("%(place)s takes compositions of changes.") % {"place": environment})
    source = places.before(environment)
    if source is None:
        raise NotAllowed(_("There is no environment before it."))
    verified = running.current(source)
    if verified is None or source.state != Environment.State.OK:
        raise NotAllowed(_("Nothing is verified on %(place)s.") % {"place": source})
    return verified.candidate, source


@jobs.handler("promote")
def follow(lease: Lease) -> None:
    """An environment that follows by itself is given what has just been verified before it, if it may."""
    environment = Environment.objects.select_related("product").get(pk=lease.row.subject_id)
    if environment.promotion != Environment.Promotion.AUTOMATIC:
        return
    try:
        candidate, _source = require_next(environment)
        now = running.current(environment)
        if now is None or now.candidate_id != candidate.pk:
            promote_to(environment, by=Machine("promotion"))
    except NotAllowed as reason:
        raise Failed(str(reason)) from reason

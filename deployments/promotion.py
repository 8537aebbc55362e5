"""From one environment to the next in the order: what is verified there is deployed here, by hand or by itself."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from deployments import admission, running, services
from deployments.models import Deployment
from environments import holds, locks, places, stops
from environments.models import Environment, Lock
from lifecycle import jobs
from lifecycle.events import By, Machine
from lifecycle.jobs import Failed, Lease
from lifecycle.models import Work
from lifecycle.transitions import NotAllowed
from releases.models import Candidate

AGAIN_SECONDS = 60


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


def require_worth_it(environment: Environment) -> tuple[Candidate, Environment]:
    """What the button would deploy; NotAllowed where pressing it would be refused or change nothing."""
    candidate, source = require_next(environment)
    now = running.current(environment)
    if now and now.candidate_id == candidate.pk:
        raise NotAllowed(_("It runs the same as %(place)s.") % {"place": source})
    kind = Deployment.Kind.DEPLOY
    admission.require_may_run(environment, candidate, kind=kind, release=candidate.release)
    return candidate, source


def _again(work: Work) -> None:
    """What only a lock, a tester or the emergency stop keeps away is asked for again: all of them end."""
    environment = Environment.objects.select_related("product").get(pk=work.subject_id)
    if is_barred(environment):
        due_at = timezone.now() + timedelta(seconds=AGAIN_SECONDS)
        key = f"promote:{environment.pk}:again"
        jobs.enqueue("promote", environment, product=environment.product, key=key, due_at=due_at)


def is_barred(environment: Environment) -> bool:
    """Whether a person keeps new candidates away for a while."""
    locked = locks.in_force(environment).filter(kind=Lock.Kind.HARD).exists()
    return locked or bool(stops.in_force(environment.product)) or holds.holder(environment) is not None


@jobs.handler("promote", ended=_again)
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

"""From one environment to the next in the order: by hand, by itself when it is verified there, or at set times."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from deployments import admission, running, services
from deployments.bars import Barred
from deployments.models import Deployment
from environments import holds, locks, places, promotion_times, stops
from environments.models import Environment, Lock
from lifecycle import events, jobs, logs
from lifecycle.events import By, Machine
from lifecycle.jobs import Failed, Lease
from lifecycle.models import Work
from lifecycle.transitions import NotAllowed
from releases.models import Candidate

AGAIN_SECONDS = 60
SCHEDULE = Machine("schedule")


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


def require_worth_it(environment: Environment, *, at: datetime | None = None) -> tuple[Candidate, Environment]:
    """What the button would deploy; NotAllowed where pressing it would be refused or change nothing."""
    candidate, source = require_next(environment)
    now = running.current(environment)
    if now and now.candidate_id == candidate.pk:
        raise NotAllowed(_("It runs the same as %(place)s.") % {"place": source})
    kind = Deployment.Kind.DEPLOY
    admission.require_may_run(environment, candidate, kind=kind, release=candidate.release, at=at)
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


def tick(*, at: datetime | None = None) -> None:
    """Promote where a set time has come; two ticks at once do it once, and what was missed is one promotion.

    A product that changed its time zone has its next times computed anew.
    """
    now = at or timezone.now()
    for pk in list(promotion_times.due(now).values_list("pk", flat=True)):
        _at_set_time(pk, now)
    for pk in list(promotion_times.moved_to_another_zone().values_list("pk", flat=True)):
        _replan(pk, now)


@transaction.atomic
def _at_set_time(pk: int, now: datetime) -> None:
    """What another worker has in its hands is passed by: it is no longer due afterwards."""
    rows = (
        promotion_times.due(now)
        .select_for_update(of=("self",), skip_locked=True, no_key=True)
        .select_related("product")
    )
    environment = rows.filter(pk=pk).first()
    if environment is None:
        return
    note, ends_by_itself = _outcome(environment, now)
    promotion_times.ended(environment, note, asks_again=ends_by_itself, at=now)
    promotion_times.plan(environment, after=now)


@transaction.atomic
def _replan(pk: int, now: datetime) -> None:
    rows = promotion_times.moved_to_another_zone().select_for_update(of=("self",), skip_locked=True, no_key=True)
    environment = rows.select_related("product").filter(pk=pk).first()
    if environment is not None:
        promotion_times.plan(environment, after=now)


@transaction.atomic
def came_to_nothing(
    candidate: Candidate, why: str, *, ends_by_itself: bool = False, at: datetime | None = None
) -> None:
    """Say of a set time that its composition did not come to staging after all; nothing for others' compositions."""
    staging = running.place(candidate.product, Environment.Kind.STAGING)
    by_schedule = events.about(candidate).filter(verb="candidate.requested", machine=SCHEDULE.name)
    if staging is None or not by_schedule.exists():
        return
    staging = running.locked(staging)
    if staging.is_scheduled:
        promotion_times.ended(staging, why, asks_again=ends_by_itself, at=at or timezone.now())


def _outcome(environment: Environment, at: datetime) -> tuple[str, bool]:
    """ "" or why nothing was promoted, and whether only what ends by itself was in the way.

    A fault of one environment keeps neither the others nor the next tick from their work.
    """
    try:
        with transaction.atomic():
            _promote(environment, at)
    except NotAllowed as reason:
        return str(reason), isinstance(reason, Barred)
    except jobs.DATABASE_GONE:
        raise
    except Exception:
        logs.logger.exception("promotion of %s at its set time", environment.slug)
        return _("It broke off; the reason is in the worker's log."), True
    return "", False


def _promote(environment: Environment, at: datetime) -> None:
    """What the button Promote does, or the one on the page of a further environment."""
    if environment.kind == Environment.Kind.STAGING and places.takes_compositions(environment):
        services.require_nothing_frozen(environment.product)
        services.require_change_ready(environment)
        services.promote(environment.product, by=SCHEDULE, at=at)
    else:
        require_worth_it(environment, at=at)
        promote_to(environment, by=SCHEDULE, at=at)

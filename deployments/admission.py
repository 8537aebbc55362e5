"""Whether a candidate may go to an environment: asked when somebody wishes it and again when a worker begins."""

from datetime import datetime

from django.utils.translation import gettext as _

from deployments import approval_rules, bridges, gates, running, times
from deployments.bars import Held, require_not_barred
from deployments.models import Deployment
from deployments.names import name
from environments import holds, places
from environments.models import Environment
from lifecycle.events import By
from lifecycle.models import Product
from lifecycle.transitions import NotAllowed
from releases.models import Candidate, Release


def verb_of(environment: Environment, kind: str) -> str:
    """The verb of roles.py that asking for it takes: what goes to production is shipped, wherever one presses."""
    if kind == Deployment.Kind.ROLLBACK:
        return "roll_back"
    return "ship_release" if environment.is_production else "deploy"


def require_may_run(
    environment: Environment,
    candidate: Candidate,
    *,
    kind: str,
    release: Release | None,
    at: datetime | None = None,
) -> None:
    """NotAllowed unless `candidate` may go to `environment` then. A rollback may wherever the older code can run, a
    rehearsal on staging unless it is locked. Barred where that will change by itself.

    Staging takes what Promote or a freeze composed, an environment behind others what was verified before it.
    Production takes a frozen release whose gates are open, what it runs already, or what ran before Lifecycle.
    """
    _require_in_use(environment)
    if candidate.purpose == Candidate.Purpose.TRIAL:
        raise NotAllowed(_("%(candidate)s is only tested, never deployed.") % {"candidate": candidate})
    if kind == Deployment.Kind.ROLLBACK:
        require_bridge(environment, candidate)
        return
    require_not_barred(environment, at=at)
    if kind == Deployment.Kind.REHEARSAL and environment.kind == Environment.Kind.STAGING:
        return
    if _runs_there(environment, candidate):
        _require_known_configuration(environment, candidate)
        return
    if environment.kind == Environment.Kind.STAGING and places.takes_compositions(environment):
        _require_staging_free(environment, release)
    if candidate.purpose == Candidate.Purpose.ADOPTED:
        _require_first(environment)
        return
    if environment.is_production:
        _require_shippable(environment, candidate, release, at)
    else:
        _require_its_way(environment, candidate)


def _runs_there(environment: Environment, candidate: Candidate) -> bool:
    """Whether it is what is recorded as running; NotAllowed under something newer."""
    now = running.current(environment)
    if now and now.candidate_id > candidate.pk:
        raise NotAllowed(
            _("%(environment)s runs something newer. To go back, roll back.") % {"environment": environment}
        )
    return now is not None and now.candidate_id == candidate.pk


def _require_known_configuration(environment: Environment, candidate: Candidate) -> None:
    """NotAllowed in strict products to start anew what runs on production with a configuration nobody approved."""
    now = running.current(environment)
    is_strict = environment.is_production and environment.product.preset == Product.Preset.STRICT
    if not is_strict or now is None or now.config_version == environment.config_version:
        return
    release = candidate.release
    if release is None or not approval_rules.is_approved(release, environment):
        text = _("The configuration of %(environment)s was changed since it was approved: it has to be approved, too.")
        raise NotAllowed(text % {"environment": environment})


def _require_first(environment: Environment) -> None:
    """NotAllowed on a strict product's production for a commit that was adopted after something was verified there."""
    is_strict = environment.is_production and environment.product.preset == Product.Preset.STRICT
    if is_strict and running.current(environment) is not None:
        raise NotAllowed(_("Only the candidate of a release goes to production."))


def require_not_held(environment: Environment, kind: str, *, by: By | None, at: datetime | None = None) -> None:
    """Held for a new candidate on staging while somebody else tries what runs there."""
    holder = holds.holder(environment, at=at)
    if environment.kind == Environment.Kind.STAGING and kind == Deployment.Kind.DEPLOY and holder not in (None, by):
        raise Held(_("%(who)s is testing on %(environment)s.") % {"who": holder, "environment": environment})


def require_bridge(environment: Environment, target: Candidate) -> None:
    """NotAllowed when production began, since `target` was verified there, what older code does not run on."""
    if environment.kind != Environment.Kind.PRODUCTION:
        return
    if hard := bridges.one_way_changes(environment, target):
        facts = {"changes": bridges.keys(hard)}
        why = _("%(changes)s changed the database so that the older code cannot run.") % facts
        raise NotAllowed(f"{why} {_repair(environment)}")
    if burnt := bridges.one_way_steps(environment, target):
        names = ", ".join(_("%(step)s of deployment %(id)s") % {"step": s, "id": s.deployment_id} for s in burnt)
        why = _("Older code cannot run any more since %(steps)s.") % {"steps": names}
        raise NotAllowed(f"{why} {_repair(environment)}")


def _repair(environment: Environment) -> str:
    """What may still be deployed: what is recorded as running passes no gate again."""
    now = running.current(environment)
    facts = {"candidate": name(now.candidate if now else None)}
    return _("Deploy a repair; %(candidate)s, which was verified last, may be deployed once more, too.") % facts


def _require_in_use(environment: Environment) -> None:
    if not environment.is_ready:
        facts = {"environment": environment, "status": environment.get_status_display()}
        raise NotAllowed(_("%(environment)s is “%(status)s”: nothing can be deployed to it.") % facts)


def _require_staging_free(staging: Environment, release: Release | None) -> None:
    frozen = Release.objects.filter(product=staging.product_id, status=Release.Status.FROZEN, parked_at=None).first()
    if frozen is not None and frozen != release:
        raise NotAllowed(_("Release %(release)s is frozen and has staging until it is shipped.") % {"release": frozen})


def _require_its_way(environment: Environment, candidate: Candidate) -> None:
    """NotAllowed for a candidate that was composed for another place, or has left out a place before this one."""
    if places.takes_compositions(environment):
        if environment.kind == Environment.Kind.STAGING and candidate.purpose == Candidate.Purpose.DEV:
            raise NotAllowed(_("%(environment)s changes only by Promote.") % {"environment": environment})
        return
    source = places.before(environment)
    if source is not None and not running.succeeded(source).filter(candidate=candidate).exists():
        facts = {"environment": environment, "source": source}
        raise NotAllowed(_("%(environment)s takes only what was verified on %(source)s.") % facts)


def require_its_time(
    environment: Environment,
    candidate: Candidate,
    *,
    kind: str = Deployment.Kind.DEPLOY,
    at: datetime | None = None,
) -> None:
    """NotAllowed on production before the time chosen for its release, and when that is over. Asked of a wish only:
    what stands in line has its own time, and a claim reads another clock.
    """
    release = candidate.release
    if not environment.is_production or kind != Deployment.Kind.DEPLOY or release is None or not release.is_frozen:
        return
    time = times.chosen(release)
    if time is not None and times.is_later(time.due_at, at=at):
        facts = {"release": release, "time": times.words(time.due_at)}
        raise NotAllowed(_("Release %(release)s goes to production %(time)s, not before.") % facts)
    if times.is_missed(release, at=at):
        raise NotAllowed(
            _("The time chosen for release %(release)s is over: choose another one.") % {"release": release}
        )


def _require_shippable(
    production: Environment, candidate: Candidate, release: Release | None, at: datetime | None
) -> None:
    """NotAllowed unless it is that of a frozen release whose gates are open: what is out, or was taken back, needs a
    new word.
    """
    if release is None or release.candidate_id != candidate.pk:
        raise NotAllowed(_("Only the candidate of a release goes to production."))
    if not release.is_frozen:
        facts = {"release": release, "status": release.get_status_display()}
        raise NotAllowed(_("Release %(release)s is “%(status)s”, so it cannot be shipped.") % facts)
    gates.require_open(release, production=production, at=at)

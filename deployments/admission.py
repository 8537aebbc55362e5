"""Whether a candidate may go to an environment: asked when somebody wishes it and again when a worker begins."""

from datetime import datetime

from django.utils.translation import gettext as _

from deployments import gates, running
from deployments.models import Deployment
from environments import locks
from environments.models import Environment, Lock
from lifecycle.transitions import NotAllowed
from releases.models import Candidate, Release


def require_may_run(
    environment: Environment,
    candidate: Candidate,
    *,
    kind: str,
    release: Release | None,
    at: datetime | None = None,
) -> None:
    """NotAllowed unless `candidate` may go to `environment` now. A rollback always may, a rehearsal on staging
    unless it is locked.

    Production takes a release whose gates are open, what it runs already, or what ran before Lifecycle.
    """
    if kind == Deployment.Kind.ROLLBACK:
        return
    _require_unlocked(environment, at)
    if kind == Deployment.Kind.REHEARSAL and environment.kind == Environment.Kind.STAGING:
        return
    now = running.current(environment)
    if now and now.candidate_id == candidate.pk:
        return
    if now and now.candidate_id > candidate.pk:
        raise NotAllowed(
            _("%(environment)s runs something newer. To go back, roll back.") % {"environment": environment}
        )
    if environment.kind == Environment.Kind.STAGING:
        _require_staging_free(environment, release)
    if environment.kind != Environment.Kind.PRODUCTION or candidate.purpose == Candidate.Purpose.ADOPTED:
        return
    if release is None or release.candidate_id != candidate.pk:
        raise NotAllowed(_("Only the candidate of a release goes to production."))
    gates.require_open(release, at=at)


def _require_staging_free(staging: Environment, release: Release | None) -> None:
    frozen = Release.objects.filter(product=staging.product_id, status=Release.Status.FROZEN).first()
    if frozen is not None and frozen != release:
        raise NotAllowed(_("Release %(release)s is frozen and has staging until it is shipped.") % {"release": frozen})


def _require_unlocked(environment: Environment, at: datetime | None) -> None:
    lock = locks.in_force(environment, at=at).filter(kind=Lock.Kind.HARD).first()
    if lock is not None:
        raise NotAllowed(
            _("%(environment)s is locked by %(who)s: %(reason)s")
            % {
                "environment": environment,
                "who": lock.owner,
                "reason": lock.reason,
            }
        )

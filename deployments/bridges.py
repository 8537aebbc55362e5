"""Whether older code can run again: what was begun since that it may not run on.

A step that lifecycle.toml calls irreversible, or the migration of a change that says "contract" or "irreversible".
Nothing goes back over it by itself, anywhere; production does not by a click either.
"""

from django.db.models import Exists, OuterRef, QuerySet

from deployments import running, targets
from deployments.models import Deployment, Step
from environments.manifest import ManifestError
from environments.models import Environment
from releases.models import Candidate, Change

SECTIONS = ("build", "backup", "migrate", "deploy")
"""What a deployment runs of lifecycle.toml."""
MIGRATING = ("migrate", "switch")
"""Without [migrate] it is the release that migrates when it starts."""


def barrier(deployment: Deployment) -> str:
    """What this deployment began that the release before it may not run on, for the log; "" if it can come back.

    `previous` is what was verified last when it was claimed, so until it ends it is what would come back.
    """
    step = one_way_step(deployment)
    if step is not None:
        return f"{step} cannot be undone"
    hard = one_way_changes_begun(deployment)
    return f"{keys(hard)} changed the database so that the older code cannot run" if hard else ""


def ahead(candidate: Candidate, target: Candidate) -> str:
    """What `candidate` will begin that `target` cannot run after: "C-1, [migrate]"; "" while there is a way back."""
    if candidate.pk == target.pk:
        return ""
    changes = [change.key for change in running.one_way(candidate, target)]
    return ", ".join([*changes, *(f"[{name}]" for name in _irreversible_sections(candidate))])


def _irreversible_sections(candidate: Candidate) -> list[str]:
    """A file that cannot be read is said where it is needed."""
    try:
        manifest = targets.manifest_of(candidate)
    except ManifestError:
        return []
    return [name for name in SECTIONS if (part := getattr(manifest, name)) is not None and part.irreversible]


def keys(changes: list[Change]) -> str:
    return ", ".join(change.key for change in changes)


def one_way_step(deployment: Deployment) -> Step | None:
    """The step of lifecycle.toml that was begun and cannot be undone; None if older code can still run here."""
    if deployment.previous_id == deployment.candidate_id:
        return None
    return _begun().filter(deployment=deployment, irreversible=True).first()


def one_way_changes_begun(deployment: Deployment) -> list[Change]:
    """The changes whose migration this deployment began and what was verified before does not run on."""
    begun = _begun().filter(deployment=deployment, key__in=MIGRATING)
    if deployment.previous is None or deployment.goes_back or not begun.exists():
        return []
    return running.one_way(deployment.candidate, deployment.previous)


def one_way_steps(environment: Environment, target: Candidate) -> list[Step]:
    """The steps begun here since `target` was verified that cannot be undone: no rollback by one click over them."""
    return list(_begun_since(environment, target).filter(irreversible=True).select_related("deployment"))


def one_way_changes(environment: Environment, target: Candidate) -> list[Change]:
    """The changes that `target` does not run after: of what runs or is on its way here, and of every deployment that
    began to migrate since `target` was verified, however it ended.
    """
    newest = running.active(environment) or running.current(environment)
    begun = _begun_since(environment, target).filter(key__in=MIGRATING).values("deployment")
    tried = Deployment.objects.filter(pk__in=begun).exclude(kind=Deployment.Kind.ROLLBACK).values("candidate")
    candidates = Candidate.objects.filter(pk__in=tried).union(
        Candidate.objects.filter(pk=newest.candidate_id if newest else None)
    )
    found = {change.number: change for candidate in candidates for change in running.one_way(candidate, target)}
    return [found[number] for number in sorted(found)]


def _begun_since(environment: Environment, target: Candidate) -> QuerySet[Step]:
    later = running.succeeded(environment).filter(candidate=target, verified_at__gt=OuterRef("started_at"))
    return _begun().filter(deployment__environment=environment).exclude(Exists(later))


def _begun() -> QuerySet[Step]:
    """Without a time of its beginning it could not even be started."""
    came_to = Step.objects.filter(status__in=[Step.Status.RUNNING, Step.Status.DONE, Step.Status.FAILED])
    return came_to.exclude(started_at=None)

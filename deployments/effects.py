"""What follows from a deployment that has ended: facts for releases and ideas, the watch, word to people.

Called inside the transaction that ends the row, so that neither exists without the other.
"""

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from deployments import comparisons, watch
from deployments.models import Deployment
from environments import places
from environments.models import Environment
from lifecycle import jobs, logs
from lifecycle.events import By, Machine
from lifecycle.jobs import Lease
from lifecycle.notifications import tell
from lifecycle.roles import people_who_may
from releases import candidates, facts
from releases.models import Candidate, Release
from releases.replanning import hold_all

R, S = Release.Status, Deployment.Status
NEWS = {S.FAILED: "deployment.failed", S.ERRORED: "deployment.failed", S.EXPIRED: "deployment.expired"}


@transaction.atomic
def succeeded(deployment: Deployment) -> None:
    """Push the fact down to whom it concerns."""
    kind = deployment.environment.kind
    _tell_rehearsal(deployment)
    if _is_staged(deployment):
        facts.mark_on_staging(deployment.candidate, by=who(deployment))
    elif kind == Environment.Kind.PRODUCTION:
        _on_production(deployment)
    _promote_on(deployment)
    comparisons.later(deployment.product)


def _is_staged(deployment: Deployment) -> bool:
    """Whether testers have something new: further environments of the kind repeat what staging runs."""
    place = deployment.environment
    is_deploy = deployment.kind == Deployment.Kind.DEPLOY
    return is_deploy and place.kind == Environment.Kind.STAGING and places.takes_compositions(place)


def _promote_on(deployment: Deployment) -> None:
    """An environment that follows by itself is given it by work of its own (deployments/promotion.py)."""
    following = places.after(deployment.environment)
    if deployment.kind != Deployment.Kind.DEPLOY or following is None:
        return
    if following.promotion == Environment.Promotion.AUTOMATIC:
        jobs.enqueue("promote", following, product=deployment.product)


def _tell_rehearsal(deployment: Deployment) -> None:
    """Its next move is made at once instead of with the next tick."""
    if deployment.kind == Deployment.Kind.REHEARSAL:
        jobs.ring_after_commit("deployments.tasks.prove", queue="deploy")


def later(deployment: Deployment) -> None:
    """Leave it to a worker to try again."""
    jobs.enqueue("effects", deployment, product=deployment.product)


@jobs.handler("effects")
def try_again(lease: Lease) -> None:
    succeeded(Deployment.objects.get(pk=lease.row.subject_id))


def who(deployment: Deployment) -> By:
    return deployment.requested_by or Machine("worker")


def _on_production(deployment: Deployment) -> None:
    if deployment.kind == Deployment.Kind.ROLLBACK:
        hold_all(left_by(deployment))
        for release in left_by(deployment).order_by("-candidate_id"):
            facts.mark_rolled_back(release, deployment=deployment, reason=deployment.reason, by=who(deployment))
    elif deployment.release and R.LIVE in Release.MOVES[R(deployment.release.status)]:
        facts.mark_live(deployment.release, deployment=deployment, by=who(deployment))
    if deployment.candidate.purpose != Candidate.Purpose.ADOPTED or deployment.kind == Deployment.Kind.ROLLBACK:
        watch.open_for(deployment)
    candidates.request(deployment.product, Candidate.Purpose.DEV, by=Machine("worker"))


def left_by(deployment: Deployment) -> QuerySet[Release]:
    """The releases that production no longer runs: those whose candidate is newer than what it went back to."""
    newer = Release.objects.filter(product=deployment.product_id, candidate_id__gt=deployment.candidate_id)
    return newer.filter(status__in=[R.LIVE, R.DONE])


def ended(deployment: Deployment) -> None:
    """It did not succeed, and its log says so: whoever reads, asked or runs the environments is told, if they can be.

    News that cannot be written must not keep a deployment from ending.
    """
    logs.nudge_after_commit(deployment.log_key)
    _tell_rehearsal(deployment)
    if deployment.status not in NEWS:
        return
    try:
        with transaction.atomic():
            _tell_of_the_end(deployment)
    except jobs.DATABASE_GONE:
        raise
    except Exception:
        logs.logger.exception("news of deployment %s", deployment)


def _tell_of_the_end(deployment: Deployment) -> None:
    people = people_who_may("configure", deployment.product)
    if deployment.requested_by:
        people.append(deployment.requested_by)
    tell(
        people,
        NEWS[S(deployment.status)],
        url=reverse("deployments:detail", args=[deployment.pk]),
        key=f"deployment:{deployment.pk}:{deployment.status}",
        product=deployment.product,
        id=deployment.pk,
        environment=deployment.environment,
        reason=deployment.error,
    )

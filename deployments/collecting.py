"""Tidying up the mirrors: compositions nobody needs any more go after 30 days, git packs once a week."""

from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from deployments import running
from deployments.models import Deployment
from environments import mirrors, repositories
from environments.git import Git, GitError
from environments.models import Environment, Repository
from lifecycle import jobs
from lifecycle.jobs import Failed, Lease
from lifecycle.models import Product
from releases.models import Candidate

KEPT = "refs/lifecycle/candidates/"
COMPOSITION_DAYS = 30
DELTA_DAYS = 90
WEEK = timedelta(days=7)
P = Candidate.Purpose


def tick(*, at: datetime | None = None) -> int:
    """Ask for the mirrors whose week is over; how many. A mirror that was just made has a week's time."""
    now = at or timezone.now()
    due = Repository.objects.filter(fetched_at__isnull=False)
    due = due.filter(Q(collected_at=None) | Q(collected_at__lt=now - WEEK)).select_related("product")
    for repository in due:
        jobs.enqueue("collect", repository, product=repository.product)
    return len(due)


@jobs.handler("collect", queue="git")
def collect(lease: Lease) -> None:
    """Let go of what has expired, then let git tidy up. Harmless to repeat."""
    repository = Repository.objects.select_related("product").get(pk=lease.row.subject_id)
    git = repositories.git(repository)
    try:
        gone = expire(repository.product, git, at=timezone.now())
        repository.deltas.filter(created_at__lt=timezone.now() - timedelta(days=DELTA_DAYS)).delete()
        mirrors.collect(repository, git, at=timezone.now())
    except GitError as error:
        raise Failed(f"{error}\n{error.output}".strip()) from error
    lease.log.info(f"{gone} compositions expired")


def expire(product: Product, git: Git, *, at: datetime) -> int:
    """Delete the refs of old trials and compositions for dev and staging that neither run nor may be gone back to."""
    old = Candidate.objects.filter(product=product, purpose__in=[P.DEV, P.STAGING, P.TRIAL])
    old = old.filter(created_at__lt=at - timedelta(days=COMPOSITION_DAYS)).exclude(pk__in=needed(product))
    kept = git.refs(KEPT)
    expired = [str(pk) for pk in old.values_list("pk", flat=True) if str(pk) in kept]
    for name in expired:
        git.delete_ref(KEPT + name)
    return len(expired)


def needed(product: Product) -> set[int]:
    """What runs somewhere, is on its way or would be gone back to, with all it stands on."""
    found: set[int] = set()
    for environment in Environment.objects.filter(product=product):
        current = running.current(environment)
        found |= {current.candidate_id} if current else set()
        target = running.previous_verified(environment)
        found |= {target.pk} if target else set()
    busy = Deployment.objects.filter(product=product, status__in=[*Deployment.ACTIVE, *Deployment.WAITING])
    found |= set(busy.values_list("candidate_id", flat=True))
    return found | below(product, found)


def below(product: Product, found: set[int]) -> set[int]:
    """The bases of these candidates, all the way down."""
    bases = dict(Candidate.objects.filter(product=product).values_list("pk", "base_id"))
    chain: set[int] = set()
    frontier = {bases.get(pk) for pk in found}
    while frontier := {pk for pk in frontier if pk is not None and pk not in chain}:
        chain |= frontier
        frontier = {bases.get(pk) for pk in frontier}
    return chain

"""Which artefacts are kept: what runs, what one could go back to, what is on its way, and the last few beside."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from deployments import artefacts, running, targets
from deployments.models import Deployment
from environments.models import Environment
from lifecycle import jobs
from lifecycle.jobs import Lease
from lifecycle.models import Product
from releases.models import Candidate, Release

KEPT = 5
NEW = timedelta(days=1)


def is_kept(digest: str) -> bool:
    """Whether anything still needs the artefact; also one made within a day, which may be deployed next."""
    candidates = Candidate.objects.filter(digest=digest)
    if candidates.filter(created_at__gt=timezone.now() - NEW).exists():
        return True
    return any(_is_needed(candidate) for candidate in candidates.select_related("product"))


def _is_needed(candidate: Candidate) -> bool:
    frozen = Release.objects.filter(candidate=candidate, status=Release.Status.FROZEN)
    rows = Deployment.objects.filter(Q(candidate=candidate) | Q(previous=candidate))
    on_its_way = rows.filter(status__in=[*Deployment.ACTIVE, *Deployment.WAITING])
    if frozen.exists() or on_its_way.exists():
        return True
    places = candidate.product.environments.all()
    return any(candidate.pk in _kept_at(environment) for environment in places)


def _kept_at(environment: Environment) -> set[int | None]:
    """What was tried last, where a rollback leads, and the last KEPT that were verified."""
    newest = Deployment.objects.filter(environment=environment).order_by("-id").first()
    target = running.rollback_target(environment)
    verified = running.succeeded(environment).order_by("-verified_at", "-id")
    found: list[int | None] = [newest.candidate_id if newest else None, target.pk if target else None]
    last: list[int] = []
    for pk in verified.values_list("candidate_id", flat=True)[: 20 * KEPT]:
        if pk not in last and len(last) < KEPT:
            last.append(pk)
    return {*found, *last}


def later() -> None:
    """Have a worker remove the artefacts that nobody needs; those of all products lie side by side."""
    product = Product.objects.order_by("pk").first()
    if product is not None:
        jobs.enqueue("prune_artefacts", product, product=None, key="prune_artefacts")


@jobs.handler("prune_artefacts")
def prune(lease: Lease) -> None:
    """Remove what is not kept, one by one; what is in use at this moment waits for the next night."""

    def is_still_kept(digest: str) -> bool:
        lease.check()
        return is_kept(digest)

    gone = artefacts.prune(targets.artefacts_root(), is_still_kept)
    lease.log.ok(f"{len(gone)} artefacts removed: {', '.join(name[:8] for name in gone) or 'none'}.")

"""Which artefacts are kept: what runs, what one could go back to, what is on its way, and the last few beside."""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from deployments import artefacts, running, targets
from deployments.models import Deployment
from environments.models import Environment
from lifecycle import events, jobs
from lifecycle.events import By
from lifecycle.jobs import Lease
from lifecycle.models import Product
from releases.models import Candidate, Release

FEWEST, MOST = 2, 50
LOOKED_AT = 20
NEW = timedelta(days=1)


@transaction.atomic
def set_kept(product: Product, *, artefacts_kept: int, by: By, at: datetime | None = None) -> None:
    """How many built releases of each environment stay beside those that are needed; from the next night on.

    ValidationError for fewer than FEWEST, what runs and one to go back to, and for more than MOST.
    """
    if not FEWEST <= artefacts_kept <= MOST:
        reason = _("Choose between %(fewest)d and %(most)d.") % {"fewest": FEWEST, "most": MOST}
        raise ValidationError({"artefacts_kept": reason})
    before = Product.objects.select_for_update(no_key=True).get(pk=product.pk).artefacts_kept
    if before != artefacts_kept:
        Product.objects.filter(pk=product.pk).update(artefacts_kept=artefacts_kept)
        facts = {"before": before, "after": artefacts_kept}
        events.record("product.retention_set", product, by=by, product=product, at=at, **facts)
    product.artefacts_kept = artefacts_kept


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


def _kept_at(environment: Environment) -> set[int]:
    """What was tried last, what runs, where a rollback leads, and as many as the product keeps that were verified."""
    number = environment.product.artefacts_kept
    newest = Deployment.objects.filter(environment=environment).order_by("-id").first()
    current, target = running.current(environment), running.rollback_target(environment)
    verified = running.succeeded(environment).order_by("-verified_at", "-id")
    found = {row.candidate_id for row in (newest, current) if row} | ({target.pk} if target else set())
    last: list[int] = []
    for pk in verified.values_list("candidate_id", flat=True)[: LOOKED_AT * number]:
        if pk not in last and len(last) < number:
            last.append(pk)
    return found | set(last)


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

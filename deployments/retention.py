"""How much is kept, and which artefacts: what runs, what one could go back to, what is on its way, and the last few."""

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

BOUNDS = {"artefacts_kept": (2, 50), "logs_kept_days": (7, 3650), "samples_kept_days": (2, 366)}
LOOKED_AT = 20
NEW = timedelta(days=1)


@transaction.atomic
def set_kept(product: Product, *, by: By, at: datetime | None = None, **kept: int) -> None:
    """How much stays, from the next night on; what of BOUNDS is not given stays as it is.

    `artefacts_kept`: built releases of each environment beside those that are needed, at least what runs and one to go
    back to. `logs_kept_days` count from the end of what wrote it. `samples_kept_days`: a watch compares itself with the
    24 hours before its deployment, which may take a day itself. ValidationError by name for what is out of bounds.
    """
    if wrong := {name: _why_not(name) for name, number in kept.items() if not _is_within(name, number)}:
        raise ValidationError(wrong)
    found = Product.objects.select_for_update(no_key=True).get(pk=product.pk)
    before = {name: getattr(found, name) for name, number in kept.items() if getattr(found, name) != number}
    if before:
        after = {name: kept[name] for name in before}
        Product.objects.filter(pk=product.pk).update(**after)
        events.record("product.retention_set", product, by=by, product=product, at=at, before=before, after=after)
    for name, number in kept.items():
        setattr(product, name, number)


def _is_within(name: str, number: int) -> bool:
    fewest, most = BOUNDS[name]
    return fewest <= number <= most


def _why_not(name: str) -> str:
    fewest, most = BOUNDS[name]
    return _("Choose between %(fewest)d and %(most)d.") % {"fewest": fewest, "most": most}


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

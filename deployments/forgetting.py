"""What is not kept for ever: the logs of what ended long ago, and old samples. Rows, steps and events stay.

A product says for how many days. What runs on an environment and what was tried there last keep their logs, however
old they are, until something newer has come.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from deployments import running, sampling
from deployments.models import BackupDrill, Deployment
from environments.models import Environment
from lifecycle import jobs, logs
from lifecycle.jobs import Lease
from lifecycle.models import Logged, Product, Work
from releases.models import Check

ROWS = 20
"""Whose logs go in one transaction."""


def later() -> None:
    """Have a worker remove what is older than its product wants."""
    product = Product.objects.order_by("pk").first()
    if product is not None:
        jobs.enqueue("forget", product, product=None, key="forget")


@jobs.handler("forget")
def forget(lease: Lease) -> None:
    """One product after the other; harmless to repeat, and to break off anywhere."""
    now = timezone.now()
    for product in Product.objects.order_by("pk"):
        lines = sum(remove_logs(rows, product.logs_kept_days, lease, at=now) for rows in logged(product))
        samples = remove_samples(product, lease, at=now)
        lease.log.ok(f"{product}: {lines} lines of logs and {samples} samples removed.")
    longest = Product.objects.aggregate(days=Max("logs_kept_days"))["days"]
    remove_logs(Work.objects.filter(product=None), longest, lease, at=now)


def logged(product: Product) -> Iterator[QuerySet[Any]]:
    """Whatever may have a log that nobody needs; external checks have none here."""
    deployments = Deployment.objects.filter(product=product)
    yield deployments.exclude(pk__in=[pk for place in product.environments.in_use() for pk in needed(place)])
    yield Check.objects.filter(product=product).exclude(kind=Check.Kind.EXTERNAL)
    yield BackupDrill.objects.filter(environment__product=product)
    yield Work.objects.filter(product=product)


def needed(place: Environment) -> list[int]:
    """The deployment that runs there and the newest one."""
    newest = place.deployments.order_by("-id").first()
    return [row.pk for row in (running.current(place), newest) if row]


def remove_logs(rows: QuerySet[Any], days: int, lease: Lease, *, at: datetime) -> int:
    """Remove the logs of those that ended more than `days` before; how many lines it were.

    `finished_at` is written with the ending and never before, so what waits or runs is not among them.
    """
    over = rows.filter(finished_at__lt=at - timedelta(days=days), log_removed_after=None)
    found = list(over.order_by("finished_at").values_list("pk", flat=True))
    some = (found[first : first + ROWS] for first in range(0, len(found), ROWS))
    return sum(_remove(rows.model, pks, days, lease) for pks in some)


@transaction.atomic
def _remove(model: type[Logged], pks: list[int], days: int, lease: Lease) -> int:
    """These logs, and on their rows that they are gone: nobody ever sees one without the other."""
    gone = 0
    for pk in pks:
        lease.check()
        gone += logs.remove(model(pk=pk).log_key)
    model._base_manager.filter(pk__in=pks).update(log_removed_after=days)
    return gone


def remove_samples(product: Product, lease: Lease, *, at: datetime) -> int:
    """Those of every environment, also of one that is gone or not sampled any more; how many it were."""
    before = at - timedelta(days=product.samples_kept_days)
    return sum(sampling.prune(place, before=before, between=lease.check) for place in product.environments.all())

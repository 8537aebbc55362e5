"""How long the next one waits in each queue: the sign that a worker takes nothing although it lives."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from deployments.models import Deployment
from lifecycle import halts
from lifecycle.dates import minutes_ago
from lifecycle.models import Work

S = Deployment.Status
LATE_SECONDS = 60


@dataclass(frozen=True)
class Queue:
    """`waiting` could begin now; the first of them could for `seconds`."""

    name: str
    waiting: int
    seconds: float

    @property
    def is_late(self) -> bool:
        return self.seconds > LATE_SECONDS

    @property
    def words(self) -> str:
        if not self.waiting:
            return _("empty")
        return _("%(n)d waiting, the first since %(ago)s") % {
            "n": self.waiting,
            "ago": minutes_ago(timedelta(seconds=self.seconds)),
        }


def ages(*, at: datetime | None = None) -> list[Queue]:
    """The queue of deployments first, then those of other work; in two statements."""
    now = at or timezone.now()
    work = halts.without_halted(Work.objects.filter(status__in=[Work.Status.QUEUED, Work.Status.LOST], due_at__lte=now))
    rows = {row["queue"]: row for row in work.values("queue").annotate(n=Count("id"), first=Min("due_at")).order_by()}
    deploy = _could_begin(now).aggregate(n=Count("id"), first=Min("due_at"))
    names = sorted({"default", "git", *rows})
    return [_queue("deploy", deploy, now), *(_queue(name, rows.get(name), now) for name in names)]


def _could_begin(now: datetime) -> QuerySet[Deployment]:
    """Due, and nobody is in front: waiting behind a deployment that runs is no fault of a worker."""
    busy = Deployment.objects.filter(environment=OuterRef("environment"), status__in=Deployment.ACTIVE)
    return Deployment.objects.filter(Q(status=S.LOST) | Q(status=S.QUEUED) & ~Exists(busy), due_at__lte=now)


def _queue(name: str, row: dict[str, Any] | None, now: datetime) -> Queue:
    if not row or not row["n"]:
        return Queue(name, 0, 0.0)
    return Queue(name, row["n"], (now - row["first"]).total_seconds())

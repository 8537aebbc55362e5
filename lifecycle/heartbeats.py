"""Who watches the watchers: when workers and beat were last seen."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lifecycle.dates import minutes_ago
from lifecycle.leases import me
from lifecycle.models import Heartbeat

LATE_SECONDS, FORGOTTEN_SECONDS = 30, 600
QUEUE_OF = {"deployer": "deploy", "worker": "default"}
"""A worker that takes from this queue counts as this part."""
KINDS = (*QUEUE_OF, "beat")
LABELS: dict[str, str | Promise] = {
    "deployer": gettext_lazy("Deployer: runs deployments and sends mail, whatever else is going on"),
    "worker": gettext_lazy("Worker: runs checks, builds and compositions"),
    "beat": gettext_lazy("Beat: calls the workers every few seconds"),
    "keeper": gettext_lazy("Keeper: keeps the applications on this machine running"),
}


@dataclass(frozen=True)
class Pulse:
    """One part of the machinery and how many seconds ago it was seen (None: never)."""

    kind: str
    seconds: float | None

    @property
    def is_late(self) -> bool:
        return self.seconds is None or self.seconds > LATE_SECONDS

    @property
    def label(self) -> str:
        return str(LABELS[self.kind])

    @property
    def words(self) -> str:
        if self.seconds is None:
            return _("never seen")
        return _("seen %(ago)s") % {"ago": minutes_ago(timedelta(seconds=self.seconds))}


def seen(kind: str, name: str, *, at: datetime | None = None) -> None:
    """Note that `name` is alive."""
    Heartbeat.objects.update_or_create(name=name, defaults={"kind": kind, "at": at or timezone.now()})


def beat(*, at: datetime | None = None) -> None:
    """Beat sent a task, the broker passed it on and a worker runs it. Processes not seen for a day are forgotten."""
    now = at or timezone.now()
    seen("beat", "beat", at=now)
    Heartbeat.objects.filter(at__lt=now - timedelta(days=1)).delete()


def worker(kinds: Iterable[str], *, at: datetime | None = None) -> None:
    """This worker process lives and is these parts."""
    for kind in kinds:
        seen(kind, f"{kind} {me()}", at=at)


def pulses(*, at: datetime | None = None) -> list[Pulse]:
    """The latest pulse of each part, in one statement."""
    now = at or timezone.now()
    latest = dict(Heartbeat.objects.values_list("kind").annotate(Max("at")).order_by())
    return [Pulse(kind, (now - latest[kind]).total_seconds() if kind in latest else None) for kind in KINDS]


def silent_processes(*, at: datetime | None = None) -> list[Heartbeat]:
    """Single processes that fell silent lately, although another one may do their part."""
    now = at or timezone.now()
    late, forgotten = now - timedelta(seconds=LATE_SECONDS), now - timedelta(seconds=FORGOTTEN_SECONDS)
    return list(Heartbeat.objects.filter(at__lt=late, at__gt=forgotten).order_by("name"))

"""Who watches the watchers: when worker and beat were last seen."""

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

LATE_SECONDS = 30
KINDS = ("worker", "beat")
LABELS: dict[str, str | Promise] = {
    "worker": gettext_lazy("Worker: runs deployments, checks and compositions"),
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


def beat_and_worker(*, at: datetime | None = None) -> None:
    """Beat sent this task and a worker runs it: both live. Processes not seen for a day are forgotten."""
    now = at or timezone.now()
    seen("beat", "beat", at=now)
    seen("worker", me(), at=now)
    Heartbeat.objects.filter(at__lt=now - timedelta(days=1)).delete()


def pulses(*, at: datetime | None = None) -> list[Pulse]:
    """The latest pulse of worker and beat, in one statement."""
    now = at or timezone.now()
    latest = dict(Heartbeat.objects.values_list("kind").annotate(Max("at")).order_by())
    return [Pulse(kind, (now - latest[kind]).total_seconds() if kind in latest else None) for kind in KINDS]

"""Who watches the watchers: when worker, beat and keeper were last seen."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lifecycle.jobs import me
from lifecycle.models import Heartbeat

LATE_SECONDS = 30


@dataclass(frozen=True)
class Pulse:
    """One part of the machinery and how many seconds ago it was seen (None: never)."""

    kind: str
    seconds: float | None

    @property
    def label(self) -> str:
        return {"worker": _("Workers"), "beat": _("Schedule")}[self.kind]

    @property
    def words(self) -> str:
        if self.seconds is None:
            return _("was never seen")
        return ngettext("seen %(n)d second ago", "seen %(n)d seconds ago", int(self.seconds)) % {"n": int(self.seconds)}

    @property
    def is_late(self) -> bool:
        return self.seconds is None or self.seconds > LATE_SECONDS


def seen(kind: str, name: str, *, at: datetime | None = None) -> None:
    """Note that `name` is alive."""
    now = at or timezone.now()
    Heartbeat.objects.update_or_create(name=name, defaults={"kind": kind, "at": now})


def beat_and_worker() -> None:
    """Beat sent this task and a worker runs it: both live."""
    seen("beat", "beat")
    seen("worker", me())


def pulses(*, at: datetime | None = None) -> list[Pulse]:
    """The latest pulse of worker and beat."""
    now = at or timezone.now()
    latest: dict[str, datetime] = {}
    for kind, when in Heartbeat.objects.order_by("at").values_list("kind", "at"):
        latest[kind] = when
    return [
        Pulse(kind, (now - latest[kind]).total_seconds() if kind in latest else None) for kind in ("worker", "beat")
    ]

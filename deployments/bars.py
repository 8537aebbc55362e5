"""What keeps everything but rollbacks away from an environment until somebody lifts it."""

from datetime import datetime

from django.utils.translation import gettext as _

from environments import locks, stops
from environments.models import Environment, Lock
from lifecycle.transitions import NotAllowed


class Barred(NotAllowed):
    """Not now: only a freeze, a lock or the emergency stop is in the way, and each of them ends."""


class Held(Barred):
    """Not now: somebody tries what runs there. What is asked for is not wrong, so it waits."""


def require_not_barred(environment: Environment, *, at: datetime | None = None) -> None:
    """Barred while the emergency stop or a hard lock keeps everything but rollbacks away."""
    _require_no_stop(environment)
    _require_unlocked(environment, at)


def bar(environment: Environment, *, at: datetime | None = None) -> str:
    """The reason that `require_not_barred` would give; "" where nothing keeps anybody away."""
    try:
        require_not_barred(environment, at=at)
    except Barred as reason:
        return str(reason)
    return ""


def _require_no_stop(environment: Environment) -> None:
    stop = stops.in_force(environment.product)
    if stop is not None:
        raise Barred(
            _("%(who)s pulled the emergency stop: %(reason)s Only rollbacks start until it is lifted.")
            % {"who": stop.pulled_by, "reason": stop.reason.rstrip(".") + "."}
        )


def _require_unlocked(environment: Environment, at: datetime | None) -> None:
    lock = locks.in_force(environment, at=at).filter(kind=Lock.Kind.HARD).first()
    if lock is not None:
        raise Barred(
            _("%(environment)s is locked by %(who)s: %(reason)s")
            % {
                "environment": environment,
                "who": lock.owner,
                "reason": lock.reason,
            }
        )

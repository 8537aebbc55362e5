"""What a rollback would do, before anybody asks for it: where it leads, what leaves, what stays, who is told, how long.

The same facts for the dialog and the API. Only reads.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from deployments import drills, running, services
from deployments.models import Deployment, Rehearsal
from environments.models import Environment
from lifecycle.transitions import NotAllowed
from releases.losses import Losses, losses
from releases.models import Candidate


@dataclass(frozen=True)
class Measured:
    """How long going back took: `of` is "rehearsal", "rollback" or "deployment", the best there is."""

    of: str
    seconds: float
    at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Preview(Losses):
    """Without a `target` there is no way back: `why_not` says why, `instead` what to do. `nearest` is where the button
    leads by itself, `further` what else one may go back to at once.
    """

    environment: Environment
    newest: Candidate | None
    target: Candidate | None
    why_not: str = ""
    instead: str = ""
    measured: Measured | None = None
    nearest: Candidate | None = None
    further: list[Candidate] = field(default_factory=list)


def preview(environment: Environment, *, to: str | None = None) -> Preview:
    """What "Roll back" would do here now, to the nearest way back unless `to` is one of those `further` back."""
    newest = running.newest(environment)
    facts: dict[str, Any] = {"environment": environment, "newest": newest}
    try:
        nearest, _leaves = services.require_way_back(environment)
    except NotAllowed as reason:
        return Preview(**facts, target=None, why_not=str(reason), instead=instead(environment))
    further = services.further_back(environment, nearest)
    target = next((one for one in further if running.release_id(one) == to), nearest)
    leaving = running.held_and_leaving(newest, target) if newest else []
    facts |= vars(losses((held.change, held.revision) for held in leaving))
    facts |= {"nearest": nearest, "further": further, "measured": measured(environment, newest, target)}
    return Preview(**facts, target=target)


def measured(environment: Environment, newest: Candidate | None, target: Candidate) -> Measured | None:
    """The rehearsal of this very way back, else the last rollback here, else the last deployment."""
    rows = Rehearsal.objects.filter(status=Rehearsal.Status.SUCCEEDED, target=target, product=environment.product_id)
    if newest and (rehearsed := rows.filter(digest=newest.digest).exclude(back_seconds=None).order_by("-id").first()):
        return Measured("rehearsal", rehearsed.back_seconds or 0.0, rehearsed.finished_at)
    return last_here(environment)


def last_here(environment: Environment) -> Measured | None:
    """How long the last rollback here took, else the last deployment; None before there was one."""
    ended = Deployment.objects.filter(environment=environment, status=Deployment.Status.SUCCEEDED)
    timed = ended.exclude(started_at=None).exclude(finished_at=None).order_by("-id")
    last = timed.filter(kind=Deployment.Kind.ROLLBACK).first() or timed.first()
    if last is None or last.started_at is None or last.finished_at is None:
        return None
    of = "rollback" if last.kind == Deployment.Kind.ROLLBACK else "deployment"
    return Measured(of, (last.finished_at - last.started_at).total_seconds(), last.finished_at)


def instead(environment: Environment) -> str:
    """What to do where nothing leads back by one click."""
    now, busy = running.current(environment), running.active(environment)
    if now is None:
        return _("Deploy what should run there.")
    if busy is not None and busy.kind == Deployment.Kind.ROLLBACK and not busy.is_stopping:
        return ""
    backup = drills.last_backup(environment)
    if backup is None:
        return _("Fix it forward: a hotfix needs one tester and one manager.")
    return _("Fix it forward with a hotfix, or restore the backup from before and lose what came since: %(where)s") % {
        "where": backup[1]
    }

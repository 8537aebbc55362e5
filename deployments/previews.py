"""What a rollback would do, before anybody asks for it: where it leads, what leaves, what stays, who is told, how long.

The same facts for the dialog and the API. Only reads.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _

from deployments import drills, running, services
from deployments.models import Deployment, Rehearsal
from environments.models import Environment
from ideas.models import Idea, Subscription
from lifecycle.transitions import NotAllowed
from releases.models import Candidate, Change

STAYING = (Change.Migrations.EXPAND, Change.Migrations.CONTRACT, Change.Migrations.IRREVERSIBLE)


@dataclass(frozen=True)
class Measured:
    """How long going back took: `of` is "rehearsal", "rollback" or "deployment", the best there is."""

    of: str
    seconds: float
    at: datetime | None


@dataclass(frozen=True)
class Preview:
    """Without a `target` there is no way back: `why_not` says why, `instead` what to do. `nearest` is where the button
    leads by itself, `further` what else one may go back to at once.

    `told` counts people: everybody who follows an idea of a change that leaves, also through a duplicate; `voters` of
    them voted. Migrations are never reversed, so those of `staying` stay.
    """

    environment: Environment
    newest: Candidate | None
    target: Candidate | None
    why_not: str = ""
    instead: str = ""
    leaving: list[Change] = field(default_factory=list)
    ideas: int = 0
    votes: int = 0
    told: int = 0
    voters: int = 0
    measured: Measured | None = None
    nearest: Candidate | None = None
    further: list[Candidate] = field(default_factory=list)

    @property
    def staying(self) -> list[Change]:
        return [change for change in self.leaving if change.migrations in STAYING]


def preview(environment: Environment, *, to: str | None = None) -> Preview:
    """What "Roll back" would do here now, to the nearest way back unless `to` is one of those `further` back."""
    newest = running.newest(environment)
    try:
        nearest, _leaves = services.require_way_back(environment)
    except NotAllowed as reason:
        return Preview(environment, newest, None, why_not=str(reason), instead=instead(environment))
    further = services.further_back(environment, nearest)
    target = next((one for one in further if running.release_id(one) == to), nearest)
    leaving = running.leaving(newest, target) if newest else []
    facts: dict[str, Any] = {"leaving": leaving, **asked_for(leaving), **listeners(leaving)}
    facts |= {"nearest": nearest, "further": further}
    return Preview(environment, newest, target, measured=measured(environment, newest, target), **facts)


def asked_for(leaving: list[Change]) -> dict[str, int]:
    ideas = Idea.objects.filter(changes__in=leaving).distinct().values("pk")
    found = Idea.objects.filter(pk__in=ideas).aggregate(ideas=Count("pk"), votes=Sum("votes")) if leaving else {}
    return {"ideas": found.get("ideas") or 0, "votes": found.get("votes") or 0}


def listeners(leaving: list[Change]) -> dict[str, int]:
    if not leaving:
        return {"told": 0, "voters": 0}
    ours = Subscription.objects.filter(Q(idea__changes__in=leaving) | Q(idea__canonical__changes__in=leaving))
    voted = Count("user", distinct=True, filter=Q(reason=Subscription.Reason.VOTE))
    return ours.aggregate(told=Count("user", distinct=True), voters=voted)


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

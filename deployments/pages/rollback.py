"""The question before a rollback: what leaves, what stays, who is told, how long the last one took."""

from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from deployments import running, services
from deployments.models import Deployment
from deployments.names import destination, name
from deployments.pages.steps import duration
from environments.models import Environment
from ideas.models import Subscription
from lifecycle.transitions import NotAllowed
from releases.models import Candidate, Change

Fact = tuple[str, str, str]
STAYING = (Change.Migrations.EXPAND, Change.Migrations.CONTRACT, Change.Migrations.IRREVERSIBLE)


def confirmation(environment: Environment) -> dict[str, Any]:
    """What confirm.html shows. `target` is None, and `why_not` says why, if there is no way back."""
    target, why_not = way_back(environment)
    busy = running.active(environment)
    now = running.current(environment)
    newest = busy.candidate if busy else now.candidate if now else None
    title = _("Roll %(environment)s back to %(target)s?") % {"environment": environment, "target": destination(target)}
    return {
        "id": f"rollback-{environment.slug}",
        "crumb": _("Environments"),
        "title": title,
        "text": _("Code and configuration go back exactly; data stays. Whatever is on its way is stopped first."),
        "action": reverse("deployments:roll_back", args=[environment.slug]),
        "facts": facts(environment, newest, target) if newest and target else [],
        "reason": _("Reason, for the record"),
        "yes": _("Roll back now"),
        "no": _("Keep %(version)s") % {"version": name(newest)},
        "danger": True,
        "back": reverse("deployments:board"),
        "target": target,
        "why_not": why_not,
        "button": _("Roll back to %(target)s") % {"target": destination(target)},
    }


def way_back(environment: Environment) -> tuple[Candidate | None, str]:
    """Where it leads, or why it leads nowhere."""
    try:
        return services.require_way_back(environment)[0], ""
    except NotAllowed as reason:
        return None, str(reason)


def facts(environment: Environment, newest: Candidate, target: Candidate) -> list[Fact]:
    leaving = running.leaving(newest, target)
    return [what_leaves(environment, leaving), what_stays(leaving), *told(leaving), *how_long(environment)]


def what_leaves(environment: Environment, leaving: list[Change]) -> Fact:
    count = len(leaving)
    text = ngettext("%(n)d change leaves %(environment)s", "%(n)d changes leave %(environment)s", count)
    text %= {"n": count, "environment": environment}
    return "minus", "bad", f"{text}: {', '.join(change.title for change in leaving)}" if leaving else text


def what_stays(leaving: list[Change]) -> Fact:
    """Migrations are never reversed: the older code runs on the newer schema."""
    staying = [change.key for change in leaving if change.migrations in STAYING]
    if not staying:
        return "database", "", _("The database stays as it is")
    text = ngettext("The migration of %(keys)s stays", "The migrations of %(keys)s stay", len(staying))
    return "database", "", text % {"keys": ", ".join(staying)}


def told(leaving: list[Change]) -> list[Fact]:
    """Everybody who follows one of the ideas, also through a duplicate."""
    ours = Q(idea__changes__in=leaving) | Q(idea__canonical__changes__in=leaving)
    count = Subscription.objects.filter(ours).values("user").distinct().count() if leaving else 0
    text = ngettext("%(n)d person who asked for it is told", "%(n)d people who asked for it are told", count)
    return [("users", "", text % {"n": count})] if count else []


def how_long(environment: Environment) -> list[Fact]:
    """How long the last change of what runs here took: the best guess for this one."""
    ended = Deployment.objects.filter(environment=environment, status=Deployment.Status.SUCCEEDED)
    last = ended.exclude(started_at=None).exclude(finished_at=None).order_by("kind", "-id")
    rollback = last.filter(kind=Deployment.Kind.ROLLBACK).first()
    measured = rollback or last.first()
    if measured is None or measured.started_at is None or measured.finished_at is None:
        return []
    seconds = duration((measured.finished_at - measured.started_at).total_seconds())
    text = _("The last rollback took %(time)s") if rollback else _("The last deployment took %(time)s")
    return [("clock", "", text % {"time": seconds})]

"""Backups of an environment: where the newest is, and whether one can be restored."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from deployments import chips, drills, proofs
from deployments.models import BackupDrill
from deployments.names import name
from environments import stops
from environments.models import Environment
from lifecycle import dates, live_log
from lifecycle.chips import Chip
from lifecycle.models import LogLine
from lifecycle.roles import Actor

SHOWN = 20
S = BackupDrill.Status


@dataclass(frozen=True)
class Row:
    """One drill: how it ended, what the command said, who wanted it."""

    chip: Chip
    when: str
    took: str
    note: str
    who: str


def backups(environment: Environment, actor: Actor) -> dict[str, Any]:
    """Everything on the page."""
    found = list(environment.backup_drills.select_related("requested_by").order_by("-id")[:SHOWN])
    newest = found[0] if found else None
    is_going = newest is not None and newest.status == S.QUEUED
    waits = stops.why_it_waits(environment.product) if is_going else ""
    why_not = (waits or _("A backup is being restored now.")) if is_going else drills.why_not(environment)
    return {
        "environment": environment,
        "headline": headline(environment, found),
        "backup": newest_backup(environment),
        "rows": [row(drill) for drill in found],
        "may_drill": actor.may("configure") and not why_not,
        "why_not": why_not,
        "lines": LogLine.objects.filter(log=newest.log_key).order_by("seq")[:200] if newest else [],
        "removed": live_log.why_removed(newest) if newest else "",
    }


def headline(environment: Environment, found: list[BackupDrill]) -> str:
    """The verdict: the last drill that has ended."""
    last = next((drill for drill in found if drill.status != S.QUEUED), None)
    if last is None:
        return _("No backup of %(environment)s was ever restored") % {"environment": environment}
    when = {"environment": environment, "when": dates.ago(last.finished_at or last.requested_at)}
    if last.status == S.FAILED:
        return _("The backup of %(environment)s could not be restored %(when)s") % when
    return _("A backup of %(environment)s was restored %(when)s") % when


def newest_backup(environment: Environment) -> dict[str, str] | None:
    """The copy that was made last, and for which deployment."""
    found = drills.last_backup(environment)
    if found is None:
        return None
    deployment, words = found
    return {
        "words": words,
        "before": name(deployment.candidate),
        "when": dates.ago(deployment.finished_at or deployment.requested_at),
        "url": reverse("deployments:detail", args=[deployment.pk]),
    }


def row(drill: BackupDrill) -> Row:
    return Row(
        chip=chips.DRILL[drill.status],
        when=dates.ago(drill.finished_at or drill.requested_at),
        took=proofs.took(drill.seconds) if drill.seconds is not None else "",
        note=drill.note,
        who=str(drill.requested_by) if drill.requested_by else _("every week"),
    )


def fact(environment: Environment) -> tuple[str, str, str]:
    """(icon, tone, words) for the cockpit: what is known of the backups before a migration needs one."""
    last = environment.backup_drills.exclude(status=S.QUEUED).order_by("-id").first()
    if last is None:
        return "archive", "", _("No backup was ever restored")
    when = dates.ago(last.finished_at or last.requested_at)
    if last.status == S.FAILED:
        return (
            "archive",
            "bad",
            _("The backup could not be restored %(when)s: %(why)s") % {"when": when, "why": last.note},
        )
    took = {"when": when, "time": proofs.took(last.seconds)}
    return "archive", "good", _("A backup was restored %(when)s in %(time)s") % took

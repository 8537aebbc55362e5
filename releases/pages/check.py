"""A check with its log."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from environments import stops
from lifecycle import live_log
from releases import checks
from releases.models import Check


def page(check: Check) -> dict[str, Any]:
    """Everything check.html shows."""
    said = {"headline": headline(check), "why": why_it_waits(check), "seconds": seconds(check)}
    said["may_run_again"] = not checks.why_not_again(check)
    return {"check": check, **said, **news(check, after=0)}


def news(check: Check, *, after: int) -> dict[str, Any]:
    """The lines after `after`, and where to ask for the next ones; nothing to ask once the check is over."""
    path = reverse("releases:check_log", args=[check.pk])
    return live_log.page(check, path, after, is_over=check.is_over)


def headline(check: Check) -> str:
    """The verdict: passed, what failed, or that it still runs."""
    if check.status == Check.Status.PASSED:
        return _("The tests passed")
    if check.status == Check.Status.FAILED:
        return _("The tests failed: %(summary)s") % {"summary": check.summary}
    if check.status == Check.Status.ERRORED:
        return _("The tests could not be run: %(summary)s") % {"summary": check.summary}
    if why_it_waits(check):
        return _("The tests wait until the emergency stop is lifted")
    return _("The tests are running") if check.status == Check.Status.RUNNING else _("The tests wait for a worker")


def why_it_waits(check: Check) -> str:
    """What keeps the tests from running; nothing once they are over, and nothing for those that run elsewhere."""
    is_ours = check.kind != Check.Kind.EXTERNAL and not check.is_over
    return stops.why_it_waits(check.product) if is_ours else ""


def seconds(check: Check) -> float | None:
    if not check.started_at or not check.finished_at:
        return None
    return round((check.finished_at - check.started_at).total_seconds(), 1)

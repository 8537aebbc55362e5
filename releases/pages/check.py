"""A check with its log."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from lifecycle import logs
from lifecycle.models import LogLine
from releases.models import Check

KINDS = {LogLine.Stream.OK: "ok", LogLine.Stream.WARN: "warn", LogLine.Stream.ERR: "err"}


@dataclass(frozen=True)
class Line:
    """A log line as _log.html draws it."""

    at: datetime
    kind: str
    text: str


def page(check: Check) -> dict[str, Any]:
    """Everything check.html shows."""
    return {"check": check, "headline": headline(check), "seconds": seconds(check), **news(check, after=0)}


def news(check: Check, *, after: int) -> dict[str, Any]:
    """The lines after `after`, and where to ask for the next ones; nothing to ask once the check is over."""
    rows = logs.lines_after(check.log_key, after)
    last = rows[-1].seq if rows else after
    url = f"{reverse('releases:check_log', args=[check.pk])}?after={last}"
    lines = [Line(row.at, KINDS.get(LogLine.Stream(row.stream), ""), row.text) for row in rows]
    return {"lines": lines, "next_url": "" if check.is_over and len(rows) < 500 else url}


def headline(check: Check) -> str:
    """The verdict: passed, what failed, or that it still runs."""
    if check.status == Check.Status.PASSED:
        return _("The tests passed")
    if check.status == Check.Status.FAILED:
        return _("The tests failed: %(summary)s") % {"summary": check.summary}
    if check.status == Check.Status.ERRORED:
        return _("The tests could not be run: %(summary)s") % {"summary": check.summary}
    return _("The tests are running") if check.status == Check.Status.RUNNING else _("The tests wait for a worker")


def seconds(check: Check) -> float | None:
    if not check.started_at or not check.finished_at:
        return None
    return round((check.finished_at - check.started_at).total_seconds(), 1)


def number(text: str) -> int:
    """`?after=` as a number; anything else starts at the beginning."""
    return int(text) if text.isdecimal() else 0

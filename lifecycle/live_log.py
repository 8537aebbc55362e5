"""A log while it is written, as pages show it: its lines, and the signed cursor that asks for the next ones.

The cursor proves, for TRUSTED_SECONDS, that whoever holds it was allowed to read this log. So the middleware LiveLog
answers it without session, person or page: no statement while nothing is new, one for a command's output. Everything
else (a line of Lifecycle's own, an old cursor, a forged one) goes to the page's view, which looks again who asks and
whether the log has ended.
"""

import time
from collections.abc import Iterable
from typing import Any, NamedTuple

from django.core import signing
from django.utils import timezone
from django.utils.translation import ngettext

from lifecycle import logs
from lifecycle.models import Logged, LogLine

TRUSTED_SECONDS = 60
SHOWN_LINES = 400
SALT = "live-log"
KINDS = {LogLine.Stream.ERR: "err", LogLine.Stream.OK: "ok", LogLine.Stream.WARN: "warn"}


class Line(NamedTuple):
    """What `_log.html` draws; `kind` is ok, warn, err or nothing."""

    at: Any
    kind: str
    text: str


class Cursor(NamedTuple):
    """Where one reader stands in one log. `granted` is Unix time: when a view last looked who asks."""

    path: str
    log: str
    after: int
    zone: str
    granted: int

    @property
    def url(self) -> str:
        return f"{self.path}?after={self.after}&key={signing.dumps(list(self), salt=SALT)}"


def number(text: str) -> int:
    """A sequence number out of an address; 0 for anything else."""
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def page(of: Logged, path: str, after: int, *, is_over: bool) -> dict[str, Any]:
    """The lines behind `after` and where to ask next; nowhere once the log is over and all was shown.

    `removed` says so where it was not kept that long.
    """
    rows = logs.lines_after(of.log_key, after, limit=SHOWN_LINES)
    more = not is_over or len(rows) == SHOWN_LINES
    cursor = Cursor(path, of.log_key, after, timezone.get_current_timezone_name(), int(time.time()))
    found = _lines(cursor, rows) if more else {"lines": drawn(rows), "next_url": ""}
    return found | {"removed": why_removed(of)}


def why_removed(of: Logged) -> str:
    """Why there are no lines any more; "" while they stay."""
    days = of.log_removed_after
    if days is None:
        return ""
    return ngettext("The log was removed after %(n)s day.", "The log was removed after %(n)s days.", days) % {"n": days}


def read(path: str, key: str) -> Cursor | None:
    """The cursor, if it was given out for this address a short while ago."""
    try:
        cursor = Cursor(*signing.loads(key, salt=SALT))
    except (signing.BadSignature, TypeError):
        return None
    fresh = 0 <= time.time() - cursor.granted <= TRUSTED_SECONDS
    return cursor if fresh and cursor.path == path else None


def is_idle(cursor: Cursor) -> bool:
    """Whether there is certainly nothing new; no SQL. Unknown (the cache was emptied) counts as news."""
    last = logs.last_sequence(cursor.log)
    return last is not None and last <= cursor.after


def output(cursor: Cursor) -> dict[str, Any] | None:
    """The next lines, if they are nothing but a command's output; None when the page's view has to look."""
    rows = logs.lines_after(cursor.log, cursor.after, limit=SHOWN_LINES)
    only_output = rows and all(row.stream == LogLine.Stream.OUT for row in rows)
    return _lines(cursor, rows) if only_output else None


def drawn(rows: Iterable[LogLine]) -> list[Line]:
    return [Line(row.at, KINDS.get(LogLine.Stream(row.stream), ""), row.text) for row in rows]


def _lines(cursor: Cursor, rows: list[LogLine]) -> dict[str, Any]:
    following = cursor._replace(after=rows[-1].seq) if rows else cursor
    return {"lines": drawn(rows), "next_url": following.url}

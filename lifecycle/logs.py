"""Log rows: written in batches with secrets masked, read by `?after=<seq>`; an idle reader costs no SQL.

A log is kept in English, like the commands' output it stands among. The last sequence of each log is in the cache:
a higher one than is true costs the readers one statement, a missing one too; a lower one cannot be (see `_append`).
"""

import logging
import threading
import time
from collections.abc import Iterable

from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from lifecycle.models import LogLine

logger = logging.getLogger("lifecycle")
MASK = "••••••"
LINE_LIMIT = 4000
OUTPUT_LIMIT = 20_000
CACHE_SECONDS = 60
Line = tuple[str, str]


class Writer:
    """Appends lines to one log; `secrets` are masked before anything is stored. Any number may write to one log."""

    def __init__(self, log: str, secrets: Iterable[str] = ()) -> None:
        self.log = log
        self.mask_also(secrets)

    def mask_also(self, secrets: Iterable[str]) -> None:
        """From now on mask exactly these."""
        self.secrets = sorted((s for s in secrets if len(s) >= 4), key=len, reverse=True)

    def out(self, text: str) -> None:
        self.write([(LogLine.Stream.OUT, text)])

    def info(self, text: str) -> None:
        self.write([(LogLine.Stream.INFO, text)])

    def ok(self, text: str) -> None:
        self.write([(LogLine.Stream.OK, text)])

    def warn(self, text: str) -> None:
        self.write([(LogLine.Stream.WARN, text)])

    def error(self, text: str) -> None:
        self.write([(LogLine.Stream.ERR, text)])

    def write(self, lines: Iterable[Line]) -> None:
        """Store (stream, text) pairs; a text may have several lines.

        Of the commands' output the first OUTPUT_LIMIT lines are kept; Lifecycle's own lines always are.
        """
        masked = [(stream, self.mask(text)) for stream, text in lines]
        rows = [(stream, line[:LINE_LIMIT]) for stream, text in masked for line in text.splitlines() or [""]]
        if rows:
            _append(self.log, rows)

    def mask(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, MASK)
        return text.replace("\x00", "�")


class Batch:
    """Collects a command's output and stores it a few times a second; safe to call from several threads."""

    SECONDS, LINES = 0.2, 200

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self._lines: list[Line] = []
        self._stored_at = time.monotonic()
        self._lock = threading.Lock()

    def add(self, stream: str, text: str) -> None:
        """Take output as lifecycle.process and the drivers report it: "stdout", "stderr" or "system"."""
        with self._lock:
            self._lines.append((LogLine.Stream.INFO if stream == "system" else LogLine.Stream.OUT, text))
        self.store_if_due()

    def store_if_due(self) -> None:
        late = time.monotonic() - self._stored_at > self.SECONDS
        if self._lines and (late or len(self._lines) > self.LINES):
            self.store()

    def store(self) -> None:
        """Store what was collected."""
        with self._lock:
            lines, self._lines = self._lines, []
        self._stored_at = time.monotonic()
        self.writer.write(lines)


@transaction.atomic
def _append(log: str, rows: list[Line]) -> None:
    """Number and store the rows, one writer of a log after another until each has committed.

    So no reader can see a number before a lower one, and the cache, set before the commit, never lags behind.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [log])
    last = LogLine.objects.filter(log=log).aggregate(last=Max("seq"))["last"] or 0
    rows = _capped(rows, last)
    now = timezone.now()
    lines = [LogLine(log=log, seq=last + n, at=now, stream=s, text=text) for n, (s, text) in enumerate(rows, 1)]
    LogLine.objects.bulk_create(lines)
    remember(log, last + len(lines))


def _capped(rows: list[Line], last: int) -> list[Line]:
    """Leave output beyond OUTPUT_LIMIT out; where it begins, one line says so."""
    out = LogLine.Stream.OUT
    kept = [row for n, row in enumerate(rows, last + 1) if n <= OUTPUT_LIMIT or row[0] != out]
    if len(kept) < len(rows) and last <= OUTPUT_LIMIT:
        kept.append((LogLine.Stream.WARN, "More output followed; it is not kept."))
    return kept


def sequence_key(log: str) -> str:
    return f"log:{log}"


def remember(log: str, seq: int) -> None:
    """Note a log's last sequence in the cache; losing it only costs the readers one SQL statement."""
    try:
        cache.set(sequence_key(log), seq, timeout=CACHE_SECONDS)
    except Exception as error:
        logger.warning("log sequence of %s not cached: %s", log, error)


def last_sequence(log: str) -> int | None:
    """The last sequence if the cache knows it, else None."""
    try:
        seq: int | None = cache.get(sequence_key(log))
        return seq
    except Exception:
        return None


def lines_after(log: str, after: int, *, limit: int = 500) -> list[LogLine]:
    """The lines with `seq > after`, oldest first; no SQL when the cache says that there are none."""
    last = last_sequence(log)
    if last is not None and last <= after:
        return []
    lines = list(LogLine.objects.filter(log=log, seq__gt=after).order_by("seq")[:limit])
    if last is None and not lines:
        _note_idle(log, after)
    return lines


def _note_idle(log: str, seq: int) -> None:
    """Let the next readers of an idle log do without SQL; `add` never overwrites what a writer noted meanwhile."""
    try:
        cache.add(sequence_key(log), seq, timeout=CACHE_SECONDS)
    except Exception as error:
        logger.warning("log sequence of %s not cached: %s", log, error)

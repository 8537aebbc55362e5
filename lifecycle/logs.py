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
HEAD_LINES, TAIL_LINES = 10_000, 10_000
SLACK_LINES = 1_000
SHORTEST_SECRET = 4
CACHE_SECONDS = 60
NEXT_IN_TURN = """SELECT pg_advisory_xact_lock(hashtextextended(%s, 0));
    SELECT COALESCE(MAX(seq), 0) FROM lifecycle_logline WHERE log = %s"""
Line = tuple[str, str]


class Writer:
    """Appends lines to one log; `secrets` are masked before anything is stored. Any number may write to one log."""

    def __init__(self, log: str, secrets: Iterable[str] = ()) -> None:
        self.log = log
        self.mask_also(secrets)

    def mask_also(self, secrets: Iterable[str]) -> None:
        """From now on mask exactly these."""
        self.secrets = sorted((s for s in secrets if len(s) >= SHORTEST_SECRET), key=len, reverse=True)

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

        Of the commands' output the first HEAD_LINES and the last TAIL_LINES are kept; Lifecycle's own lines always are.
        """
        masked = [(stream, self.mask(text)) for stream, text in lines]
        rows = [(stream, line[:LINE_LIMIT]) for stream, text in masked for line in text.splitlines() or [""]]
        if rows:
            _append(self.log, rows)

    def mask(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, MASK)
        return text.replace("\x00", "�")

    def begun_secret(self, text: str) -> int:
        """How many characters at the end of `text` may be the beginning of a secret."""
        longest = max((len(secret) for secret in self.secrets), default=1)
        lengths = range(min(longest - 1, len(text)), 0, -1)
        return next((n for n in lengths if any(s.startswith(text[-n:]) for s in self.secrets)), 0)


class Batch:
    """Collects a command's output and stores it a few times a second; safe to call from several threads.

    The end of a piece that may be the beginning of a secret waits for the next piece, so none slips through.
    """

    SECONDS, LINES = 0.2, 200

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self._lines: list[Line] = []
        self._begun: dict[str, str] = {}
        self._stored_at = time.monotonic()
        self._lock = threading.Lock()

    def add(self, stream: str, text: str) -> None:
        """Take output as lifecycle.process and the drivers report it: "stdout", "stderr" or "system"."""
        with self._lock:
            text = self._begun.pop(stream, "") + text
            begun = self.writer.begun_secret(text)
            if begun:
                text, self._begun[stream] = text[:-begun], text[-begun:]
            if text:
                self._lines.append((_kind(stream), text))
        self.store_if_due()

    def store_if_due(self) -> None:
        late = time.monotonic() - self._stored_at > self.SECONDS
        if self._lines and (late or len(self._lines) > self.LINES):
            self._store()

    def store(self) -> None:
        """Store what was collected. Nothing more comes of this command: a secret that broke off is masked, too."""
        with self._lock:
            for stream, text in self._begun.items():
                self._lines.append((_kind(stream), text if len(text) < SHORTEST_SECRET else MASK))
            self._begun = {}
        self._store()

    def _store(self) -> None:
        with self._lock:
            lines, self._lines = self._lines, []
        self._stored_at = time.monotonic()
        self.writer.write(lines)


def _kind(stream: str) -> str:
    return LogLine.Stream.INFO if stream == "system" else LogLine.Stream.OUT


@transaction.atomic
def _append(log: str, rows: list[Line]) -> None:
    """Number and store the rows, one writer of a log after another until each has committed.

    So no reader can see a number before a lower one, and the cache, set before the commit, never lags behind.
    """
    with connection.cursor() as cursor:
        cursor.execute(NEXT_IN_TURN, [log, log])  # two statements: the second sees what was committed before its turn
        last = cursor.fetchone()[0]
    now = timezone.now()
    lines = [LogLine(log=log, seq=last + n, at=now, stream=s, text=text) for n, (s, text) in enumerate(rows, 1)]
    LogLine.objects.bulk_create(lines)
    _cut_the_middle(log, last, last + len(lines))
    remember(log, last + len(lines))


def _cut_the_middle(log: str, before: int, last: int) -> None:
    """Of a log that grows too long only the beginning and the end are kept; SLACK_LINES at a time, and said once."""
    end = last - TAIL_LINES
    if end // SLACK_LINES == (before - TAIL_LINES) // SLACK_LINES or end <= HEAD_LINES + 1:
        return
    middle = LogLine.objects.filter(log=log, seq__gt=HEAD_LINES, seq__lte=end, stream=LogLine.Stream.OUT)
    said = f"The middle of this output is not kept, only the first {HEAD_LINES} lines and the last {TAIL_LINES}."
    if not LogLine.objects.filter(log=log, seq__gt=HEAD_LINES, seq__lte=end, text=said).exists():
        first = middle.order_by("seq").values("pk")[:1]
        LogLine.objects.filter(pk__in=first).update(stream=LogLine.Stream.WARN, text=said)
    middle.delete()


def sequence_key(log: str) -> str:
    return f"log:{log}"


def remember(log: str, seq: int) -> None:
    """Note a log's last sequence in the cache; losing it only costs the readers one SQL statement."""
    try:
        cache.set(sequence_key(log), seq, timeout=CACHE_SECONDS)
    except Exception as error:
        logger.warning("log sequence of %s not cached: %s", log, error)


def nudge_after_commit(log: str) -> None:
    """Whatever writes this log ends in this transaction, with its last line: readers look at more than lines."""
    transaction.on_commit(lambda: nudge(log))


def nudge(log: str) -> None:
    """Let everybody who reads this log look once at more than its lines."""
    last = last_sequence(log)
    if last is not None:
        remember(log, last + 1)


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


def remove(log: str) -> int:
    """Delete all its lines; how many it were. They lie together in the index, at most some 21,000 of one log."""
    return LogLine.objects.filter(log=log).delete()[0]


def newest_sequence(log: str) -> int:
    """The last sequence that is stored; 0 before the first line."""
    return LogLine.objects.filter(log=log).aggregate(last=Max("seq"))["last"] or 0


def last_output(log: str, *, after: int = 0) -> str:
    """The last line that a command printed (behind `after`), e.g. where a backup is; "" if it printed nothing."""
    lines = LogLine.objects.filter(log=log, stream=LogLine.Stream.OUT, seq__gt=after).order_by("-seq")
    return lines.values_list("text", flat=True).first() or ""

"""Log rows: written in batches with secrets masked, read by `?after=<seq>`; an idle reader costs no SQL."""

import logging
import threading
from collections.abc import Iterable

from django.core.cache import cache
from django.db.models import Max
from django.utils import timezone

from lifecycle.models import LogLine

logger = logging.getLogger("lifecycle")
MASK = "••••••"
LINE_LIMIT = 4000
LINES_LIMIT = 20_000


def sequence_key(log: str) -> str:
    return f"log:{log}"


class Writer:
    """Appends lines to one log; `secrets` are masked before anything is stored. Safe to call from several threads."""

    def __init__(self, log: str, secrets: Iterable[str] = ()) -> None:
        self.log = log
        self.secrets = sorted((s for s in secrets if len(s) >= 4), key=len, reverse=True)
        self._lock = threading.Lock()
        self._seq: int | None = None

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

    def write(self, lines: Iterable[tuple[str, str]]) -> None:
        """Store (stream, text) pairs; a text may have several lines. Beyond LINES_LIMIT only the cut is noted."""
        rows = [(stream, line) for stream, text in lines for line in (text.splitlines() or [""])]
        with self._lock:
            seq = self._next()
            if seq > LINES_LIMIT:
                return
            now = timezone.now()
            objects = [
                LogLine(log=self.log, seq=seq + n, at=now, stream=stream, text=self.mask(line)[:LINE_LIMIT])
                for n, (stream, line) in enumerate(rows)
            ]
            LogLine.objects.bulk_create(objects, ignore_conflicts=True)
            self._seq = seq + len(rows)
        remember(self.log, self._seq - 1)

    def mask(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, MASK)
        return text.replace("\x00", "�")

    def _next(self) -> int:
        if self._seq is None:
            last = LogLine.objects.filter(log=self.log).aggregate(last=Max("seq"))["last"]
            self._seq = (last or 0) + 1
        return self._seq


def remember(log: str, seq: int) -> None:
    """Note a log's last sequence in the cache; losing it only costs the readers one SQL statement."""
    try:
        cache.set(sequence_key(log), seq, timeout=3600)
    except Exception as error:
        logger.warning("log sequence of %s not cached: %s", log, error)


def last_sequence(log: str) -> int | None:
    """The last sequence if the cache knows it, else None."""
    try:
        return cache.get(sequence_key(log))
    except Exception:
        return None


def lines_after(log: str, after: int, *, limit: int = 500) -> list[LogLine]:
    """The lines with `seq > after`, oldest first; no SQL when the cache says that there are none."""
    last = last_sequence(log)
    if last is not None and last <= after:
        return []
    return list(LogLine.objects.filter(log=log, seq__gt=after).order_by("seq")[:limit])

"""Work that stands still: while a product is stopped, kinds of Work that say so are not begun and are put back.

That it is stopped is a fact in the database (see environments/stops.py). Whoever runs such Work looks for it himself,
twice a second over a connection of his own: no order can be lost, and a stop may be pulled at any moment.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg2
from django.db.models.expressions import RawSQL

from lifecycle.leases import Lease, connect

LOOK_SECONDS = 0.5
STOPPED = "SELECT s.product_id FROM environments_emergencystop s WHERE s.lifted_at IS NULL"
KINDS: set[str] = set()
"""The kinds of Work that stand still; `jobs.handler(…, stands_still=True)` adds to it."""


def without_halted(rows: Any) -> Any:
    """These rows of Work without those that stand still now."""
    return rows.exclude(kind__in=sorted(KINDS), product__in=RawSQL(STOPPED, ()))


def is_stopped(lease: Lease) -> bool:
    """Whether this Work has to stand still, asked now."""
    return not without_halted(type(lease.row).objects.filter(pk=lease.row.pk)).exists()


def heed(lease: Lease) -> None:
    """LeaseLost if a stop was pulled in this moment, before anybody has told the holder."""
    if is_stopped(lease):
        lease.halt()
    lease.check()


@contextmanager
def watched(lease: Lease) -> Iterator[None]:
    """Halt the lease as soon as its product is stopped, while the block runs."""
    if lease.row.kind not in KINDS or lease.row.product_id is None:
        yield
        return
    watch = Watch(lease)
    watch.start()
    try:
        yield
    finally:
        watch.end()


class Watch(threading.Thread):
    """Looks for a stop of the lease's product until there is one or the work has ended."""

    def __init__(self, lease: Lease) -> None:
        super().__init__(daemon=True, name=f"halt-{lease.row.log_key}")
        self.lease = lease
        self.connection: Any = None
        self._done = threading.Event()

    def run(self) -> None:
        while not self._done.wait(LOOK_SECONDS):
            if self._sees_one():
                self.lease.halt()
                break
        self._close()

    def end(self) -> None:
        """Waits for the thread so that no connection is left."""
        self._done.set()
        self.join(timeout=5)

    def _sees_one(self) -> bool:
        try:
            if self.connection is None:
                self.connection = connect(statement_timeout_ms=2000)
            with self.connection.cursor() as cursor:
                cursor.execute(f"{STOPPED} AND s.product_id = %s", [self.lease.row.product_id])
                return cursor.fetchone() is not None
        except psycopg2.Error:  # the lease's own clock stops whoever has no database
            self._close()
            return False

    def _close(self) -> None:
        if self.connection is not None:
            with suppress(psycopg2.Error):
                self.connection.close()
            self.connection = None

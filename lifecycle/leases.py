"""Holding a row: claim, lease, fence, heartbeat, and stopping by one's own clock.

Every write of a holder carries its fence; zero rows means that somebody else has the row, and the holder stops without
writing. Leases are on the database's clock; the holder's own monotonic clock only ever makes it stop earlier.
"""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg2
from django.conf import settings
from django.db import connection
from django.db.models import F, Func, Value
from django.db.models.functions import Coalesce, Now

from lifecycle import logs, shutdown
from lifecycle.events import Machine
from lifecycle.models import Leased, Work
from lifecycle.transitions import NotAllowed, move


class LeaseLost(Exception):
    """Somebody else holds the row now, or it was ended: stop at once and write nothing."""


def host() -> str:
    """This machine's name: what process ids are only true on."""
    return socket.gethostname()


def me() -> str:
    """This process's name in `owner` and on the system page: host, pid."""
    return f"{host()}:{os.getpid()}"


class LeaseEnds(Func):
    """The end of a lease taken now, on the database's clock."""

    template = "statement_timestamp() + %(expressions)s * interval '1 second'"

    def __init__(self) -> None:
        super().__init__(Value(settings.LEASE_SECONDS))


class Lease:
    """A claimed row, held until `release`; all writes go through `write` and `move`, which carry the fence."""

    def __init__(self, row: Leased, *, claimed_at: float) -> None:
        """`claimed_at`: this process's monotonic clock before the claim was sent."""
        self.row: Any = row
        self.fence = row.fence
        self.log = logs.Writer(row.log_key)
        self.is_uninterruptible = False
        self._confirmed = claimed_at
        self._lost = threading.Event()
        self._halted = threading.Event()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True, name=f"lease-{row.log_key}")

    def lost(self) -> bool:
        """Whether to stop: refused by the database, not confirmed in time, halted, or to be handed over. No SQL."""
        late = time.monotonic() - self._confirmed > settings.OWN_CLOCK_SECONDS
        return (
            self._lost.is_set()
            or late
            or self._halted.is_set()
            or shutdown.must_hand_over(uninterruptible=self.is_uninterruptible)
        )

    def check(self) -> None:
        """Raise LeaseLost if the lease is gone."""
        if self.lost():
            raise LeaseLost(self.row.log_key)

    def write(self, **fields: Any) -> None:
        """Update the row's columns under the fence; LeaseLost if it is no longer ours."""
        self.check()
        if self._mine().update(**fields) != 1:
            raise LeaseLost(self.row.log_key)
        for name, value in fields.items():
            setattr(self.row, name, value)

    def move(self, to: str, **fields: Any) -> None:
        """`transitions.move` under the fence: LeaseLost if the row is no longer ours, NotAllowed for a wrong move."""
        self.check()
        guard = {"fence": self.fence, "lease_until__isnull": False}
        try:
            move(self.row, to, by=Machine("worker"), guard=guard, silent=isinstance(self.row, Work), **fields)
        except NotAllowed as error:
            if self._mine().exists():
                raise
            raise LeaseLost(self.row.log_key) from error

    def end(self, to: str, **fields: Any) -> None:
        """Move to a final status and give the lease up with the same statement."""
        self.move(to, finished_at=Now(), lease_until=None, **fields)
        logs.nudge_after_commit(self.row.log_key)

    def halt(self) -> None:
        """Everything of the product was stopped: end what runs and write nothing more but `put_back`."""
        self._halted.set()

    def is_halted(self) -> bool:
        return self._halted.is_set()

    def hand_over(self) -> bool:
        """Give up what is still ours, because this worker is leaving: another one takes it up at once.

        The attempt does not count. False when nobody asked us to leave, or the row is no longer ours.
        """
        if not shutdown.is_asked():
            return False
        return self.put_back(f"The worker {self.row.owner} is stopping; another one takes over.")

    def put_back(self, why: str) -> bool:
        """Give up what is still ours, as if it had not been begun. False when it is not ours any more."""
        guard = {"fence": self.fence, "lease_until__isnull": False}
        facts: dict[str, Any] = {"lease_until": None, "attempt": F("attempt") - 1}
        try:
            move(self.row, "lost", by=Machine("worker"), guard=guard, silent=isinstance(self.row, Work), **facts)
        except NotAllowed:
            return False
        self.log.warn(why)
        return True

    def start(self) -> None:
        self._thread.start()

    def release(self) -> None:
        """Stop beating; waits for the beat's thread so that no connection is left."""
        self._done.set()
        self._thread.join(timeout=5)

    def _mine(self) -> Any:
        rows: Any = type(self.row)._base_manager
        return rows.filter(pk=self.row.pk, fence=self.fence, lease_until__isnull=False)

    def _beat(self) -> None:
        beat = Beat(self.row._meta.db_table, self.row.pk, self.fence)
        while not self._done.wait(settings.BEAT_SECONDS):
            sent = time.monotonic()
            answer = beat()
            if answer is False:
                self._lost.set()
                break
            if answer:
                self._confirmed = sent
        beat.close()


class Beat:
    """Renews one lease over a connection of its own, with a short statement timeout."""

    def __init__(self, table: str, pk: int, fence: int) -> None:
        self.table, self.pk, self.fence = table, pk, fence
        self.connection: Any = None

    def __call__(self) -> bool | None:
        """True: renewed. False: refused, another fence or no lease. None: the database did not answer."""
        try:
            return self._renew()
        except psycopg2.Error:
            self.close()
            return None

    def close(self) -> None:
        if self.connection is not None:
            with suppress(psycopg2.Error):
                self.connection.close()
            self.connection = None

    def _renew(self) -> bool:
        if self.connection is None:
            self.connection = connect(statement_timeout_ms=2000)
        with self.connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE \"{self.table}\" SET lease_until = statement_timestamp() + %s * interval '1 second'"
                " WHERE id = %s AND fence = %s AND lease_until IS NOT NULL",
                [settings.LEASE_SECONDS, self.pk, self.fence],
            )
            return bool(cursor.rowcount == 1)


def connect(*, statement_timeout_ms: int) -> Any:
    """A raw autocommit connection to Django's database, apart from the request's or task's own."""
    parameters = connection.get_connection_params()
    for name in ("cursor_factory", "context"):
        parameters.pop(name, None)
    parameters["options"] = f"-c statement_timeout={statement_timeout_ms}"
    parameters["connect_timeout"] = 2
    raw = psycopg2.connect(**parameters)
    raw.autocommit = True
    return raw


def claim(row: Leased, to: str, *, by: Machine, fence: int | None = None, **fields: Any) -> Lease:
    """Take the row in one UPDATE: status, owner, attempt + 1, fence, lease. NotAllowed if it cannot be taken.

    `fence` is the row's own + 1 unless given; it must grow. Inside a transaction the lease counts from the claim, so
    commit soon.
    """
    begun = time.monotonic()
    facts: dict[str, Any] = {
        "fence": row.fence + 1 if fence is None else fence,
        "owner": me(),
        "attempt": F("attempt") + 1,
        "lease_until": LeaseEnds(),
        "started_at": Coalesce("started_at", Now()),
        "error": "",
    }
    guard = {"fence": row.fence}
    move(row, to, by=by, guard=guard, silent=isinstance(row, Work), **(facts | fields))
    row.refresh_from_db()
    return Lease(row, claimed_at=begun)


@contextmanager
def held(lease: Lease) -> Iterator[Lease]:
    """Beat while the block runs."""
    lease.start()
    try:
        yield lease
    finally:
        lease.release()


def expired(model: type[Leased], statuses: tuple[str, ...]) -> Any:
    """The rows in `statuses` whose holder has not been heard of for a lease."""
    rows: Any = model._base_manager
    return rows.filter(status__in=statuses, lease_until__lt=Now())


def mark_lost(row: Leased) -> bool:
    """Take an expired lease away: the holder's next write or beat is refused. False if it was renewed meanwhile."""
    guard: dict[str, Any] = {"fence": row.fence, "lease_until__lt": Now()}
    try:
        move(row, "lost", by=Machine("reconciler"), guard=guard, silent=isinstance(row, Work), lease_until=None)
    except NotAllowed:
        return False
    return True

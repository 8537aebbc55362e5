"""The leased runner: claim, lease, fence, heartbeat, attempts, log rows, reconcile. One mechanism for all work.

The row is the truth and a Celery message only a doorbell: `ring` may be lost or delivered ten times with no effect.
A worker claims a row (lease on the database's clock, fence + 1), beats from its own thread and connection, and every
later write carries the fence; zero rows means that somebody else has it and the worker stops without writing.
"""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg2
from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Func, Model, Value
from django.db.models.functions import Now
from django.utils import timezone
from kombu.exceptions import LimitExceeded, OperationalError
from kombu.pools import producers
from redis.exceptions import RedisError

from lifecycle import logs
from lifecycle.events import Machine
from lifecycle.models import Leased, Product, Work
from lifecycle.transitions import NotAllowed, move

REGISTRY: dict[str, "Handler"] = {}


class LeaseLost(Exception):
    """Somebody else holds the row now, or it was ended: stop at once and write nothing."""


class Failed(Exception):
    """The work was done and the answer is a definite no; the text is for people."""


class Handler:
    """What to do with one kind of Work. `run` gets the lease; `ended` hears of work that ended without it."""

    def __init__(self, run: Callable[["Lease"], None], *, queue: str, ended: Callable[[Work], None] | None) -> None:
        self.run, self.queue, self.ended = run, queue, ended


def handler(kind: str, *, queue: str = "default", ended: Callable[[Work], None] | None = None) -> Callable[..., Any]:
    """Register a function as the handler of Work of `kind`; `ended(work)` is called when it failed or broke off."""

    def register(run: Callable[["Lease"], None]) -> Callable[["Lease"], None]:
        REGISTRY[kind] = Handler(run, queue=queue, ended=ended)
        return run

    return register


def me() -> str:
    """This process's name in `owner` and on the system page: host, pid."""
    return f"{socket.gethostname()}:{os.getpid()}"


class LeaseEnds(Func):
    """`now() + lease` on the database's clock."""

    template = "now() + %(expressions)s * interval '1 second'"

    def __init__(self) -> None:
        super().__init__(Value(settings.LEASE_SECONDS))


class Lease:
    """A claimed row, held until `release`; all writes go through `write` and `move`, which carry the fence."""

    def __init__(self, row: Leased, fence: int) -> None:
        self.row, self.fence = row, fence
        self.log = logs.Writer(row.log_key)
        self._confirmed = time.monotonic()
        self._lost = threading.Event()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True, name=f"lease-{row.log_key}")

    def lost(self) -> bool:
        """Whether the lease is gone: refused by the database, or not confirmed for OWN_CLOCK_SECONDS."""
        return self._lost.is_set() or time.monotonic() - self._confirmed > settings.OWN_CLOCK_SECONDS

    def check(self) -> None:
        """Raise LeaseLost if the lease is gone."""
        if self.lost():
            raise LeaseLost(self.row.log_key)

    def write(self, **fields: Any) -> None:
        """Update the row's columns under the fence; LeaseLost if it is no longer ours."""
        self.check()
        if type(self.row)._base_manager.filter(pk=self.row.pk, fence=self.fence).update(**fields) != 1:
            raise LeaseLost(self.row.log_key)
        for name, value in fields.items():
            setattr(self.row, name, value)

    def move(self, to: str, **fields: Any) -> None:
        """`transitions.move` under the fence; LeaseLost if the row is no longer ours."""
        self.check()
        try:
            silent = isinstance(self.row, Work)
            move(self.row, to, by=Machine("worker"), guard={"fence": self.fence}, silent=silent, **fields)
        except NotAllowed as error:
            raise LeaseLost(self.row.log_key) from error

    def start(self) -> None:
        self._thread.start()

    def release(self) -> None:
        """Stop beating; waits for the beat's thread so that no connection is left."""
        self._done.set()
        self._thread.join(timeout=5)

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
            self.connection.close()
            self.connection = None

    def _renew(self) -> bool:
        if self.connection is None:
            self.connection = connect(statement_timeout_ms=2000)
        with self.connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE \"{self.table}\" SET lease_until = now() + %s * interval '1 second'"
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


def claim(row: Leased, to: str, *, by: Machine, **fields: Any) -> Lease:
    """Take the row in one UPDATE: status, owner, attempt + 1, fence + 1, lease. NotAllowed if it cannot be taken."""
    fence = row.fence + 1
    move(
        row,
        to,
        by=by,
        guard={"fence": row.fence},
        silent=isinstance(row, Work),
        fence=fence,
        owner=me(),
        attempt=F("attempt") + 1,
        lease_until=LeaseEnds(),
        started_at=Now(),
        error="",
        **fields,
    )
    row.refresh_from_db()
    return Lease(row, fence)


@contextmanager
def held(lease: Lease) -> Iterator[Lease]:
    """Beat while the block runs."""
    lease.start()
    try:
        yield lease
    finally:
        lease.release()


def enqueue(kind: str, subject: Model, *, product: Product | None, key: str = "", due_at: Any = None) -> None:
    """Write down a wish and ring after commit; a wish with the same key that is still queued is enough."""
    now = timezone.now()
    row = Work(
        kind=kind,
        queue=REGISTRY[kind].queue,
        subject_id=subject.pk,
        key=key or f"{kind}:{subject.pk}",
        product=product,
        due_at=due_at or now,
        requested_at=now,
    )
    Work.objects.bulk_create([row], ignore_conflicts=True)
    ring_after_commit("lifecycle.tasks.work", row.key, queue=row.queue)


def ring_after_commit(task: str, *args: Any, queue: str | None = None) -> None:
    """Ring the doorbell once the transaction is committed; the sweep rings for whatever was not heard."""
    transaction.on_commit(lambda: doorbell(task, *args, queue=queue))


class Doorbell:
    """Publishes Celery messages without ever failing or delaying the caller: 0.2 s, no retry, then 5 s of silence."""

    PATIENCE = {"socket_timeout": 0.2, "socket_connect_timeout": 0.2, "max_retries": 0}
    SILENCE_SECONDS = 5
    UNREACHABLE = (OSError, OperationalError, RedisError, LimitExceeded)

    def __init__(self) -> None:
        self.silent_until = 0.0
        self.broker: Any = None

    def __call__(self, task: str, *args: Any, queue: str | None = None) -> bool:
        """Whether the message was published; if not, the sweep will ring for the row."""
        if time.monotonic() < self.silent_until:
            return False
        try:
            self.publish(task, args, {"queue": queue} if queue else {})
        except self.UNREACHABLE:
            self.silent_until = time.monotonic() + self.SILENCE_SECONDS
            return False
        return True

    def publish(self, task: str, args: tuple[Any, ...], options: dict[str, str]) -> None:
        if self.broker is None:
            self.broker = current_app.connection(transport_options=self.PATIENCE)
        with producers[self.broker].acquire(block=True, timeout=0.2) as producer:
            current_app.send_task(task, args=args, producer=producer, retry=False, **options)


doorbell = Doorbell()


def execute(key: str) -> None:
    """Run the oldest due Work of this key, if nobody does; a second delivery finds nothing to do."""
    row = (
        Work.objects.filter(key=key, status__in=[Work.Status.QUEUED, Work.Status.LOST], due_at__lte=Now())
        .order_by("id")
        .first()
    )
    if row is None or Work.objects.filter(key=key, status=Work.Status.CLAIMED).exists():
        return
    try:
        lease = claim(row, Work.Status.CLAIMED, by=Machine("worker"))
    except NotAllowed:
        return
    with held(lease):
        run(lease)


def run(lease: Lease) -> None:
    """Call the handler and write down how it ended; an unexpected error ends the work as errored, never silently."""
    work = lease.row
    entry = REGISTRY[work.kind]
    try:
        entry.run(lease)
        lease.move(Work.Status.SUCCEEDED, finished_at=Now(), lease_until=None)
    except LeaseLost:
        return
    except Failed as error:
        finish(lease, Work.Status.FAILED, str(error))
    except Exception as error:
        logs.logger.exception("work %s", work)
        finish(lease, Work.Status.ERRORED, f"{type(error).__name__}: {error}")


def finish(lease: Lease, status: str, error: str) -> None:
    """End the work with an error text and tell its handler."""
    try:
        lease.log.error(error)
        lease.move(status, error=error, finished_at=Now(), lease_until=None)
    except LeaseLost:
        return
    tell_ended(lease.row)


def tell_ended(work: Work) -> None:
    ended = REGISTRY[work.kind].ended
    if ended is not None:
        ended(work)


def reconcile() -> list[str]:
    """Find Work whose lease ran out: lost, then rung again, or errored after MAX_ATTEMPTS. Returns the keys rung.

    Takes nothing for one lease after PostgreSQL started, so that holders can beat again first.
    """
    if not database_is_settled():
        return []
    for row in Work.objects.filter(status=Work.Status.CLAIMED, lease_until__lt=Now()):
        expire(row)
    keys = list(
        Work.objects.filter(status__in=[Work.Status.QUEUED, Work.Status.LOST], due_at__lte=Now())
        .order_by("id")
        .values_list("key", "queue")[:200]
    )
    for key, queue in keys:
        doorbell("lifecycle.tasks.work", key, queue=queue)
    return [key for key, _queue in keys]


def expire(row: Work) -> None:
    """Mark one row lost; end it if it was tried often enough."""
    try:
        move(row, Work.Status.LOST, by=Machine("reconciler"), guard={"fence": row.fence}, silent=True)
        if row.attempt >= settings.MAX_ATTEMPTS:
            error = "The worker died three times while doing this."
            move(
                row,
                Work.Status.ERRORED,
                by=Machine("reconciler"),
                silent=True,
                error=error,
                finished_at=Now(),
            )
            tell_ended(row)
    except NotAllowed:
        return


def database_is_settled() -> bool:
    """Whether PostgreSQL has been up for at least one lease."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now() - pg_postmaster_start_time() > %s", [timedelta(seconds=settings.LEASE_SECONDS)])
        return bool(cursor.fetchone()[0])

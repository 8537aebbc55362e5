"""The leased runner for background work: write down a wish, claim it, run its handler, end it, find what was lost.

The row is the truth and a Celery message only a doorbell: `ring` may be lost or delivered ten times with no effect.
How a row is held is in lifecycle/leases.py; deployments use the same leases with a machine of their own.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.db.models import Model, Q
from django.db.models.functions import Now

from lifecycle import halts, logs, shutdown
from lifecycle.doorbell import doorbell, ring_after_commit
from lifecycle.events import Machine
from lifecycle.leases import Lease, LeaseLost, claim, expired, held, mark_lost, me
from lifecycle.models import Product, Work
from lifecycle.transitions import NotAllowed, move

__all__ = [
    "DATABASE_GONE",
    "Failed",
    "Lease",
    "LeaseLost",
    "claim",
    "database_is_settled",
    "doorbell",
    "due",
    "enqueue",
    "execute",
    "handler",
    "held",
    "me",
    "reconcile",
    "ring_after_commit",
    "take_up",
]

DATABASE_GONE = (OperationalError, InterfaceError)
Heard = Callable[[Work], None]
REGISTRY: dict[str, "Handler"] = {}


class Failed(Exception):
    """The work was done and the answer is a definite no; the text is for people."""


class Handler:
    """What to do with one kind of Work: `run` gets the lease, `ended` and `halted` hear of what has not succeeded."""

    def __init__(self, run: Callable[[Lease], None], *, queue: str, ended: Heard | None, halted: Heard | None) -> None:
        self.run, self.queue, self.ended, self.halted = run, queue, ended, halted


def handler(
    kind: str,
    *,
    queue: str = "default",
    ended: Heard | None = None,
    stands_still: bool = False,
    halted: Heard | None = None,
) -> Callable[..., Any]:
    """Register a function as the handler of Work of `kind`.

    `ended(work)` is called, in the transaction that ends the row, when it failed or broke off. A handler may run again
    after it was lost half-way: it must be idempotent. One that must be tried again later raises OperationalError only
    for the database; everything else it raises ends the work.

    With `stands_still` it is not begun while its product is stopped, and what runs is ended and put back;
    `halted(work)` is called in the transaction that puts it back.
    """

    def register(run: Callable[[Lease], None]) -> Callable[[Lease], None]:
        REGISTRY[kind] = Handler(run, queue=queue, ended=ended, halted=halted)
        if stands_still:
            halts.KINDS.add(kind)
        return run

    return register


def enqueue(kind: str, subject: Model, *, product: Product | None, key: str = "", due_at: Any = None) -> None:
    """Write down a wish and ring after commit; a wish with the same key that is still queued is enough."""
    row = Work(
        kind=kind,
        queue=REGISTRY[kind].queue,
        subject_id=subject.pk,
        key=key or f"{kind}:{subject.pk}",
        product=product,
        due_at=due_at or Now(),
        requested_at=Now(),
    )
    Work.objects.bulk_create([row], ignore_conflicts=True)
    ring_after_commit("lifecycle.tasks.work", row.key, queue=row.queue)


def execute(key: str) -> None:
    """Run the oldest due Work of this key, if nobody does; a second delivery finds nothing to do.

    A worker that is leaving rings for another one instead.
    """
    if shutdown.is_asked():
        _ring_for(key)
        return
    lease = _claim_next(key)
    if lease is None:
        return
    with held(lease), halts.watched(lease):
        run(lease)
    _ring_for(key)


def _ring_for(key: str) -> None:
    """Tell a worker of what waits under this key."""
    following = due().filter(key=key).first()
    if following is not None:
        doorbell("lifecycle.tasks.work", key, queue=following.queue)


def due() -> Any:
    """What could begin now, the oldest first."""
    waiting = [Work.Status.QUEUED, Work.Status.LOST]
    return halts.without_halted(Work.objects.filter(status__in=waiting, due_at__lte=Now()).order_by("id"))


def take_up(product: Product) -> None:
    """Ring after commit for what stood still: its product goes on."""
    for row in due().filter(product=product, kind__in=sorted(halts.KINDS)):
        ring_after_commit("lifecycle.tasks.work", row.key, queue=row.queue)


def _claim_next(key: str) -> Lease | None:
    row = due().filter(key=key).first()
    if row is None or Work.objects.filter(key=key, status=Work.Status.CLAIMED).exists():
        return None
    try:
        with transaction.atomic():
            return claim(row, Work.Status.CLAIMED, by=Machine("worker"))
    except (NotAllowed, IntegrityError):  # somebody was faster: with this row, or with another one of the same key
        return None


def run(lease: Lease) -> None:
    """Call the handler and write down how it ended; an unexpected error ends the work as errored, never silently.

    Without a database nothing can be written down: the row is lost when its lease runs out, and tried again.
    """
    try:
        REGISTRY[lease.row.kind].run(lease)
        lease.end(Work.Status.SUCCEEDED)
    except LeaseLost:
        _let_go(lease)
    except DATABASE_GONE as error:
        logs.logger.warning("work %s lost the database: %s", lease.row, error)
    except Failed as error:
        _finish(lease, Work.Status.FAILED, str(error))
    except Exception as error:
        logs.logger.exception("work %s", lease.row)
        _finish(lease, Work.Status.ERRORED, f"{type(error).__name__}: {error}")


def _let_go(lease: Lease) -> None:
    """What is still ours is put back where it was stopped, or handed over where this worker leaves."""
    if not lease.is_halted():
        lease.hand_over()
        return
    with transaction.atomic():
        halted = REGISTRY[lease.row.kind].halted
        if lease.put_back("Everything was stopped. It begins again by itself when that is lifted.") and halted:
            halted(lease.row)


def _finish(lease: Lease, status: str, error: str) -> None:
    try:
        lease.check()
        lease.log.error(error)
        with transaction.atomic():
            lease.end(status, error=error)
            _tell_ended(lease.row)
    except LeaseLost:
        return


def _tell_ended(work: Work) -> None:
    ended = REGISTRY[work.kind].ended
    if ended is not None:
        ended(work)


def reconcile() -> list[str]:
    """Find Work whose lease ran out, end what was tried MAX_ATTEMPTS times, ring for the rest. Returns the keys rung.

    Takes nothing for one lease after PostgreSQL started, so that holders can beat again first.
    """
    if not database_is_settled():
        return []
    for row in expired(Work, (Work.Status.CLAIMED,)):
        mark_lost(row)
    for row in Work.objects.filter(status=Work.Status.LOST, attempt__gte=settings.MAX_ATTEMPTS):
        _give_up(row)
    return [row.key for row in _unheard() if _ring(row)]


def _unheard() -> list[Work]:
    """Due rows that nobody was told of lately: a busy worker's queue is not filled with repetitions."""
    lately = Now() - timedelta(seconds=settings.RING_AGAIN_SECONDS)
    return list(due().filter(Q(rung_at=None) | Q(rung_at__lt=lately))[:200])


def _ring(row: Work) -> bool:
    rung = doorbell("lifecycle.tasks.work", row.key, queue=row.queue)
    if rung:
        Work.objects.filter(pk=row.pk).update(rung_at=Now())
    return rung


def _give_up(row: Work) -> None:
    error = f"The worker died {row.attempt} times while doing this."
    fields: dict[str, Any] = {"error": error, "finished_at": Now(), "lease_until": None}
    try:
        with transaction.atomic():
            move(row, Work.Status.ERRORED, by=Machine("reconciler"), guard={"fence": row.fence}, silent=True, **fields)
            _tell_ended(row)
    except NotAllowed:
        return


def database_is_settled() -> bool:
    """Whether PostgreSQL has been up for at least one lease."""
    with connection.cursor() as cursor:
        question = "SELECT now() - pg_postmaster_start_time() > %s * interval '1 second'"
        cursor.execute(question, [settings.LEASE_SECONDS])
        return bool(cursor.fetchone()[0])

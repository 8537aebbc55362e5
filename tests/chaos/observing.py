"""Looking on while things are killed: who holds what, when it moved on; workers started again as by a launcher."""

import os
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import redis
from django.db import connection
from django.db.models import Q

from deployments.models import Deployment
from tests.chaos.stack import Stack

LOOK_SECONDS = 0.05
REQUESTED = Deployment.Status.REQUESTED


@dataclass(frozen=True)
class Seen:
    """One state of a row. `at` is the clock of the journal."""

    at: float
    status: str
    attempt: int
    pid: int

    @property
    def is_final(self) -> bool:
        return not Deployment.MOVES[Deployment.Status(self.status)]


class Observer:
    """Follows every deployment that is not final, and starts dead workers again."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.history: dict[int, list[Seen]] = defaultdict(list)
        self.restarts = 0
        self.most_active = 0
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._look_on, self._tend)]

    def __enter__(self) -> "Observer":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(10)

    def _look_on(self) -> None:
        try:
            while not self._stopping.wait(LOOK_SECONDS):
                self._look()
        finally:
            connection.close()

    def _look(self) -> None:
        followed = [pk for pk, states in self.history.items() if not states[-1].is_final]
        rows = Deployment.objects.filter(Q(finished_at=None) | Q(pk__in=followed)).exclude(status=REQUESTED)
        for pk, status, attempt, owner in rows.values_list("pk", "status", "attempt", "owner"):
            states, pid = self.history[pk], int(owner.rpartition(":")[2] or 0)
            if not states or (states[-1].status, states[-1].attempt) != (status, attempt):
                states.append(Seen(time.monotonic(), status, attempt, pid))

    def _tend(self) -> None:
        """As the launcher does: what ended is started again a moment later."""
        while not self._stopping.wait(0.2):
            for process in list(self.stack.workers.values()):
                if not process.is_running:
                    process.kill()
                    process.start()
                    self.restarts += 1

    def last(self, pk: int) -> Seen | None:
        states = self.history.get(pk)
        return states[-1] if states else None

    def seconds_until_helped(self, pk: int, killed_at: float) -> float | None:
        """From the kill to the first moment at which the row was final or claimed anew; None if it never was."""
        states = list(self.history[pk])
        before = [state for state in states if state.at <= killed_at]
        attempt = before[-1].attempt if before else 1
        for state in states:
            if state.at > killed_at and (state.is_final or state.attempt > attempt):
                return state.at - killed_at
        return None


def kill_child(pid: int) -> bool:
    """kill -9 for one pool process; False if it is gone."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        return True
    return False


def kill_group_of(pid: int) -> bool:
    """kill -9 for the worker that a pool process belongs to, with everything in its group."""
    with suppress(ProcessLookupError):
        os.killpg(os.getpgid(pid), signal.SIGKILL)
        return True
    return False


def hang_up(stack: Stack) -> None:
    """End every connection to the broker: what a frozen worker still listens for would be delivered to it."""
    with redis.Redis.from_url(stack.server.url()) as client:
        client.client_kill_filter(_type="normal", skipme=True)


@contextmanager
def without(stack: Stack, guard: str, *, workers: int = 2) -> Iterator[None]:
    """Workers that do without a guard, for a negative control; the whole ones are frozen meanwhile."""
    whole, stack.workers = stack.workers, {}
    for process in whole.values():
        process.freeze()
    hang_up(stack)
    try:
        stack.start_workers(workers, slots=3, without=guard)
        yield
    finally:
        stack.traps.clear()
        for process in stack.workers.values():
            process.kill()
        stack.workers = whole
        for process in whole.values():
            process.thaw()

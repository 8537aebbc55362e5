"""PostgreSQL is killed at once, again and again, while deployments, jobs and people are at work.

Guards: what belongs together is written in one transaction; leases and the sweep, which takes over what a worker could
not write down (`sweep`); readiness that tells the truth.
"""

import signal
import threading
import time
from dataclasses import dataclass, field

import pytest
from django.db import DatabaseError, connection
from django.db.models import Count, Max, Min

from deployments.models import Deployment, Step
from environments.models import Environment
from lifecycle import jobs
from lifecycle.jobs import DATABASE_GONE
from lifecycle.models import Event, LogLine
from lifecycle.transitions import NotAllowed
from tests.chaos import invariants
from tests.chaos.broker import CONSUMES_SECONDS, not_explained, nothing_is_left, wish
from tests.chaos.broker_visitors import Visit, Visitors, statuses
from tests.chaos.observing import without
from tests.chaos.product import ChaosProduct, ended, log_of
from tests.chaos.results import Results, spread
from tests.chaos.sizes import dice, rounds
from tests.chaos.stack import Stack, eventually, status_of
from tests.chaos.traps import WAIT

S = Deployment.Status
READY_SECONDS = 10
DRIVERS = ("fake", "command")


@dataclass
class Load:
    """Ever newer candidates to some environments, and jobs, from threads that come back when the database does."""

    product: ChaosProduct
    places: list[Environment]
    stopping: threading.Event = field(default_factory=threading.Event)
    refused: int = 0

    def __enter__(self) -> "Load":
        self.threads = [threading.Thread(target=self._lane, args=(place,)) for place in self.places]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        for thread in self.threads:
            thread.join(30)

    def _lane(self, place: Environment) -> None:
        number = 0
        while not self.stopping.wait(0.3):
            try:
                number += 1
                self.product.ask(place, number % 40 + 1)
                wish(self.product, f"restarted:{place.slug}:{number}")
            except (*DATABASE_GONE, DatabaseError):
                self.refused += 1
                connection.close()
            except NotAllowed:  # something newer runs there by now
                continue
        connection.close()


def kill_at_once(stack: Stack) -> float:
    """As `pg_ctl restart -m immediate`: no goodbye to anybody. Returns when it was noticed to be gone."""
    assert stack.postgres.popen
    stack.postgres.popen.send_signal(signal.SIGQUIT)
    stack.postgres.popen.wait(20)
    connection.close()
    return time.monotonic()


def restart(stack: Stack) -> tuple[int, float]:
    """The readiness while it is down, and how many seconds after the start it is good again."""
    kill_at_once(stack)
    down = status_of(f"{stack.url}/readyz")
    stack.postgres.start()
    stack.await_servers()
    back = time.monotonic()
    eventually(lambda: status_of(f"{stack.url}/readyz") == 200, "readiness", seconds=60)
    return down, time.monotonic() - back


def half_written(places: list[Environment]) -> list[str]:
    """Rows that one transaction should have written together, and did not."""
    rows = Deployment.objects.filter(environment__in=places)
    wrong = [f"{row.pk} has no request in the audit" for row in rows if not _was_requested(row)]
    for row in rows:
        if row.is_final and (row.finished_at is None or row.lease_until is not None):
            wrong.append(f"{row.pk} is {row.status}, and not finished")
        if row.status == S.SUCCEEDED and not (row.verified_at and _all_done(row)):
            wrong.append(f"{row.pk} succeeded with open steps\n{log_of(row)}")
        if row.is_final and not _event(row, f"deployment.{row.status}"):
            wrong.append(f"{row.pk} is {row.status} without an event")
    return wrong + holes_in_logs()


def _event(row: Deployment, verb: str) -> bool:
    return Event.objects.filter(verb=verb, subject_id=row.pk).exists()


def _was_requested(row: Deployment) -> bool:
    return _event(row, "deployment.requested")


def _all_done(row: Deployment) -> bool:
    return not row.steps.exclude(status__in=[Step.Status.DONE, Step.Status.SKIPPED]).exists()


def holes_in_logs() -> list[str]:
    logs = LogLine.objects.values("log").annotate(first=Min("seq"), last=Max("seq"), lines=Count("id"))
    return [f"{row['log']} has a hole" for row in logs if (row["first"], row["last"]) != (1, row["lines"])]


def what_is_wrong(product: ChaosProduct, places: list[Environment], visits: list[Visit]) -> list[str]:
    """Asked when everything has come to rest."""
    wrong = half_written(places) + not_explained("restarted:")
    for place in places:
        wrong += invariants.not_on_a_known_release(product, place)
    return wrong + [f"{visit}" for visit in visits if visit.status == 500]


def running_pids(stack: Stack) -> set[int]:
    return {worker.pid for worker in stack.workers.values() if worker.is_running}


@pytest.mark.smoke
def test_nothing_is_half_written_and_nobody_stays_away_after_immediate_restarts(
    stack: Stack, product: ChaosProduct, results: Results
) -> None:
    count, pauses, answers = rounds(30, smoke=3), dice("database"), []
    product.candidate(60)
    places = [product.environment(f"restarted{n}", driver=driver) for n, driver in enumerate(DRIVERS)]
    for place in places:
        product.deploy(place, 0)
    before = running_pids(stack)
    with Visitors(stack, product, "restarts") as visitors, Load(product, places) as load:
        for _ in range(count):
            time.sleep(pauses.uniform(0.2, 2))
            answers.append(restart(stack))
    eventually(lambda: not invariants.stuck(places), "an end of all deployments", seconds=120 / stack.tempo + 30)
    eventually(nothing_is_left, "the end of all work", seconds=CONSUMES_SECONDS)
    wrong, lost = what_is_wrong(product, places, visitors.visits), before - running_pids(stack)
    down, seconds = {status for status, _seconds in answers}, [seconds for _status, seconds in answers]
    is_good = not wrong and not lost and down == {503} and max(seconds) <= READY_SECONDS
    rows = Deployment.objects.filter(environment__in=places).count()
    results.add(
        "PostgreSQL: immediate restarts under load",
        asked=f"{count} restarts: nothing half-written or stuck, no worker lost, no 500; "
        f"/readyz 503 while down, 200 ≤ {READY_SECONDS} s after",
        measured=f"{rows} deployments, {load.refused} wishes refused while it was away, wrong {len(wrong)}; down said "
        f"{sorted(down)}; ready {spread(seconds)}; workers lost {len(lost)}; web {statuses(visitors.visits)}",
        ok=is_good,
    )
    assert wrong == []
    assert is_good, (down, seconds, lost)


def place_that_runs(product: ChaosProduct, name: str) -> Environment:
    place = product.environment(name)
    product.deploy(place, 0)
    return place


def lose_the_database_before_the_switch(stack: Stack, product: ChaosProduct, place: Environment) -> Deployment:
    """A worker that is about to switch finds its database gone and back again, and its connection broken."""
    asked = product.ask(place, 1, traps={"before:switch": WAIT})

    def waits() -> bool:
        jobs.doorbell("deployments.tasks.deploy", asked.pk, queue="deploy")  # a frozen worker may have taken the first
        return bool(stack.traps.notes(asked.log_key, WAIT))

    eventually(waits, "a worker before the switch", seconds=30, pause=0.5)
    kill_at_once(stack)
    time.sleep(stack.lease_seconds)
    stack.postgres.start()
    stack.await_servers()
    stack.traps.release(asked.log_key, "before:switch")
    return asked


@pytest.mark.smoke
def test_what_a_worker_could_not_write_down_is_taken_over(stack: Stack, product: ChaosProduct) -> None:
    asked = lose_the_database_before_the_switch(stack, product, place_that_runs(product, "interrupted"))
    assert ended(asked).status == S.SUCCEEDED
    assert asked.attempt == 2, log_of(asked)


def test_without_the_sweep_it_would_stay_as_it_was(stack: Stack, product: ChaosProduct) -> None:
    place = place_that_runs(product, "abandoned")
    with without(stack, "sweep"):
        asked = lose_the_database_before_the_switch(stack, product, place)
        with pytest.raises(AssertionError, match="the end of deployment"):
            ended(asked, seconds=6 * stack.lease_seconds)
    assert ended(asked).status == S.SUCCEEDED

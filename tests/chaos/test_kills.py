"""kill -9 of pool processes and of whole workers, at random moments and at each boundary between two steps.

Guards: the reconciler finds what was lost (`sweep`), and a step that is done is not done again (`done`).
"""

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import cycle, islice

import pytest
from django.db import connection

from deployments.models import Deployment
from environments.models import Environment
from tests.chaos import invariants
from tests.chaos.observing import Observer, kill_child, kill_group_of, without
from tests.chaos.product import ChaosProduct, ended, log_of, steps_of
from tests.chaos.results import Results, spread
from tests.chaos.sizes import IS_SMOKE, SEED, dice, rounds
from tests.chaos.stack import Stack, eventually
from tests.chaos.traps import KILL, KILL_GROUP

S = Deployment.Status
STEPS = ("prepare", "migrate", "switch", "health", "verify", "snapshot")
POINTS = ("claimed", *(f"{when}:{step}" for step in STEPS for when in ("before", "after", "done")), "write:succeeded")
RANDOM = "at random"
DRIVERS = ("command", "process", "fake", "command")
LONGEST_SECONDS = {"command": 0.9, "process": 0.9, "fake": 0.4}
P50_SECONDS, MAX_SECONDS = 20, 30


@dataclass
class Campaign:
    """The kills to do, taken by the lanes in turn, and what came of them."""

    stack: Stack
    product: ChaosProduct
    observer: Observer
    todo: list[tuple[str, str]]
    killed: list[tuple[Deployment, str, float]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next(self) -> tuple[str, str] | None:
        with self.lock:
            return self.todo.pop() if self.todo else None

    def again(self, how: str, where: str) -> None:
        with self.lock:
            self.todo.append((how, where))


def kills(count: int) -> list[tuple[str, str]]:
    """Half of them for the task's process, half for its whole worker; every boundary, and random moments between."""
    wheres = [*POINTS, *[RANDOM] * (len(POINTS) // 2)]
    dice("wheres").shuffle(wheres)
    todo = [(how, where) for how in (KILL, KILL_GROUP) for where in islice(cycle(wheres), count // 2)]
    dice("kills").shuffle(todo)
    return todo


def run_lane(campaign: Campaign, place: Environment) -> None:
    """One environment: a newer candidate for each kill."""
    number = 0
    try:
        while kill := campaign.next():
            number += 1
            do_one(campaign, place, number, *kill)
    except Exception as error:
        campaign.wrong.append(f"{place}: {error!r}")
    finally:
        connection.close()


def do_one(campaign: Campaign, place: Environment, number: int, how: str, where: str) -> None:
    traps = {} if where == RANDOM else {where: how}
    asked = campaign.product.ask(place, number, traps=traps)
    if where == RANDOM and not kill_at_random(campaign, asked, place.driver, how):
        campaign.again(how, where)
    ended(asked, seconds=60)
    for note in campaign.stack.traps.notes(asked.log_key, how):
        campaign.killed.append((asked, f"{how} {where}", note.at))


def kill_at_random(campaign: Campaign, asked: Deployment, driver: str, how: str) -> bool:
    """Some time after it was claimed; False when it was faster."""
    moment = dice(f"{asked.environment.slug} {asked.candidate.label} {how}").uniform(0, LONGEST_SECONDS[driver])
    eventually(lambda: (seen := campaign.observer.last(asked.pk)) and seen.attempt, "a claim", seconds=30, pause=0.01)
    time.sleep(moment)
    seen = campaign.observer.last(asked.pk)
    if seen is None or seen.is_final:
        return False
    campaign.stack.traps.note(asked.log_key, RANDOM, how)
    return (kill_child if how == KILL else kill_group_of)(seen.pid)


def wage(stack: Stack, product: ChaosProduct, name: str, count: int, *, drivers: tuple[str, ...] = DRIVERS) -> Campaign:
    """Kill `count` times on environments of their own and wait until everything has ended."""
    places = [product.environment(f"{name}{n}", driver=driver) for n, driver in enumerate(drivers)]
    product.candidate(count // len(drivers) + 10)
    for place in places:
        product.deploy(place, 0)
    with Observer(stack) as observer:
        campaign = Campaign(stack, product, observer, kills(count))
        lanes = [threading.Thread(target=run_lane, args=(campaign, place)) for place in places]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join(900)
        eventually(lambda: not invariants.stuck(places), "an end of everything", seconds=30)
        time.sleep(0.2)
    campaign.wrong += what_is_wrong(campaign, places)
    return campaign


def what_is_wrong(campaign: Campaign, places: list[Environment]) -> list[str]:
    rows = list(Deployment.objects.filter(environment__in=places))
    deaths = Counter({row.pk: max(0, row.attempt - 1) for row in rows})
    wrong = [f"lost: {row.pk} {row.status} {log_of(row)}" for row in rows if not explained(row)]
    wrong += invariants.repeated_steps(rows, deaths)
    for place in places:
        wrong += invariants.not_on_a_known_release(campaign.product, place)
        wrong += invariants.twice(campaign.product, place) + invariants.backwards(campaign.product, place)
    return wrong


def explained(row: Deployment) -> bool:
    """It succeeded; or three of its workers were killed, and the old release was put back."""
    return row.status == S.SUCCEEDED or (row.status == S.ERRORED and row.attempt > 3)


def delays(campaign: Campaign) -> list[float]:
    """Seconds from each kill to a new claim or the end; a kill after which nobody did anything counts for ever."""
    found = [campaign.observer.seconds_until_helped(row.pk, at) for row, _how, at in campaign.killed]
    return [seconds if seconds is not None else float("inf") for seconds in found]


@pytest.mark.smoke
def test_whatever_is_killed_everything_ends_once_and_on_a_known_release(
    stack: Stack, product: ChaosProduct, results: Results
) -> None:
    count = rounds(200, smoke=16)
    campaign = wage(stack, product, "kill", count)
    seconds = sorted(delays(campaign))
    p50, longest = seconds[len(seconds) // 2], seconds[-1]
    is_fast = p50 <= P50_SECONDS / stack.tempo and longest <= MAX_SECONDS / stack.tempo
    by_kind = Counter(how.partition(" ")[0] for _row, how, _at in campaign.killed)
    results.add(
        "kill -9 of tasks and workers",
        asked=f"{count} kills, 0 lost, 0 double, 0 stuck, known release; "
        f"helped p50 ≤ {P50_SECONDS / stack.tempo:.0f} s, max ≤ {MAX_SECONDS / stack.tempo:.0f} s",
        measured=f"{dict(by_kind)}, {campaign.observer.restarts} workers started again, wrong {len(campaign.wrong)}; "
        f"helped {spread(seconds)}; seed {SEED}",
        ok=is_fast and not campaign.wrong,
    )
    assert campaign.wrong == []
    assert is_fast or IS_SMOKE, seconds[-10:]  # a part this small is no measurement


def test_without_the_reconciler_a_killed_one_stays_where_it_was(stack: Stack, product: ChaosProduct) -> None:
    place = product.environment("unswept")
    product.deploy(place, 0)
    with without(stack, "sweep"):
        asked = product.ask(place, 1, traps={"before:switch": KILL})
        with pytest.raises(AssertionError, match="the end of deployment"):
            ended(asked, seconds=2 * MAX_SECONDS / stack.tempo)
    assert ended(asked).status == S.SUCCEEDED


@pytest.mark.smoke
def test_without_the_memory_of_steps_they_are_done_twice(stack: Stack, product: ChaosProduct) -> None:
    place = product.environment("forgetful", driver="command")
    product.deploy(place, 0)
    with without(stack, "done"):
        done = ended(product.ask(place, 1, traps={"before:health": KILL}))
    assert steps_of(done)["migrate"][1] == 2
    assert invariants.repeated_steps([done], Counter({done.pk: 1})) != []

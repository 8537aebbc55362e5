"""kill -9 of pool processes and of whole workers, at random moments and at each boundary between two steps.

Deployments, rollbacks, and deployments on their way back after a step said no; one place is a production with backups.
Guards: the reconciler finds what was lost (`sweep`), a step that is done is not done again (`done`), and what was going
back goes on back (`way_back`).
"""

import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import pytest
from django.db import connection

from deployments.models import Deployment, Step
from environments.models import Environment
from tests.chaos import invariants
from tests.chaos.killing import RANDOM, RETURN, ROLLBACK, Kill, kills
from tests.chaos.observing import Observer, kill_child, kill_group_of, without
from tests.chaos.product import ChaosProduct, ended, log_of, steps_of
from tests.chaos.results import Results, spread
from tests.chaos.sizes import IS_SMOKE, SEED, dice, rounds
from tests.chaos.stack import Stack, eventually
from tests.chaos.traps import KILL

S = Deployment.Status


DRIVERS = ("command", "process", "fake", "command")
LONGEST_SECONDS = {"command": 0.9, "process": 0.9, "fake": 0.4}
P50_SECONDS, MAX_SECONDS = 20, 30


@dataclass
class Campaign:
    """The kills to do, taken by the lanes in turn, and what came of them."""

    stack: Stack
    product: ChaosProduct
    observer: Observer
    todo: list[Kill]
    killed: list[tuple[Deployment, Kill, float]] = field(default_factory=list)
    asked: dict[int, Kill] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next(self, place: Environment) -> Kill | None:
        """The next one that can be done there; what only that place can do comes first."""
        with self.lock:
            suitable = [kill for kill in self.todo if kill.suits(place)]
            kill = next((kill for kill in suitable if "backup" in kill.where), suitable[-1] if suitable else None)
            if kill is not None:
                self.todo.remove(kill)
            return kill

    def again(self, kill: Kill) -> None:
        with self.lock:
            self.todo.append(kill)

    def done(self, what: str) -> int:
        return sum(kill.what == what for _row, kill, _at in self.killed)


def run_lane(campaign: Campaign, place: Environment) -> None:
    """One environment: a newer candidate for each kill."""
    number = 0
    try:
        while kill := campaign.next(place):
            number += 1
            do_one(campaign, place, number, kill)
    except Exception as error:
        campaign.wrong.append(f"{place}: {error!r}")
    finally:
        connection.close()


def do_one(campaign: Campaign, place: Environment, number: int, kill: Kill) -> None:
    """Whoever died with another lane's worker may never come by the point: it is done once more."""
    asked = ask(campaign.product, place, number, kill)
    campaign.asked[asked.pk] = kill
    is_hit = kill.where != RANDOM or kill_at_random(campaign, asked, place.driver, kill.how)
    ended(asked, seconds=60)
    notes = campaign.stack.traps.notes(asked.log_key, kill.how) if is_hit else []
    if not notes:
        campaign.again(kill)
    for note in notes:
        campaign.killed.append((asked, kill, note.at))


def ask(product: ChaosProduct, place: Environment, number: int, kill: Kill) -> Deployment:
    if kill.what != ROLLBACK:
        return product.ask(place, number, traps=kill.traps)
    product.deploy(place, number)
    return product.ask_back(place, traps=kill.traps)


def kill_at_random(campaign: Campaign, asked: Deployment, driver: str, how: str) -> bool:
    """Some time after it was claimed; False when it was faster."""
    moment = dice(f"{asked.environment.slug} {asked.pk} {how}").uniform(0, LONGEST_SECONDS[driver])
    eventually(lambda: (seen := campaign.observer.last(asked.pk)) and seen.attempt, "a claim", seconds=30, pause=0.01)
    time.sleep(moment)
    seen = campaign.observer.last(asked.pk)
    if seen is None or seen.is_final:
        return False
    campaign.stack.traps.note(asked.log_key, RANDOM, how)
    return (kill_child if how == KILL else kill_group_of)(seen.pid)


def wage(
    stack: Stack,
    product: ChaosProduct,
    name: str,
    count: int,
    *,
    drivers: tuple[str, ...] = DRIVERS,
    production: bool = False,
) -> Campaign:
    """Kill `count` times on environments of their own and wait until everything has ended."""
    kinds = ["production" if production and n == 0 else "dev" for n in range(len(drivers))]
    places = [
        product.environment(f"{name}{n}", driver=driver, kind=kind)
        for n, (driver, kind) in enumerate(zip(drivers, kinds, strict=True))
    ]
    product.candidate(count // len(drivers) + 10)
    for place in places:
        product.deploy(place, 0)
    with Observer(stack) as observer:
        campaign = Campaign(stack, product, observer, kills(count, production=production))
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
    wrong = [f"lost: {row.pk} {row.status} {log_of(row)}" for row in rows if not explained(row, *ends(campaign, row))]
    wrong += [f"not backed up: {row.pk} {log_of(row)}" for row in rows if not backed_up(row)]
    wrong += invariants.repeated_steps(rows, deaths)
    for place in places:
        wrong += invariants.not_on_a_known_release(campaign.product, place)
        wrong += invariants.twice(campaign.product, place) + invariants.backwards(campaign.product, place)
    return wrong


def ends(campaign: Campaign, row: Deployment) -> list[str]:
    """How it may end: the no that precedes a way back may have died with its worker, unless the kill came later."""
    kill = campaign.asked.get(row.pk)
    if kill is None or kill.what != RETURN:
        return [S.SUCCEEDED]
    is_killed = any(killed.pk == row.pk for killed, _kill, _at in campaign.killed)
    return [S.FAILED] if is_killed else [S.FAILED, S.SUCCEEDED]


def explained(row: Deployment, *expected: str) -> bool:
    """It ended as it should; or three of its workers were killed, and the old release was put back."""
    return row.status in expected or (row.status == S.ERRORED and row.attempt > 3)


def backed_up(row: Deployment) -> bool:
    """Every deployment of production migrates, so it is backed up first; a rollback is not."""
    wanted = row.environment.is_production and row.kind == Deployment.Kind.DEPLOY
    return not wanted or steps_of(row)["backup"][0] == Step.Status.DONE


def delays(campaign: Campaign) -> list[float]:
    """Seconds from each kill to a new claim or the end; a kill after which nobody did anything counts for ever."""
    found = [campaign.observer.seconds_until_helped(row.pk, at) for row, _how, at in campaign.killed]
    return [seconds if seconds is not None else float("inf") for seconds in found]


@pytest.mark.smoke
def test_whatever_is_killed_everything_ends_once_and_on_a_known_release(
    stack: Stack, product: ChaosProduct, results: Results
) -> None:
    count = rounds(200, smoke=16)
    campaign = wage(stack, product, "kill", count, production=True)
    seconds = sorted(delays(campaign))
    p50, longest = seconds[len(seconds) // 2], seconds[-1]
    is_fast = p50 <= P50_SECONDS / stack.tempo and longest <= MAX_SECONDS / stack.tempo
    by_kind = Counter(kill.how for _row, kill, _at in campaign.killed)
    back = {what: campaign.done(what) for what in (ROLLBACK, RETURN)}
    results.add(
        "kill -9 of tasks and workers",
        asked=f"{count} kills, 0 lost, 0 double, 0 stuck, known release; "
        f"helped p50 ≤ {P50_SECONDS / stack.tempo:.0f} s, max ≤ {MAX_SECONDS / stack.tempo:.0f} s",
        measured=f"{dict(by_kind)}, of them {back}, {campaign.observer.restarts} workers started again, "
        f"wrong {len(campaign.wrong)}; helped {spread(seconds)}; seed {SEED}",
        ok=is_fast and not campaign.wrong and len(campaign.killed) == count,
    )
    assert campaign.wrong == []
    assert (len(campaign.killed), min(back.values()) > 0) == (count, True)
    assert is_fast or IS_SMOKE, seconds[-10:]  # a part this small is no measurement


def test_without_the_reconciler_a_killed_one_stays_where_it_was(stack: Stack, product: ChaosProduct) -> None:
    places = [product.environment("unswept"), product.environment("unswept-back")]
    for place in places:
        product.deploy_many(place, 2)
    with without(stack, "sweep"):
        trap = {"before:switch": KILL}
        asked = [product.ask(places[0], 2, traps=trap), product.ask_back(places[1], traps=trap)]
        with pytest.raises(AssertionError, match="the end of deployment"):
            ended(asked[0], seconds=2 * MAX_SECONDS / stack.tempo)
        with pytest.raises(AssertionError, match="the end of deployment"):
            ended(asked[1], seconds=0.1)
    assert [ended(row).status for row in asked] == [S.SUCCEEDED, S.SUCCEEDED]


@pytest.mark.smoke
def test_without_the_memory_of_steps_they_are_done_twice(stack: Stack, product: ChaosProduct) -> None:
    place = product.environment("forgetful", driver="command", kind="production")
    product.deploy(place, 0)
    with without(stack, "done"):
        done = ended(product.ask(place, 1, traps={"before:health": KILL}))
    assert (steps_of(done)["backup"][1], steps_of(done)["migrate"][1]) == (2, 2)
    assert invariants.repeated_steps([done], Counter({done.pk: 1})) != []


def test_without_the_memory_of_the_way_back_what_was_refused_is_shipped(stack: Stack, product: ChaosProduct) -> None:
    place, kill = product.environment("headstrong", driver="command"), Kill(KILL, RETURN, "before:return")
    product.deploy(place, 0)
    with without(stack, "way_back"):
        done = ended(ask(product, place, 1, kill))
    assert not explained(done, S.FAILED), log_of(done)
    assert (done.status, product.runs(place)) == (S.SUCCEEDED, product.release(1))

"""Workers frozen beyond their lease, at a point between the look at the lease and the write, and woken again.

Guards: every statement carries the fence (`fence`), and the target refuses an older one (`target`). While the frozen
one is woken, the successor is held in the very same state, so nothing but the fence can tell the two apart.
"""

import os
import signal
import threading
import time
from dataclasses import dataclass, field
from itertools import cycle, islice

import pytest
from django.db import connection

from deployments.models import Deployment, Step
from environments.models import Environment
from tests.chaos import invariants
from tests.chaos.observing import without
from tests.chaos.product import ChaosProduct, ended, log_of
from tests.chaos.results import Results
from tests.chaos.sizes import SEED, dice, rounds
from tests.chaos.stack import Stack, eventually
from tests.chaos.traps import STOP, WAIT, Note

S = Deployment.Status
AT_THE_DATABASE = (
    "write:running",
    "write:verifying",
    "write:succeeded",
    "step:migrate:running",
    "step:migrate:done",
    "step:switch:running",
    "step:switch:done",
    "step:health:done",
    "step:verify:done",
    "step:snapshot:done",
    "column",
)
AT_THE_TARGET = "target"
LANES = 5
# Where the successor is held meanwhile, if not at the same point: past its order to the target; outside a transaction.
HELD_AT = {AT_THE_TARGET: "before:health", "write:succeeded": "write:verifying"}
POINTS = (*AT_THE_DATABASE, *[AT_THE_TARGET] * LANES)
SETTLE_SECONDS = 0.3


@dataclass
class Thaws:
    """What became of the frozen ones: by point, and what changed that must not."""

    refused: list[str] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def freeze(stack: Stack, product: ChaosProduct, place: Environment, number: int, point: str, found: Thaws) -> None:
    """Freeze the first holder at `point`, let the second come to the same place, wake the first, then let both go."""
    begun = time.monotonic()
    asked = product.ask(place, number, traps=first_trap(stack, place, point))
    subject = f"app:{place.slug}" if point == AT_THE_TARGET else asked.log_key
    frozen = eventually(lambda: stopped(stack, subject, since=begun), f"the frozen one at {point}", seconds=30)
    second = HELD_AT.get(point, point)
    stack.traps.set(asked.log_key, second, WAIT)
    eventually(lambda: stack.traps.notes(asked.log_key, WAIT), "the successor", seconds=30)
    before = state_of(asked, product, place)
    os.kill(frozen.pid, signal.SIGCONT)
    woken = eventually(lambda: outcome(stack, subject, frozen), "what the woken one did", seconds=30)
    (found.accepted if woken.what == "accepted" else found.refused).append(f"{point} {woken.what}")
    time.sleep(SETTLE_SECONDS)
    if state_of(asked, product, place) != before:
        found.wrong.append(f"{place} {point}: {before} became {state_of(asked, product, place)}")
    stack.traps.release(asked.log_key, second)
    if ended(asked, seconds=60).status != S.SUCCEEDED or asked.attempt != 2:
        found.wrong.append(f"{place} {point}: {asked.status} in attempt {asked.attempt}\n{log_of(asked)}")


def stopped(stack: Stack, subject: str, *, since: float) -> Note | None:
    """Who froze here since then: a place is frozen at its target many times, by processes that live on."""
    return next((note for note in stack.traps.notes(subject, STOP) if note.at > since), None)


def first_trap(stack: Stack, place: Environment, point: str) -> dict[str, str]:
    if point != AT_THE_TARGET:
        return {point: STOP}
    stack.traps.set(f"app:{place.slug}", point, STOP)
    return {}


def outcome(stack: Stack, subject: str, frozen: Note) -> Note | None:
    """What the woken process noted after it woke."""
    notes = [n for n in stack.traps.notes(subject) if n.pid == frozen.pid and n.at > frozen.at and n.what != "woke"]
    return next((note for note in notes if note.what == "accepted" or note.what.startswith("refused")), None)


def state_of(asked: Deployment, product: ChaosProduct, place: Environment) -> dict[str, object]:
    """Everything a late writer could spoil."""
    row = Deployment.objects.values("status", "fence", "attempt", "owner", "error", "snapshot", "finished_at").get(
        pk=asked.pk
    )
    steps = list(Step.objects.filter(deployment=asked).values_list("key", "status", "attempt"))
    return {**row, "steps": steps, "runs": product.runs(place), "switches": len(product.effects(place))}


def freeze_all(stack: Stack, product: ChaosProduct, name: str, points: list[str]) -> Thaws:
    """Every point once, five environments side by side."""
    found = Thaws()
    places = [product.environment(f"{name}{n}") for n in range(min(LANES, len(points)))]
    product.candidate(len(points) // len(places) + 2)
    lanes = [
        threading.Thread(target=freeze_in_turn, args=(stack, product, place, points[n :: len(places)], found))
        for n, place in enumerate(places)
    ]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join(600)
    found.wrong += invariants.stuck(places)
    for place in places:
        found.wrong += invariants.not_on_a_known_release(product, place) + invariants.backwards(product, place)
    return found


def freeze_in_turn(stack: Stack, product: ChaosProduct, place: Environment, points: list[str], found: Thaws) -> None:
    try:
        product.deploy(place, 0)
        for number, point in enumerate(points, start=1):
            freeze(stack, product, place, number, point, found)
    except Exception as error:
        found.wrong.append(f"{place}: {error!r}")
    finally:
        connection.close()


@pytest.mark.smoke
def test_whatever_a_woken_worker_writes_is_refused(stack: Stack, product: ChaosProduct, results: Results) -> None:
    count = rounds(100, smoke=LANES)
    points = list(islice(cycle(dice("points").sample(POINTS, len(POINTS))), count))
    found = freeze_all(stack, product, "frozen", points)
    at_target = [text for text in found.refused if text.startswith(AT_THE_TARGET)]
    results.add(
        "workers frozen beyond their lease and woken",
        asked=f"{count} frozen at a failpoint, every late write refused by database and target",
        measured=f"refused {len(found.refused)} ({len(at_target)} by the target), accepted {len(found.accepted)}, "
        f"wrong {len(found.wrong)}; seed {SEED}",
        ok=len(found.refused) == count and not found.accepted and not found.wrong,
    )
    assert (found.accepted, found.wrong) == ([], [])
    assert len(found.refused) == count
    assert all("FencedOut" in text for text in at_target)


@pytest.mark.parametrize(
    ("guard", "point"),
    [pytest.param("fence", "write:verifying", marks=pytest.mark.smoke), ("target", AT_THE_TARGET)],
)
def test_without_its_guard_a_late_write_is_accepted(
    stack: Stack, product: ChaosProduct, guard: str, point: str
) -> None:
    with without(stack, guard):
        found = freeze_all(stack, product, f"un{guard}", [point])
    assert found.accepted == [f"{point} accepted"]
    assert found.wrong != []

"""A rollback ordered while a deployment hangs.

Guard: whoever holds a deployment looks twice a second for a wish to stop it (`abort`).
"""

import threading
import time
from dataclasses import dataclass, field

import pytest
from django.db import connection

from deployments import services
from deployments.models import Deployment
from environments.models import Environment
from tests.chaos import invariants
from tests.chaos.observing import without
from tests.chaos.product import ChaosProduct, ended, log_of
from tests.chaos.results import Results, spread
from tests.chaos.sizes import rounds
from tests.chaos.stack import Stack, eventually

S = Deployment.Status
HEALTHY_SECONDS, ACCEPTED_SECONDS = 60, 1.0
HANGS = (("command", "migrate"), ("command", "switch"), ("process", "migrate"))
FOREVER = 3600


@dataclass
class Rollbacks:
    accepted: list[float] = field(default_factory=list)
    healthy: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def roll_back_hanging(product: ChaosProduct, place: Environment, number: int, what: str) -> tuple[float, float]:
    """Roll back what hangs in `what`: seconds until that was accepted, and until the old release answers."""
    product.slow(place, what, FOREVER)
    hanging = product.ask(place, number)
    eventually(lambda: begun(product, place, what, number), f"the hanging {what}", seconds=30)
    clicked = time.monotonic()
    back = services.roll_back(place, by=product.cast.ops, reason="It hangs.")
    accepted = time.monotonic() - clicked
    product.slow(place, what, 0)
    ended(back, seconds=HEALTHY_SECONDS)
    healthy = time.monotonic() - clicked
    ended(hanging, seconds=10)
    assert (hanging.status, back.status) == (S.ABORTED, S.SUCCEEDED), log_of(hanging) + log_of(back)
    assert product.runs(place) == product.release(0)
    return accepted, healthy


def begun(product: ChaosProduct, place: Environment, what: str, number: int) -> bool:
    release = product.release(number)
    return any((e.phase, e.what, e.release) == ("begin", what, release) for e in product.effects(place))


def roll_back_in_turn(product: ChaosProduct, place: Environment, what: str, count: int, found: Rollbacks) -> None:
    try:
        product.deploy(place, 0)
        for number in range(1, count + 1):
            accepted, healthy = roll_back_hanging(product, place, number, what)
            found.accepted.append(accepted)
            found.healthy.append(healthy)
    except Exception as error:
        found.wrong.append(f"{place}: {error!r}")
    finally:
        connection.close()


@pytest.mark.smoke
def test_a_rollback_is_never_refused_and_needs_no_patience(
    stack: Stack, product: ChaosProduct, results: Results
) -> None:
    each, found = rounds(17, smoke=1), Rollbacks()
    product.candidate(each + 2)
    places = [product.environment(f"hangs-{n}", driver=driver) for n, (driver, _what) in enumerate(HANGS)]
    lanes = [
        threading.Thread(target=roll_back_in_turn, args=(product, place, what, each, found))
        for place, (_driver, what) in zip(places, HANGS, strict=True)
    ]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join(900)
    limit = HEALTHY_SECONDS / stack.tempo
    for place in places:
        found.wrong += invariants.not_on_a_known_release(product, place) + invariants.overlapping(
            product.effects(place), str(place)
        )
    is_good = not found.wrong and max(found.healthy) <= limit and max(found.accepted) <= ACCEPTED_SECONDS
    results.add(
        "rollback while a deployment hangs",
        asked=f"{each * len(HANGS)} accepted at once, the old release healthy in ≤ {limit:.0f} s",
        measured=f"accepted {spread(found.accepted)}; healthy {spread(found.healthy)}; wrong {len(found.wrong)}",
        ok=is_good,
    )
    assert found.wrong == []
    assert is_good, (found.accepted, found.healthy)


def test_without_a_look_at_the_wish_the_deployment_hangs_on(stack: Stack, product: ChaosProduct) -> None:
    place = product.environment("deaf", driver="command")
    product.deploy(place, 0)
    with without(stack, "abort"):
        product.slow(place, "migrate", FOREVER)
        hanging = product.ask(place, 1)
        eventually(lambda: begun(product, place, "migrate", 1), "the hanging migrate", seconds=30)
        back = services.roll_back(place, by=product.cast.ops, reason="It hangs.")
        with pytest.raises(AssertionError, match="the end of deployment"):
            ended(back, seconds=HEALTHY_SECONDS / stack.tempo)
    product.slow(place, "migrate", 0)
    assert (ended(hanging).status, ended(back).status) == (S.ABORTED, S.SUCCEEDED)

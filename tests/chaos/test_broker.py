"""Valkey is restarted, cut off and frozen: every wish is carried out, and nobody in the browser notices.

Guards: the patience and the silence of the doorbell (see test_broker_losses.py) and of the cache; workers that notice
lost acknowledgements (`hearing`); the sweep, which rings for what nobody heard.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
import redis
from django.utils import timezone

from lifecycle.models import Work
from tests.chaos import work
from tests.chaos.broker import CONSUMES_SECONDS, not_once, nothing_is_left, wish
from tests.chaos.broker_visitors import Visitors, broken, p95_ms, statuses
from tests.chaos.observing import without
from tests.chaos.product import ChaosProduct
from tests.chaos.results import Results, spread
from tests.chaos.sizes import rounds
from tests.chaos.stack import Stack, eventually

P95_MS = 500
FEW = 12  # what waits at any time: workers that are busy must not drown in questions
FREEZE_SECONDS = 6  # longer than the workers' patience with a silent broker


@dataclass
class Outages:
    """What the broker suffered: when, and how long until every worker took work again."""

    spans: list[tuple[float, float]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


def consumed_since(at: object) -> set[int]:
    """The pool processes that took work since then."""
    owners = Work.objects.filter(kind=work.KIND, started_at__gt=at).values_list("owner", flat=True)
    return {int(owner.rpartition(":")[2]) for owner in owners}


def every_worker_takes_work(stack: Stack, product: ChaosProduct, name: str) -> Callable[[], bool]:
    """A question that asks for some more work until each of the workers has had its part."""
    since, numbers = timezone.now(), iter(range(10_000))

    def answer() -> bool:
        if Work.objects.filter(key__startswith=f"{name}:", status=Work.Status.QUEUED).count() < FEW:
            for _ in range(4):
                wish(product, f"{name}:{next(numbers)}")
        pids = consumed_since(since)
        return all(pids & set(worker.children()) for worker in stack.workers.values())

    return answer


@contextmanager
def outage(
    stack: Stack, product: ChaosProduct, outages: Outages, name: str, *, seconds: float = CONSUMES_SECONDS
) -> Iterator[None]:
    """Break the broker in the block; afterwards wait until what was wished meanwhile is done by workers that hear."""
    begun = time.monotonic()
    yield
    back = time.monotonic()
    question = every_worker_takes_work(stack, product, name)
    eventually(question, f"all workers after {name}", seconds=seconds, pause=0.1)
    outages.seconds.append(time.monotonic() - back)
    outages.spans.append((begun, back + 1))


def restart(stack: Stack) -> None:
    stack.valkey.restart()
    stack.server.wait(check=lambda: None)


def reset(stack: Stack) -> None:
    """Cut every connection but the one that says so."""
    client = redis.Redis.from_url(stack.server.url())
    for kind in ("normal", "pubsub"):
        client.client_kill_filter(_type=kind, skipme=True)
    client.close()


def freeze(stack: Stack) -> None:
    stack.valkey.freeze()
    time.sleep(FREEZE_SECONDS)
    stack.valkey.thaw()


def suffer(
    stack: Stack,
    product: ChaosProduct,
    name: str,
    count: int,
    act: Callable[[Stack], None],
    *,
    seconds: float = CONSUMES_SECONDS,
) -> Outages:
    outages = Outages()
    for number in range(count):
        with outage(stack, product, outages, f"{name}{number}", seconds=seconds):
            rings = threading.Thread(target=wish, args=(product, f"{name}{number}:meanwhile"))
            rings.start()
            act(stack)
            rings.join()
    return outages


@pytest.mark.smoke
def test_after_every_outage_all_workers_hear_again_and_the_browser_noticed_nothing(
    stack: Stack, product: ChaosProduct, results: Results
) -> None:
    counts = {"restart": rounds(50, smoke=3), "reset": rounds(50, smoke=3), "freeze": rounds(10, smoke=1)}
    acts = {"restart": restart, "reset": reset, "freeze": freeze}
    with Visitors(stack, product, "outages") as visitors:
        found = {name: suffer(stack, product, name, counts[name], act) for name, act in acts.items()}
    eventually(nothing_is_left, "the end of all work", seconds=CONSUMES_SECONDS)
    spans = [span for outages in found.values() for span in outages.spans]
    visits, seconds = visitors.during(spans), [s for outages in found.values() for s in outages.seconds]
    errors, wrong = broken(visitors.visits), [key for name in acts for key in not_once(name)]
    is_good = not errors and not wrong and p95_ms(visits) <= P95_MS
    results.add(
        "broker: restarts, resets, freezes",
        asked=f"{counts}: all workers hear again ≤ {CONSUMES_SECONDS} s, each wish done once; "
        f"web p95 ≤ {P95_MS} ms meanwhile and no server error",
        measured="; ".join(f"{name} {spread(outages.seconds)}" for name, outages in found.items())
        + f"; not once {len(wrong)}; web p95 {p95_ms(visits):.0f} ms of {len(visits)} visits, "
        f"all {len(visitors.visits)}: {statuses(visitors.visits)}",
        ok=is_good and max(seconds) <= CONSUMES_SECONDS,
    )
    assert wrong == [] and errors == []
    assert p95_ms(visits) <= P95_MS, sorted(visits, key=lambda visit: -visit.seconds)[:20]


def test_without_a_look_at_lost_acknowledgements_a_worker_goes_deaf(stack: Stack, product: ChaosProduct) -> None:
    """Busy workers are: sooner or later the broker goes away between a message and its acknowledgement."""
    with without(stack, "hearing"), pytest.raises(AssertionError, match="all workers after deaf"):
        suffer(stack, product, "deaf", 40, restart, seconds=10)

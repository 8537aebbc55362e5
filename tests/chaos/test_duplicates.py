"""Each message delivered ten times at once. Guard: the claim is one compare-and-set (`claim`)."""

import time
from collections import Counter
from collections.abc import Iterator
from itertools import chain, repeat

import pytest
import redis
from celery import current_app

from deployments.models import Deployment
from environments.models import Environment
from lifecycle import jobs
from lifecycle.models import Work
from tests.chaos import invariants, work
from tests.chaos.observing import without
from tests.chaos.product import ChaosProduct, ended
from tests.chaos.results import Results
from tests.chaos.sizes import dice, rounds
from tests.chaos.stack import Stack, eventually
from tests.chaos.traps import WAIT

COPIES = 10
PLACES = 5


def publish(messages: list[tuple[str, object, str]]) -> None:
    """Ten copies of each, shuffled, over one connection."""
    copies = list(chain.from_iterable(repeat(message, COPIES) for message in messages))
    dice("copies").shuffle(copies)
    with current_app.producer_or_acquire(None) as producer:
        for task, argument, queue in copies:
            current_app.send_task(task, args=(argument,), queue=queue, producer=producer)


def enqueue(product: ChaosProduct, count: int, *, prefix: str) -> Iterator[str]:
    """Work rows of which nobody is told."""
    for number in range(count):
        key = f"{prefix}{number}"
        jobs.enqueue(work.KIND, product.product, product=product.product, key=key)
        yield key


@pytest.mark.smoke
def test_a_message_that_comes_ten_times_has_one_effect(
    stack: Stack, product: ChaosProduct, results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    work.register()
    monkeypatch.setattr(jobs, "ring_after_commit", lambda *args, **more: None)
    keys = list(enqueue(product, rounds(950, smoke=45), prefix="once"))
    places = [product.environment(f"copied{n}") for n in range(PLACES)]
    began = time.monotonic()
    publish([("lifecycle.tasks.work", key, "default") for key in keys])
    asked = [deployed_ten_times(product, place, n) for n in range(rounds(10, smoke=1)) for place in places]
    eventually(lambda: not waiting(keys), "the work", seconds=200, pause=0.5)
    eventually(lambda: not copies_left(stack), "an end of the copies", seconds=120, pause=0.5)
    counts = Counter(key for key in work.runs() if key.startswith("once"))
    twice = [key for key, count in counts.items() if count != 1]
    wrong = list(chain.from_iterable(effects_of(product, place) for place in places))
    messages = len(keys) + len(asked)
    results.add(
        "every message ten times at once",
        asked=f"{messages} messages, {messages * COPIES} deliveries, one effect each",
        measured=f"{len(counts)} of {len(keys)} jobs done, {len(twice)} more than once; {len(asked)} deployments, "
        f"{len(wrong)} wrong; {time.monotonic() - began:.0f} s",
        ok=not twice and not wrong and len(counts) == len(keys),
    )
    assert (twice, wrong, set(counts)) == ([], [], set(keys))


def copies_left(stack: Stack) -> int:
    """Messages that no worker has taken yet; what follows must not wait behind them."""
    with redis.Redis.from_url(stack.server.url()) as broker:
        return sum(int(broker.llen(queue)) for queue in ("default", "deploy"))


def waiting(keys: list[str]) -> bool:
    return Work.objects.filter(key__in=keys).exclude(status=Work.Status.SUCCEEDED).exists()


def deployed_ten_times(product: ChaosProduct, place: Environment, number: int) -> Deployment:
    asked = product.ask(place, number)
    publish([("deployments.tasks.deploy", asked.pk, "deploy")])
    return ended(asked, seconds=60)


def effects_of(product: ChaosProduct, place: Environment) -> list[str]:
    """Every deployment there must have succeeded at once, and switched exactly once."""
    rows = Deployment.objects.filter(environment=place)
    wrong = [f"{row.pk} {row.status}, {row.attempt} attempts" for row in rows if row.attempt != 1]
    switches = [effect for effect in product.effects(place) if effect.what == "switch"]
    wrong += [] if len(switches) == rows.count() else [f"{place}: {len(switches)} switches for {rows.count()}"]
    return wrong + invariants.twice(product, place) + invariants.backwards(product, place)


@pytest.mark.smoke
def test_without_the_compare_and_set_of_the_claim_it_is_done_more_than_once(
    stack: Stack, product: ChaosProduct
) -> None:
    work.register()
    with without(stack, "claim"):
        stack.traps.set("twice0", "taking", WAIT)
        [key] = list(enqueue(product, 1, prefix="twice"))
        eventually(lambda: stack.traps.notes(key, WAIT), "one that has looked and not yet taken", seconds=20)
        publish([("lifecycle.tasks.work", key, "default")])
        eventually(lambda: key in work.runs(), "the work", seconds=20)
        stack.traps.release(key, "taking")
        eventually(lambda: work.runs().count(key) > 1, "the second effect", seconds=20)


def test_with_it_whoever_was_slower_to_take_it_does_nothing(stack: Stack, product: ChaosProduct) -> None:
    work.register()
    stack.traps.set("slower0", "taking", WAIT)
    [key] = list(enqueue(product, 1, prefix="slower"))
    eventually(lambda: stack.traps.notes(key, WAIT), "one that has looked and not yet taken", seconds=20)
    publish([("lifecycle.tasks.work", key, "default")])
    eventually(lambda: key in work.runs(), "the work", seconds=20)
    stack.traps.release(key, "taking")
    eventually(lambda: stack.traps.notes(key, "refused:NotAllowed"), "the refusal", seconds=20)
    assert work.runs().count(key) == 1

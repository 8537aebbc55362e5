"""Messages that are lost, by the broker or because their sender died: the rows are the truth, and all is done.

Guards: the sweep rings again (`sweep`); publishing has 0.2 s and is then silent for a while (Doorbell.PATIENCE).
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis
from celery import current_app
from django.utils import timezone

from lifecycle.doorbell import Doorbell
from lifecycle.embedded.paths import ROOT
from lifecycle.models import Work
from tests.chaos import work
from tests.chaos.broker import CONSUMES_SECONDS, not_once, nothing_is_left, wish
from tests.chaos.observing import without
from tests.chaos.product import ChaosProduct
from tests.chaos.results import Results
from tests.chaos.sizes import rounds
from tests.chaos.stack import Stack, eventually

FLUSHED_SECONDS, RUNG_SECONDS, CLICK_SECONDS = 15, 13, 0.5
BUSY_SECONDS = 3  # no tempo makes statements and processes faster


@contextmanager
def workers_held(stack: Stack) -> Iterator[None]:
    """Nobody takes anything in the block."""
    for worker in stack.workers.values():
        worker.freeze()
    try:
        yield
    finally:
        for worker in stack.workers.values():
            worker.thaw()


def flush_with_50_queued(stack: Stack, product: ChaosProduct, prefix: str) -> None:
    """50 rows whose messages have just been sent, and then there are no messages any more."""
    with workers_held(stack):
        for number in range(50):
            wish(product, f"{prefix}:{number}")
        Work.objects.filter(key__startswith=prefix).update(rung_at=timezone.now())
        client = redis.Redis.from_url(stack.server.url())
        client.flushall()
        client.close()


def all_rung_again(prefix: str, flushed_at: object) -> bool:
    return not Work.objects.filter(key__startswith=prefix, rung_at__lte=flushed_at, status=Work.Status.QUEUED).exists()


@pytest.mark.smoke
def test_what_was_queued_when_the_broker_lost_everything_is_done(
    stack: Stack, product: ChaosProduct, results: Results
) -> None:
    flush_with_50_queued(stack, product, "flushed")
    begun, flushed_at, heard_limit = time.monotonic(), timezone.now(), RUNG_SECONDS / stack.tempo + BUSY_SECONDS
    eventually(lambda: all_rung_again("flushed", flushed_at), "a second ring for all", seconds=FLUSHED_SECONDS)
    heard = time.monotonic() - begun
    eventually(nothing_is_left, "50 flushed jobs", seconds=4 * FLUSHED_SECONDS)
    seconds, wrong = time.monotonic() - begun, not_once("flushed")
    is_good = heard <= heard_limit and seconds <= FLUSHED_SECONDS and not wrong
    results.add(
        "broker: FLUSHALL with 50 queued",
        asked=f"all run ≤ {FLUSHED_SECONDS} s after it is back, once each; rung for again ≤ {heard_limit:.1f} s "
        f"({RUNG_SECONDS} s at real values)",
        measured=f"rung for again after {heard:.1f} s, all run after {seconds:.1f} s, not once {len(wrong)}",
        ok=is_good,
    )
    assert wrong == [] and is_good, (heard, seconds)


def test_without_the_sweep_they_are_lost(stack: Stack, product: ChaosProduct) -> None:
    with without(stack, "sweep"):
        flush_with_50_queued(stack, product, "unswept")
        with pytest.raises(AssertionError, match="50 jobs"):
            eventually(nothing_is_left, "50 jobs", seconds=2 * FLUSHED_SECONDS / stack.tempo)
    eventually(nothing_is_left, "50 jobs", seconds=CONSUMES_SECONDS)


@pytest.mark.smoke
def test_without_its_short_patience_publishing_waits_for_a_frozen_broker(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.valkey.freeze()
    try:
        assert seconds_to_ring() < CLICK_SECONDS
        monkeypatch.setattr(Doorbell, "PATIENCE", current_app.conf.broker_transport_options)
        assert seconds_to_ring() > CLICK_SECONDS
    finally:
        stack.valkey.thaw()


def seconds_to_ring() -> float:
    begun = time.monotonic()
    assert Doorbell()("lifecycle.tasks.heartbeat") is False
    return time.monotonic() - begun


@pytest.mark.smoke
def test_what_was_committed_by_a_process_that_died_before_it_could_ring_is_done(
    stack: Stack, product: ChaosProduct, results: Results
) -> None:
    count = rounds(100, smoke=20)
    command = [sys.executable, "-m", "tests.chaos.broker_publisher", product.product.slug, str(count)]
    done = subprocess.run(command, cwd=ROOT, env=stack.environment(), capture_output=True, text=True, check=True)
    killed = int(done.stdout.split()[-1])
    eventually(nothing_is_left, "what was never rung for", seconds=CONSUMES_SECONDS)
    ran = sum(work.runs().count(f"unrung:{number}") == 1 for number in range(count))
    results.add(
        "web killed between COMMIT and message",
        asked=f"{count} killed: {count} jobs run, once each",
        measured=f"{killed} killed, {ran} ran once",
        ok=killed == ran == count,
    )
    assert (killed, ran) == (count, count)

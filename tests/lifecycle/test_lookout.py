"""What each worker does beside its tasks: it says that it lives and looks for what was lost, however busy it is."""

import time

import pytest
from django.utils import timezone

from lifecycle import heartbeats, jobs, lookout
from lifecycle.events import Machine
from lifecycle.models import Heartbeat, Product, Work

S = Work.Status
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def turning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookout.LoopPulse, "turned_at", time.monotonic())


def kinds() -> set[str]:
    return set(Heartbeat.objects.values_list("kind", flat=True))


@pytest.mark.parametrize(
    ("queues", "parts"),
    [
        ({"deploy", "tick", "mail"}, {"deployer"}),
        ({"default", "git"}, {"worker"}),
        ({"deploy", "default"}, {"deployer", "worker"}),
        ({"mail"}, set()),
    ],
)
def test_a_worker_is_the_parts_whose_queues_it_takes_from(turning, queues: set[str], parts: set[str]):
    lookout.Lookout(queues).look()
    assert kinds() == parts


def test_a_worker_whose_consumer_hangs_is_silent(monkeypatch: pytest.MonkeyPatch):
    long_ago = time.monotonic() - lookout.STUCK_SECONDS - 1
    monkeypatch.setattr(lookout.LoopPulse, "turned_at", long_ago)
    lookout.Lookout({"deploy"}).look()
    assert kinds() == set()


def test_it_finds_what_was_lost(turning, settings):
    settings.LEASE_SECONDS = 0  # PostgreSQL has just been started for the tests
    product = Product.objects.create(name="Shop", slug="shop")
    jobs.handler("try")(lambda lease: None)
    try:
        jobs.enqueue("try", product, product=product)
        work = Work.objects.get(kind="try")
        jobs.claim(work, S.CLAIMED, by=Machine("worker"))
        Work.objects.update(lease_until=timezone.now() - timezone.timedelta(seconds=1))
        lookout.Lookout({"deploy"}).look()
        work.refresh_from_db()
        assert work.status == S.LOST
    finally:
        jobs.REGISTRY.pop("try")


def test_one_look_that_breaks_is_said_and_the_next_round_goes_on(turning, monkeypatch, caplog):
    seen: list[int] = []

    def breaks() -> None:
        seen.append(1)
        raise ValueError("no")

    monkeypatch.setattr(lookout, "SCANS", [breaks])
    for _round in range(2):
        lookout.Lookout({"default"}).look()
    assert seen == [1, 1]
    assert "lookout" in caplog.text


def test_the_looks_of_the_engine_are_among_them():
    from deployments import recovery

    assert recovery.sweep in lookout.SCANS and jobs.reconcile in lookout.SCANS


def test_a_silent_process_is_named_although_another_does_its_part():
    now = timezone.now()
    heartbeats.seen("worker", "worker here:1", at=now - timezone.timedelta(minutes=2))
    heartbeats.seen("worker", "worker here:2", at=now)
    heartbeats.seen("worker", "worker here:3", at=now - timezone.timedelta(hours=2))
    assert [found.name for found in heartbeats.silent_processes(at=now)] == ["worker here:1"]
    assert [pulse.is_late for pulse in heartbeats.pulses(at=now) if pulse.kind == "worker"] == [False]

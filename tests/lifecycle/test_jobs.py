"""The leased runner: claims, leases, fences, attempts, doorbell and logs, on real PostgreSQL and Valkey."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from lifecycle import heartbeats, jobs, leases, logs, shutdown
from lifecycle.doorbell import Doorbell
from lifecycle.events import Machine
from lifecycle.jobs import Failed, Lease, LeaseLost
from lifecycle.models import Heartbeat, LogLine, Product, Work

S = Work.Status
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def subject() -> Product:
    return Product.objects.create(name="Shop", slug="shop")


@pytest.fixture
def handle() -> Iterator[Callable[..., None]]:
    """`handle(run, ended=…)` makes `run` the handler of Work of kind "try" for this test."""
    yield lambda run, ended=None: jobs.handler("try", ended=ended)(run)
    jobs.REGISTRY.pop("try", None)


@pytest.fixture
def short(settings) -> None:
    settings.LEASE_SECONDS, settings.BEAT_SECONDS, settings.OWN_CLOCK_SECONDS = 0.6, 0.1, 0.4


def wish(subject: Product) -> Work:
    jobs.enqueue("try", subject, product=subject)
    return Work.objects.latest("id")


def run_out(work: Work) -> None:
    Work.objects.filter(pk=work.pk).update(lease_until=timezone.now() - timezone.timedelta(seconds=1))


def wait_until(question: Callable[[], object], seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not question() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert question()


def in_threads(number: int, call: Callable[[], object]) -> None:
    def once(_n: int) -> None:
        try:
            call()
        finally:
            connection.close()

    with ThreadPoolExecutor(number) as pool:
        list(pool.map(once, range(number)))


def test_work_runs_once_and_says_how_it_ended(subject: Product, handle):
    seen = []
    handle(lambda lease: seen.append(lease.row.subject_id))
    work = wish(subject)
    jobs.execute(work.key)
    jobs.execute(work.key)
    work.refresh_from_db()
    assert seen == [subject.pk]
    assert (work.status, work.attempt, work.fence, work.lease_until) == (S.SUCCEEDED, 1, 1, None)


def test_eight_deliveries_at_once_run_it_once(subject: Product, handle):
    seen = []
    handle(lambda lease: (seen.append(1), time.sleep(0.1)))
    work = wish(subject)
    in_threads(8, lambda: jobs.execute(work.key))
    assert seen == [1]


def test_the_same_wish_is_queued_once_and_again_while_it_runs(subject: Product, handle):
    handle(lambda lease: wish(subject) if lease.row.attempt and Work.objects.count() == 1 else None)
    wish(subject)
    wish(subject)
    assert Work.objects.count() == 1
    jobs.execute(f"try:{subject.pk}")
    assert list(Work.objects.order_by("id").values_list("status", flat=True)) == [S.SUCCEEDED, S.QUEUED]


def test_a_definite_no_and_an_error_end_differently_and_tell_the_handler(subject: Product, handle):
    told = []

    def refuse(lease: Lease) -> None:
        raise Failed("The tests failed.") if len(told) == 0 else ValueError("odd")

    handle(refuse, ended=lambda work: told.append((work.status, work.error)))
    for _ in range(2):
        jobs.execute(wish(subject).key)
    assert told == [(S.FAILED, "The tests failed."), (S.ERRORED, "ValueError: odd")]
    assert LogLine.objects.filter(text="The tests failed.", stream="err").exists()


def test_work_that_is_not_due_waits(subject: Product, handle):
    handle(lambda lease: None)
    jobs.enqueue("try", subject, product=None, due_at=timezone.now() + timezone.timedelta(hours=1))
    work = Work.objects.get()
    jobs.execute(work.key)
    work.refresh_from_db()
    assert work.status == S.QUEUED


def test_a_held_lease_is_renewed(subject: Product, handle, short: None):
    handle(lambda lease: time.sleep(1.5))
    work = wish(subject)
    jobs.execute(work.key)
    work.refresh_from_db()
    assert work.status == S.SUCCEEDED
    assert jobs.reconcile() == []


def test_a_dead_worker_is_noticed_and_another_one_takes_over(subject: Product, handle, short: None):
    handle(lambda lease: None)
    work = wish(subject)
    jobs.claim(work, S.CLAIMED, by=Machine("worker"))  # never beats: its process is gone
    jobs.execute(work.key)
    run_out(work)
    assert jobs.reconcile() == [work.key]
    jobs.execute(work.key)
    work.refresh_from_db()
    assert (work.status, work.attempt, work.fence) == (S.SUCCEEDED, 2, 2)


def test_work_that_always_kills_its_worker_ends_after_three_attempts(subject: Product, handle, short: None, settings):
    told = []
    handle(lambda lease: None, ended=lambda work: told.append(work.status))
    work = wish(subject)
    for _ in range(settings.MAX_ATTEMPTS):
        jobs.claim(work, S.CLAIMED, by=Machine("worker"))
        run_out(work)
        jobs.reconcile()
        work.refresh_from_db()
    assert work.status == S.ERRORED
    assert "died 3 times" in work.error
    assert told == [S.ERRORED]


def test_a_worker_that_lost_its_lease_cannot_write(subject: Product, handle, short: None):
    handle(lambda lease: None)
    work = wish(subject)
    stale = jobs.claim(work, S.CLAIMED, by=Machine("worker"))
    stale._confirmed = time.monotonic() + 60  # its own clock stood still
    run_out(work)
    jobs.reconcile()
    with pytest.raises(LeaseLost):
        stale.write(error="late")
    with pytest.raises(LeaseLost):
        stale.end(S.SUCCEEDED)
    jobs.execute(work.key)
    with pytest.raises(LeaseLost):
        stale.end(S.SUCCEEDED)
    work.refresh_from_db()
    assert (work.status, work.error, work.fence) == (S.SUCCEEDED, "", 2)


def test_a_lease_that_was_renewed_meanwhile_is_not_taken(subject: Product, handle):
    handle(lambda lease: None)
    work = wish(subject)
    lease = jobs.claim(work, S.CLAIMED, by=Machine("worker"))
    assert leases.mark_lost(work) is False
    lease.end(S.SUCCEEDED)


def test_its_own_clock_stops_a_worker_that_cannot_confirm(subject: Product, handle, settings):
    settings.LEASE_SECONDS, settings.BEAT_SECONDS, settings.OWN_CLOCK_SECONDS = 5, 60, 0.2
    handle(lambda lease: None)
    lease = jobs.claim(wish(subject), S.CLAIMED, by=Machine("worker"))
    assert not lease.lost()
    time.sleep(0.3)
    assert lease.lost()
    with pytest.raises(LeaseLost):
        lease.write(error="late")


def test_the_beat_notices_that_somebody_else_has_the_row(subject: Product, handle, short: None):
    handle(lambda lease: None)
    work = wish(subject)
    lease = jobs.claim(work, S.CLAIMED, by=Machine("worker"))
    with jobs.held(lease):
        Work.objects.filter(pk=work.pk).update(fence=9)
        wait_until(lambda: lease._lost.is_set())


def test_a_wrong_move_is_not_mistaken_for_a_lost_lease(subject: Product, handle):
    handle(lambda lease: None)
    lease = jobs.claim(wish(subject), S.CLAIMED, by=Machine("worker"))
    with pytest.raises(jobs.NotAllowed):
        lease.move(S.QUEUED)


def test_work_that_loses_the_database_is_left_to_the_reconciler(subject: Product, handle):
    def lose(lease: Lease) -> None:
        raise OperationalError("the server went away")

    handle(lose)
    work = wish(subject)
    jobs.execute(work.key)
    work.refresh_from_db()
    assert work.status == S.CLAIMED


def test_nothing_is_taken_from_anybody_just_after_postgresql_started(subject: Product, handle, settings):
    settings.LEASE_SECONDS = 10**9
    handle(lambda lease: None)
    work = wish(subject)
    jobs.claim(work, S.CLAIMED, by=Machine("worker"))
    run_out(work)
    assert jobs.reconcile() == []


def test_what_nobody_heard_is_rung_again_but_not_every_few_seconds(subject: Product, handle, short: None, settings):
    handle(lambda lease: None)
    work = wish(subject)
    assert jobs.reconcile() == [work.key]
    assert jobs.reconcile() == []
    Work.objects.update(rung_at=timezone.now() - timezone.timedelta(seconds=settings.RING_AGAIN_SECONDS + 1))
    assert jobs.reconcile() == [work.key]


def test_the_doorbell_never_fails_its_caller(settings):
    bell = Doorbell()
    assert bell("lifecycle.tasks.heartbeat")
    broken = Doorbell()
    broken.publish = lambda *_: (_ for _ in ()).throw(ConnectionError("refused"))  # type: ignore[method-assign]
    assert broken("lifecycle.tasks.heartbeat") is False
    assert broken.silent_until > time.monotonic()


def test_a_wish_that_is_rolled_back_rings_nobody(subject: Product, handle, monkeypatch: pytest.MonkeyPatch):
    rung = []
    monkeypatch.setattr("lifecycle.doorbell.doorbell", lambda *args, **_: rung.append(args))
    handle(lambda lease: None)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        jobs.enqueue("try", subject, product=subject)
        _ = 1 / 0
    assert rung == [] and not Work.objects.exists()
    jobs.enqueue("try", subject, product=subject)
    assert rung == [("lifecycle.tasks.work", f"try:{subject.pk}")]


def test_writers_of_one_log_never_lose_or_swap_a_line():
    def write() -> None:
        writer = logs.Writer("many")
        for _ in range(20):
            writer.out(threading.current_thread().name)

    in_threads(6, write)
    assert list(LogLine.objects.filter(log="many").order_by("seq").values_list("seq", flat=True)) == [*range(1, 121)]


def test_an_idle_reader_costs_no_sql(django_assert_num_queries):
    logs.Writer("idle").info("hello")
    assert [line.text for line in logs.lines_after("idle", 0)] == ["hello"]
    with django_assert_num_queries(0):
        assert logs.lines_after("idle", 1) == []
    cache.delete(logs.sequence_key("idle"))
    with django_assert_num_queries(1):
        assert logs.lines_after("idle", 1) == []
    with django_assert_num_queries(0):
        assert logs.lines_after("idle", 1) == []


def test_secrets_are_masked_also_across_lines():
    writer = logs.Writer("masked", secrets=["line one\nline two", "abc"])
    writer.out("key: line one\nline two, abc\x00")
    assert [line.text for line in logs.lines_after("masked", 0)] == [f"key: {logs.MASK}, abc�"]


def test_of_a_long_log_the_beginning_and_the_end_are_kept_and_it_is_said_once(monkeypatch: pytest.MonkeyPatch):
    for name, value in (("HEAD_LINES", 3), ("TAIL_LINES", 4), ("SLACK_LINES", 2)):
        monkeypatch.setattr(logs, name, value)
    writer = logs.Writer("long")
    for number in range(1, 31):
        writer.out(f"{number}")
    writer.ok("done")
    texts = [line.text for line in logs.lines_after("long", 0)]
    assert texts[:3] == ["1", "2", "3"] and texts[-4:] == ["28", "29", "30", "done"]
    assert [text for text in texts if "not kept" in text] == [texts[3]]
    assert len(texts) < 3 + 1 + 4 + 2 + 2


def test_a_secret_that_comes_in_two_pieces_is_masked():
    batch = logs.Batch(logs.Writer("pieces", secrets=["s3cret-of-the-shop", "KEY\nBODY\nEND"]))
    for piece in ("the password is s3cret-", "of-the-shop.\n", "KEY\nBO", "DY\nEND\n", "it ends in s3cret-of"):
        batch.add("stdout", piece)
        batch.add("stderr", "noise\n")
    batch.store()
    text = "\n".join(line.text for line in logs.lines_after("pieces", 0))
    assert "s3cret" not in text and "BODY" not in text
    assert text.count(logs.MASK) == 3 and text.count("noise") == 5


def test_a_batch_stores_what_came_when_it_is_told_to():
    batch = logs.Batch(logs.Writer("batch"))
    batch.add("stdout", "one\n")
    batch.add("system", "two\n")
    batch.store()
    lines = logs.lines_after("batch", 0)
    assert [(line.stream, line.text) for line in lines] == [("out", "one"), ("info", "two")]


def test_the_pulse_tells_who_was_not_seen():
    assert [pulse.seconds for pulse in heartbeats.pulses()] == [None, None, None]
    now = timezone.now()
    Heartbeat.objects.create(name="old:1", kind="worker", at=now - timezone.timedelta(days=2))
    heartbeats.worker(["deployer"], at=now)
    heartbeats.beat(at=now - timezone.timedelta(seconds=40))
    late = [(pulse.kind, pulse.is_late) for pulse in heartbeats.pulses(at=now)]
    assert late == [("deployer", False), ("worker", True), ("beat", True)]
    assert not Heartbeat.objects.filter(name="old:1").exists()


def test_work_of_a_worker_that_leaves_is_handed_over_and_the_attempt_does_not_count(subject, handle, settings):
    settings.HAND_OVER_SECONDS = 0.3
    runs: list[int] = []

    def long(lease: Lease) -> None:
        runs.append(lease.fence)
        while len(runs) == 1:
            lease.check()
            time.sleep(0.05)

    handle(long)
    work = wish(subject)
    shutdown.ask()
    shutdown_begun = time.monotonic()
    try:
        jobs.run(jobs.claim(work, S.CLAIMED, by=Machine("worker")))
        assert time.monotonic() - shutdown_begun < 2
        work.refresh_from_db()
        assert (work.status, work.attempt, work.lease_until) == (S.LOST, 0, None)
        jobs.execute(work.key)
        assert runs == [1], "it takes nothing new"
    finally:
        shutdown.forget()
    jobs.execute(work.key)
    work.refresh_from_db()
    assert (work.status, work.attempt) == (S.SUCCEEDED, 1)

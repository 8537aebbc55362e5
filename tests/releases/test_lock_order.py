"""Nobody waits in a circle: what is locked, and in which order (docs/engine.md "Who waits for whom")."""

import re
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.utils import timezone

from deployments import running, services
from environments.models import Variable
from ideas import services as ideas
from ideas.models import Stop, Vote
from releases import candidates, facts, freezing, plan, replanning, stacking
from releases.models import Candidate, Release

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.django_db(transaction=True)


def in_a_thread(deed: Callable[[], object], failures: list[Exception]) -> threading.Thread:
    """Do it on a connection of its own; what goes wrong is in `failures`."""

    def run() -> None:
        try:
            deed()
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def both(*deeds: Callable[[threading.Barrier], object]) -> list[Exception]:
    """Each in a transaction of its own, which meet half way; what went wrong."""
    failures: list[Exception] = []
    meet = threading.Barrier(2, timeout=10)

    def alone(deed: Callable[[threading.Barrier], object]) -> None:
        with transaction.atomic():
            deed(meet)

    for thread in [in_a_thread(lambda deed=deed: alone(deed), failures) for deed in deeds]:
        thread.join(30)
    return failures


def until_somebody_waits() -> None:
    end = time.monotonic() + 10
    with connection.cursor() as cursor:
        while time.monotonic() < end:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
            time.sleep(0.02)
    raise AssertionError("nobody waits for a lock")


@pytest.mark.parametrize(
    "lock",
    [services.locked_release, freezing.hold_with_frozen, lambda release: replanning.hold(release.pk)],
    ids=["to ship it", "to freeze it", "to plan it anew"],
)
def test_who_holds_staging_and_writes_of_a_release_does_not_wait_for_who_holds_it_and_writes_of_staging(
    cast, frozen, lock
):
    """PostgreSQL looks at foreign keys when a transaction commits: that is where the story's demo met its workers."""
    release, staging = frozen("Keep a wishlist"), cast.product.environments.get(kind="staging")

    def of_staging(meet: threading.Barrier) -> None:
        running.locked(staging)
        candidates.request(cast.product, Candidate.Purpose.RELEASE, release=release, by=cast.petra)
        meet.wait()

    def of_the_release(meet: threading.Barrier) -> None:
        lock(release)
        Variable.objects.create(environment=staging, name="SEEN", value="1", changed_at=timezone.now())
        meet.wait()

    assert both(of_staging, of_the_release) == []


def test_an_idea_that_arrives_does_not_hold_up_the_whole_product(cast, plan_of):
    one, other = [change.ideas.get() for change in plan_of("Keep a wishlist", "Wrap gifts").changes.order_by("pk")]
    there, done = threading.Event(), threading.Event()

    def arrive_and_vote(meet: threading.Barrier) -> None:
        meet.wait()
        ideas.reach(one, Stop.STAGING, by=cast.petra)
        there.set()
        done.wait(2)
        Vote.objects.create(idea=other, user=cast.carl, created_at=timezone.now())

    def arrive_too(meet: threading.Barrier) -> None:
        meet.wait()
        there.wait(10)
        ideas.reach(other, Stop.STAGING, by=cast.petra)
        done.set()

    assert both(arrive_and_vote, arrive_too) == []


def test_a_repair_that_ships_takes_what_it_brings_back_before_the_ideas(cast, frozen, idea_of):
    repair = frozen("Keep a wishlist")
    Release.objects.filter(pk=repair.pk).update(kind=Release.Kind.HOTFIX, reason="Nobody can pay")
    repair.refresh_from_db()
    aside = parked(cast, idea_of("Wrap gifts"))
    failures: list[Exception] = []
    with transaction.atomic():
        replanning.hold(aside.pk)
        shipping = in_a_thread(lambda: facts.mark_live(repair, deployment=repair, by=cast.ops), failures)
        until_somebody_waits()
        ideas.reach(repair.changes.get().ideas.get(), Stop.DEMO, by=cast.petra)
    shipping.join(20)
    aside.refresh_from_db()
    assert failures == []
    assert not aside.is_parked


def parked(cast, idea) -> Release:
    """24.12 made way for a repair."""
    release = plan.create(
        product=cast.product,
        version="24.12",
        target_date=timezone.localdate() + timedelta(days=9),
        ideas=[idea],
        by=cast.petra,
    )
    plan.publish(release, by=cast.petra)
    Release.objects.filter(pk=release.pk).update(status=Release.Status.FROZEN, parked_at=timezone.now())
    return Release.objects.get(pk=release.pk)


def test_what_leaves_staging_is_held_with_what_comes_in_the_order_of_its_keys(cast, tested, compose, monkeypatch):
    release = tested("Keep a wishlist", "Wrap gifts")
    leaves, stays = release.changes.order_by("pk")
    taken: list[list[int]] = []
    lock = stacking.lock
    monkeypatch.setattr(stacking, "lock", lambda rows: (taken.append(sorted(row.pk for row in rows)), lock(rows)))
    type(leaves).objects.filter(pk=leaves.pk).update(status="staging")
    candidate = candidates.on_staging(cast.product)
    candidate.rows.filter(change=leaves).delete()
    facts.mark_on_staging(candidate, by=cast.ops)
    assert taken[0] == [leaves.pk, stays.pk]


def test_no_lock_asks_for_more_than_to_change_the_row():
    """A plain FOR UPDATE waits for whoever writes a row that points at the locked one; a join locks the other table."""
    asked = re.compile(r"select_for_update\(((?:[^()]|\([^()]*\))*)\)")
    plain = [
        f"{path.relative_to(ROOT)}: {found[0]}"
        for app in ("lifecycle", "ideas", "environments", "releases", "deployments")
        for path in (ROOT / app).rglob("*.py")
        for found in asked.finditer(path.read_text())
        if "no_key=True" not in found[1]
    ]
    assert plain == []

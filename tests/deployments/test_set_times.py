"""Promotion at set times: once per time, by whichever worker comes first, with the reason when nothing came of it."""

import threading
from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from deployments import intake, promotion, services, tasks
from environments import holds, locks, places, promotion_times, stops
from environments.models import Environment, Lock
from lifecycle import events
from lifecycle.models import Work
from releases import changes
from releases.models import Candidate, Change, Release
from tests.deployments.test_board import change
from tests.deployments.watched import candidate, deployment, environment, release

KIND = Environment.Kind
FRIDAY = datetime(2026, 11, 27, 9, tzinfo=UTC)
MONDAY = datetime(2026, 11, 30, 9, tzinfo=UTC)
THURSDAY = FRIDAY - timedelta(days=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def shop(cast):
    """dev, staging and production; one change is ready."""
    for kind in KIND:
        environment(cast.product, kind)
    candidate(cast.product, "24.10", purpose=Candidate.Purpose.ADOPTED)
    change(cast, 7, "ready", title="Gift wrap")
    return cast


@pytest.fixture
def staging(shop):
    return on_schedule(shop, place(KIND.STAGING))


def place(slug):
    return Environment.objects.select_related("product").get(slug=slug)


def on_schedule(cast, place, at=THURSDAY):
    """Mondays and Fridays at nine."""
    facts = {"name": place.name, "url": "", "test_data": "", "promotion": "scheduled"}
    places.describe(place, promotion_days=[1, 5], promotion_time=time(9), by=cast.ops, at=at, **facts)
    return place


def after(moment):
    """Staging when a tick has looked at it."""
    promotion.tick(at=moment)
    return place(KIND.STAGING)


def composed():
    return Candidate.objects.filter(purpose=Candidate.Purpose.STAGING)


def test_what_is_ready_is_composed_at_its_time_and_not_before(staging):
    after(FRIDAY - MINUTE)
    assert not composed().exists()
    then = after(FRIDAY)
    made = composed().get()
    asked = events.about(made).get(verb="candidate.requested")
    assert (asked.actor, asked.machine) == (None, "schedule")
    assert (then.next_promotion_at, then.last_promotion_at, then.last_promotion_note) == (MONDAY, FRIDAY, "")
    assert then.promotion_again_at is None


def test_the_next_tick_does_nothing(staging):
    after(FRIDAY)
    Work.objects.all().delete()
    after(FRIDAY + MINUTE)
    assert composed().count() == 1


def test_what_the_workers_missed_is_one_promotion(staging):
    then = after(MONDAY + timedelta(days=20))
    assert composed().count() == 1
    Work.objects.all().delete()
    after(MONDAY + timedelta(days=20, seconds=2))
    assert composed().count() == 1
    assert then.next_promotion_at == datetime(2026, 12, 21, 9, tzinfo=UTC)


def test_nothing_ready_waits_for_the_next_time_and_says_so(staging):
    Change.objects.update(status="development")
    then = after(FRIDAY)
    assert "No change is ready" in then.last_promotion_note
    assert (then.promotion_again_at, then.next_promotion_at) == (None, MONDAY)
    Change.objects.update(status="ready")
    after(FRIDAY + timedelta(hours=1))
    assert not composed().exists()
    after(MONDAY)
    assert composed().count() == 1


def test_a_frozen_release_keeps_staging_until_the_next_time(shop, staging):
    release(shop, "9.9", Release.Status.FROZEN)
    then = after(FRIDAY)
    assert "9.9 is frozen" in then.last_promotion_note
    assert (then.promotion_again_at, then.next_promotion_at) == (None, MONDAY)


def held(shop, staging):
    Environment.objects.filter(pk=staging.pk).update(held_by=shop.tess, held_until=FRIDAY + 5 * MINUTE)
    return "Tess is testing"


def locked(shop, staging):
    locks.lock(staging, kind=Lock.Kind.HARD, reason="Load test", hours=1, by=shop.ops, at=FRIDAY - 55 * MINUTE)
    return "Load test"


def stopped(shop, staging):
    stops.pull(shop.product, by=shop.ops, reason="Smoke")
    return "Smoke"


@pytest.mark.parametrize("bar", [held, locked, stopped])
def test_what_ends_by_itself_is_asked_about_each_minute(shop, staging, bar):
    why = bar(shop, staging)
    then = after(FRIDAY)
    assert why in then.last_promotion_note
    assert (then.promotion_again_at, then.next_promotion_at) == (FRIDAY + MINUTE, MONDAY)
    assert after(FRIDAY + MINUTE / 2).last_promotion_at == FRIDAY
    assert after(FRIDAY + MINUTE).promotion_again_at == FRIDAY + 2 * MINUTE
    assert not composed().exists()
    if stop := stops.in_force(shop.product):
        stops.lift(stop, by=shop.ops)
    then = after(FRIDAY + 6 * MINUTE)
    assert (then.promotion_again_at, then.last_promotion_note) == (None, "")
    assert composed().count() == 1


def test_a_hold_over_nothing_that_is_ready_is_not_waited_for(shop, staging):
    held(shop, staging)
    Change.objects.update(status="development")
    assert after(FRIDAY).promotion_again_at is None


def test_a_fault_keeps_neither_others_nor_the_next_tick_from_their_work(shop, staging, monkeypatch):
    demo = Environment.objects.create(product=shop.product, slug="demo", name="Demo", kind=KIND.STAGING, position=1)
    on_schedule(shop, demo)
    monkeypatch.setattr(services, "promote", lambda *_, **__: 1 / 0)
    then = after(FRIDAY)
    assert "broke off" in then.last_promotion_note
    assert then.promotion_again_at == FRIDAY + MINUTE
    assert "Nothing is verified on Staging" in place("demo").last_promotion_note


def test_a_further_environment_is_given_what_is_verified_before_it(shop, staging):
    Environment.objects.filter(kind=KIND.PRODUCTION).update(position=9)
    demo = Environment.objects.create(product=shop.product, slug="demo", name="Demo", kind=KIND.STAGING, position=2)
    on_schedule(shop, demo)
    verified = candidate(shop.product, "staging 3", purpose=Candidate.Purpose.STAGING)
    deployment(staging, verified)
    Environment.objects.filter(pk=staging.pk).update(promotion="by_hand", next_promotion_at=None)
    promotion.tick(at=FRIDAY)
    made = demo.deployments.get()
    assert (made.candidate, made.requested_by) == (verified, None)
    made.delete()
    deployment(demo, verified)
    promotion.tick(at=MONDAY)
    assert "runs the same" in place("demo").last_promotion_note
    assert demo.deployments.count() == 1


def test_what_became_the_first_dev_since_is_left_to_the_pushes(shop):
    dev = on_schedule(shop, place(KIND.STAGING))
    Environment.objects.filter(kind=KIND.DEV).delete()
    Environment.objects.filter(pk=dev.pk).update(kind=KIND.DEV)
    assert "takes compositions" in after(FRIDAY).last_promotion_note
    assert not composed().exists()


def test_what_is_not_in_use_waits_until_it_is(shop, staging):
    Environment.objects.filter(pk=staging.pk).update(status="broken")
    assert after(FRIDAY).last_promotion_at is None


def test_another_time_zone_moves_the_next_time(shop, staging):
    shop.product.time_zone = "Asia/Tokyo"
    shop.product.save()
    then = after(THURSDAY)
    assert then.next_promotion_at == FRIDAY - timedelta(hours=9)
    assert composed().count() == 0
    assert after(FRIDAY - timedelta(hours=9)).last_promotion_note == ""
    assert composed().count() == 1


def test_a_time_that_was_due_before_the_zone_changed_is_not_lost(shop, staging):
    shop.product.time_zone = "America/New_York"
    shop.product.save()
    then = after(FRIDAY)
    assert composed().count() == 1
    assert then.next_promotion_at == FRIDAY + timedelta(hours=5)


def test_a_night_that_repeats_the_hour_promotes_once(shop, staging):
    """On 25 October 2026 the clocks of Riga show 03:30 twice."""
    shop.product.time_zone = "Europe/Riga"
    shop.product.save()
    night = place(KIND.STAGING)
    facts = {"name": "Staging", "url": "", "test_data": "", "promotion": "scheduled", "promotion_time": time(3, 30)}
    noon = datetime(2026, 10, 24, 12, tzinfo=UTC)
    places.describe(night, promotion_days=[7], by=shop.ops, at=noon, **facts)
    for hour in range(18):
        after(noon + timedelta(hours=hour, minutes=30))
        Work.objects.all().delete()
    assert composed().count() == 1


def test_the_short_task_looks(shop, staging):
    Environment.objects.filter(pk=staging.pk).update(next_promotion_at=timezone.now())
    tasks.prove()
    assert composed().count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_ticks_at_once_promote_once(engine, monkeypatch):
    staging = on_schedule(engine.cast, engine.environment("staging"))
    runs, both = [], threading.Barrier(2, timeout=10)

    def slow(_environment, _at):
        runs.append(threading.get_ident())
        threading.Event().wait(0.4)

    real = promotion_times.due

    def due(at):
        found = real(at)
        if not hasattr(mine, "met"):
            mine.met = True
            found = Environment.objects.filter(pk__in=list(found.values_list("pk", flat=True)))
            both.wait()
        return found

    mine = threading.local()
    monkeypatch.setattr(promotion, "_promote", slow)
    monkeypatch.setattr(promotion_times, "due", due)

    def tick():
        try:
            promotion.tick(at=FRIDAY)
        finally:
            connection.close()

    threads = [threading.Thread(target=tick) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(runs) == 1
    staging.refresh_from_db()
    assert staging.next_promotion_at == MONDAY


def test_it_comes_to_staging_by_itself(engine):
    ready(engine)
    on_schedule(engine.cast, engine.environment("staging"), at=timezone.now())
    Environment.objects.filter(slug="staging").update(next_promotion_at=timezone.now())
    promotion.tick()
    engine.settle()
    made = composed().get()
    staging = engine.environment("staging")
    assert engine.runs(staging) == made.label
    asked = events.about(staging.deployments.get(candidate=made)).get(verb="deployment.requested")
    assert (asked.actor, asked.machine) == (None, "schedule")
    assert Change.objects.get().status == "staging"


def test_a_tester_who_came_while_it_was_composed_is_waited_for(engine):
    ready(engine)
    staging = on_schedule(engine.cast, engine.environment("staging"), at=timezone.now())
    Environment.objects.filter(slug="staging").update(next_promotion_at=timezone.now())
    promotion.tick()
    holds.hold(staging, by=engine.cast.tess, minutes=30)
    engine.settle()
    staging.refresh_from_db()
    assert "Tess is testing" in staging.last_promotion_note
    assert staging.promotion_again_at > timezone.now()
    holds.let_go(staging, by=engine.cast.tess)
    promotion.tick(at=timezone.now() + MINUTE)
    engine.settle()
    assert Change.objects.get().status == "staging"


def test_a_composition_of_a_person_leaves_the_schedules_outcome_alone(shop, staging):
    mine = services.promote(shop.product, by=shop.lena)
    promotion.came_to_nothing(mine, "Tess is testing", ends_by_itself=True)
    assert place(KIND.STAGING).promotion_again_at is None


def test_a_composition_that_breaks_off_is_the_outcome(shop, staging):
    after(FRIDAY)
    work = Work.objects.get(kind="compose")
    work.error = "The disk is full."
    intake._broke_off(work)
    assert place(KIND.STAGING).last_promotion_note == "The disk is full."


def ready(engine):
    """A change that waits for staging."""
    plan = engine.plan("Wishlist")
    changes.mark_ready(engine.push(plan.changes.get()), by=engine.cast.dev)


@pytest.mark.parametrize(("bar", "words"), [(None, "Next on "), (held, "asked again each minute")])
def test_the_pages_say_when_it_is_next_and_what_came_of_it(shop, staging, sign_in, bar, words):
    if bar:
        bar(shop, staging)
    after(FRIDAY)
    client = sign_in(shop.dev)
    assert words in client.get("/environments/").content.decode()
    page = client.get("/environments/staging/").content.decode()
    assert "at set times" in page
    assert "Next on " in page
    assert ("Tess is testing" if bar else "Promoted on Friday, November 27, 09:00") in page
    assert sign_in(shop.cleo).get("/environments/staging/").status_code == 403


def test_the_button_is_not_offered_where_staging_is_locked(shop, staging, sign_in):
    locks.lock(staging, kind=Lock.Kind.HARD, reason="Load test", hours=1, by=shop.ops)
    assert "Load test" in sign_in(shop.tess).get("/environments/").content.decode()
    assert sign_in(shop.tess).post("/environments/promote/").status_code == 409

"""A deployment at a chosen time, and until when at the latest."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import override_settings
from django.utils import timezone

from deployments import claims, recovery, running, services, stopping
from deployments.models import Deployment
from environments.models import Environment
from lifecycle.models import Notification
from lifecycle.transitions import NotAllowed
from tests.deployments.engine import Shop, log_of

S = Deployment.Status
HOUR = timedelta(hours=1)


def later(hours: float = 1):
    return timezone.now() + hours * HOUR


def sweep() -> list[int]:
    with override_settings(LEASE_SECONDS=0):  # PostgreSQL has just been started for the tests
        return recovery.sweep()


def when_due(deployment: Deployment) -> None:
    Deployment.objects.filter(pk=deployment.pk).update(due_at=timezone.now())


def scheduled(engine: Shop, label: str = "one", environment: Environment | None = None, **more: object) -> Deployment:
    facts = {"due_at": later(), **more}
    return services.request(environment or engine.dev, engine.candidate(label), by=engine.cast.ops, **facts)


def test_it_waits_for_its_time_and_then_a_worker_is_rung_for(engine: Shop):
    made = scheduled(engine)
    engine.carry_out(made)
    assert made.status == S.QUEUED
    assert made.pk not in sweep()
    assert f"It begins at {made.due_at:%Y-%m-%d %H:%M} UTC." in log_of(made)
    when_due(made)
    assert made.pk in sweep()
    engine.carry_out(made)
    assert made.status == S.SUCCEEDED


@pytest.mark.parametrize(
    ("due", "expires", "field"), [(-1, None, "due_at"), (2, 1, "expires_at"), (None, -1, "expires_at")]
)
def test_impossible_times_are_named(engine: Shop, due: float | None, expires: float | None, field: str):
    times = {"due_at": due and later(due), "expires_at": expires and later(expires)}
    with pytest.raises(ValidationError) as error:
        services.request(engine.dev, engine.candidate("one"), by=engine.cast.ops, **times)
    assert list(error.value.message_dict) == [field]
    assert not Deployment.objects.exists()


def test_what_could_not_begin_in_its_time_expires_and_says_so(engine: Shop):
    made = scheduled(engine, expires_at=later(2))
    moment = timezone.now()
    Deployment.objects.filter(pk=made.pk).update(due_at=moment - 2 * HOUR, expires_at=moment - HOUR)
    assert claims.claim(engine.dev) is None, "nobody begins it after its time"
    sweep()
    made.refresh_from_db()
    assert made.status == S.EXPIRED
    assert "It could not begin before" in made.error
    news = Notification.objects.filter(event="deployment.expired", user=engine.cast.ops)
    assert news.exists()


def test_a_waiting_one_is_cancelled(engine: Shop):
    made = scheduled(engine)
    stopping.abort(made, by=engine.cast.lena, reason="Not today.")
    assert made.status == S.CANCELLED
    assert running.queue_position(made) == 0


def test_deploying_now_leaves_something_newer_its_time(engine: Shop):
    old, new = engine.candidate("one"), engine.candidate("two")
    tonight = services.request(engine.dev, new, by=engine.cast.ops, due_at=later())
    now = services.request(engine.dev, old, by=engine.cast.ops)
    tonight.refresh_from_db()
    assert (tonight.status, running.queue_position(now)) == (S.QUEUED, 1)
    newest = services.request(engine.dev, engine.candidate("three"), by=engine.cast.ops)
    for row in (tonight, now):
        row.refresh_from_db()
    assert (tonight.status, now.status, newest.status) == (S.SUPERSEDED, S.SUPERSEDED, S.QUEUED)


def test_a_schedule_leaves_what_waits_for_its_turn_alone_and_replaces_the_last_schedule(engine: Shop):
    now = services.request(engine.dev, engine.candidate("one"), by=engine.cast.ops)
    first, second = scheduled(engine, "two"), scheduled(engine, "three")
    for row in (now, first):
        row.refresh_from_db()
    assert (now.status, first.status, second.status) == (S.QUEUED, S.SUPERSEDED, S.QUEUED)


def test_the_same_candidate_at_another_time_is_another_wish(engine: Shop):
    candidate, evening = engine.candidate("one"), later()
    first = services.request(engine.dev, candidate, by=engine.cast.ops, due_at=evening)
    assert services.request(engine.dev, candidate, by=engine.cast.lena, due_at=evening) == first
    now = services.request(engine.dev, candidate, by=engine.cast.ops)
    first.refresh_from_db()
    assert now != first
    assert first.status == S.SUPERSEDED


def test_the_gates_are_asked_again_at_its_time(engine: Shop):
    made = scheduled(engine)
    stopping.pull(engine.cast.product, by=engine.cast.max, reason="Payments fail.")
    when_due(made)
    engine.carry_out(made)
    assert made.status == S.FAILED
    with pytest.raises(NotAllowed):
        scheduled(engine, "two")

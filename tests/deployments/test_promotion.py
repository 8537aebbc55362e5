"""Further environments: what is verified before them moves on, by hand or by itself, and who decides elsewhere."""

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from deployments import promotion, running, services
from deployments.models import Deployment
from environments import locks, places, stops
from environments.models import Environment
from lifecycle.models import Work
from lifecycle.transitions import NotAllowed
from releases.models import Release
from tests.deployments.shop import free_port
from tests.deployments.watched import release

AUTOMATIC = Environment.Promotion.AUTOMATIC


@pytest.fixture
def qa(engine):
    """A second environment for development, behind the first."""
    port = free_port()
    made = Environment.objects.create(
        product=engine.cast.product,
        slug="qa",
        name="Quality",
        kind="dev",
        position=1,
        driver_settings={"port": port},
    )
    places.renumber([engine.dev, made, engine.environment("staging"), engine.production])
    made.refresh_from_db()
    return made


def test_what_is_verified_before_it_moves_on_by_hand(engine, qa):
    with pytest.raises(NotAllowed, match="Nothing is verified"):
        promotion.promote_to(qa, by=engine.cast.lena)
    one = engine.deploy(engine.dev, engine.candidate("one")).candidate
    deployment = engine.carry_out(promotion.promote_to(qa, by=engine.cast.lena))
    assert (deployment.candidate, deployment.status) == (one, "succeeded")
    assert engine.runs(qa) == "one"


def test_it_follows_by_itself_as_soon_as_the_one_before_has_verified(engine, qa):
    describe(engine, qa, AUTOMATIC)
    engine.deploy(engine.dev, engine.candidate("one"))
    engine.settle()
    assert engine.runs(qa) == "one"
    engine.deploy(engine.dev, engine.broken("two"))
    engine.settle()
    assert engine.runs(qa) == "one"
    assert Deployment.objects.filter(environment=qa).count() == 1


def test_a_rollback_moves_nothing_on(engine, qa):
    describe(engine, qa, AUTOMATIC)
    for label in ("one", "two"):
        engine.deploy(engine.dev, engine.candidate(label))
        engine.settle()
    engine.roll_back(engine.dev)
    engine.settle()
    assert (engine.runs(engine.dev), engine.runs(qa)) == ("one", "two")


def test_why_it_does_not_follow_is_written_down(engine, qa):
    describe(engine, qa, AUTOMATIC)
    Environment.objects.filter(pk=engine.dev.pk).update(position=2)
    Environment.objects.filter(pk=qa.pk).update(position=0)
    engine.deploy(engine.dev, engine.candidate("one"))
    promotion.jobs.enqueue("promote", qa, product=qa.product)
    engine.settle()
    assert Work.objects.filter(kind="promote", status="failed", error__contains="takes compositions").exists()


def test_a_frozen_release_has_the_first_staging_alone(engine):
    second = Environment.objects.create(
        product=engine.cast.product, slug="staging-2", name="Staging 2", kind="staging", position=2
    )
    places.renumber([engine.dev, engine.environment("staging"), second, engine.production])
    one = engine.deploy(engine.environment("staging"), engine.candidate("one")).candidate
    release(engine.cast, "9.9", Release.Status.FROZEN)
    assert promotion.require_worth_it(second) == (one, engine.environment("staging"))
    assert promotion.promote_to(second, by=engine.cast.ops).candidate == one
    with pytest.raises(NotAllowed, match="9.9 is frozen"):
        services.request(engine.environment("staging"), engine.candidate("two"), by=engine.cast.ops)


def test_what_would_be_refused_is_not_offered(engine, qa):
    engine.deploy(engine.dev, engine.candidate("one"))
    stops.pull(engine.cast.product, by=engine.cast.ops, reason="Smoke")
    with pytest.raises(NotAllowed, match="Smoke"):
        promotion.require_worth_it(qa)


@pytest.mark.parametrize("kind", ["dev", "staging", "production"])
def test_where_people_or_compositions_decide_nothing_follows(engine, qa, kind):
    place = engine.cast.product.environments.filter(kind=kind).first()
    with pytest.raises(ValidationError):
        describe(engine, place, AUTOMATIC)
    with pytest.raises(NotAllowed):
        promotion.promote_to(place, by=engine.cast.lena)
    assert running.current(place) is None


def describe(engine, environment, rule):
    facts = {"name": environment.name, "url": "", "test_data": ""}
    places.describe(environment, promotion=rule, by=engine.cast.ops, **facts)


def test_what_a_lock_keeps_away_follows_when_the_lock_has_ended(engine, qa):
    describe(engine, qa, AUTOMATIC)
    lock = locks.lock(qa, kind="hard", reason="Load test", hours=1, by=engine.cast.ops)
    engine.deploy(engine.dev, engine.candidate("one"))
    engine.settle()
    assert not Deployment.objects.filter(environment=qa).exists()
    locks.unlock(lock, by=engine.cast.ops)
    assert Work.objects.filter(kind="promote", status="queued").update(due_at=timezone.now()) == 1
    engine.settle()
    assert engine.runs(qa) == "one"
    assert not Work.objects.filter(kind="promote", status="queued").exists()

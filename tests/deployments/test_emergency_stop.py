"""The emergency stop: nothing but rollbacks starts, and what runs is stopped."""

import pytest
from django.core.exceptions import ValidationError

from deployments import services, stopping
from deployments.models import Deployment
from environments import stops
from environments.variables import set_variable
from lifecycle.transitions import NotAllowed
from tests.deployments.engine import Shop, in_background, log_of
from tests.deployments.shop import eventually

S = Deployment.Status


def test_it_names_who_and_why_and_lets_rollbacks_pass(engine: Shop):
    engine.deploy(engine.dev, engine.candidate("one"))
    engine.deploy(engine.dev, engine.candidate("two"))
    stop = stopping.pull(engine.cast.product, by=engine.cast.max, reason="Payments fail")
    with pytest.raises(NotAllowed, match="Max pulled the emergency stop: Payments fail. Only rollbacks"):
        services.request(engine.dev, engine.candidate("three"), by=engine.cast.ops)
    assert engine.roll_back(engine.dev).status == S.SUCCEEDED
    stops.lift(stop, by=engine.cast.max)
    assert engine.deploy(engine.dev, engine.candidate("four")).status == S.SUCCEEDED


def test_it_needs_a_reason(engine: Shop):
    with pytest.raises(ValidationError):
        stopping.pull(engine.cast.product, by=engine.cast.max, reason=" ")
    assert stops.in_force(engine.cast.product) is None


def test_what_waits_is_refused_when_its_turn_comes(engine: Shop):
    waiting = services.request(engine.dev, engine.candidate("one"), by=engine.cast.ops)
    stopping.pull(engine.cast.product, by=engine.cast.max, reason="Payments fail.")
    engine.carry_out(waiting)
    assert (waiting.status, waiting.attempt) == (S.FAILED, 0)
    assert "Max pulled the emergency stop: Payments fail." in waiting.error


def test_what_runs_is_stopped_and_the_old_release_stays(engine: Shop):
    engine.deploy(engine.dev, engine.candidate("one"))
    (engine.data(engine.dev) / "slow-migrate").write_text("60")
    deployment = services.request(engine.dev, engine.candidate("two"), by=engine.cast.ops)

    thread = in_background(deployment)
    assert eventually(lambda: len(engine.steps_run(engine.dev)) == 2)
    stopping.pull(engine.cast.product, by=engine.cast.max, reason="Payments fail.")
    thread.join(15)
    deployment.refresh_from_db()
    assert deployment.status == S.ABORTED, log_of(deployment)
    assert "Max asked to stop it. Payments fail." in log_of(deployment)
    assert engine.runs(engine.dev) == "one"


def test_dev_may_not_be_given_the_database_of_production(engine: Shop):
    live = "postgresql://shop:a@localhost:5999/shop"
    set_variable(engine.production, name="DATABASE_URL", value=live, is_secret=True, by=engine.cast.ops)
    same = "postgres://dev:b@127.0.0.1:5999/shop"
    set_variable(engine.dev, name="DB", value=same, is_secret=True, by=engine.cast.ops)
    refused = engine.deploy(engine.dev, engine.candidate("one"))
    assert refused.status == S.FAILED
    assert refused.error == "DB leads to the database of Production: Dev must have one of its own"
    assert engine.steps_run(engine.dev) == []
    assert engine.deploy(engine.production, engine.candidate("two")).status == S.SUCCEEDED

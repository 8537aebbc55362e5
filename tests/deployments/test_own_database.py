"""Dev and staging have a database of their own: never one that production has, runs with or is about to run with."""

import pytest

from deployments import services, targets
from deployments.drivers import DriverError
from deployments.models import Deployment
from environments import variables
from tests.deployments.engine import Shop, log_of

S = Deployment.Status


def database(engine: Shop, kind: str, name: str) -> None:
    facts = {"name": "DATABASE_URL", "value": f"postgresql://127.0.0.1/{name}", "is_secret": True}
    variables.set_variable(engine.environment(kind), by=engine.cast.ops, **facts)


def test_the_one_that_production_still_runs_with_is_refused_too(engine: Shop):
    database(engine, "production", "first")
    assert engine.deploy(engine.production, engine.candidate("one")).status == S.SUCCEEDED
    database(engine, "production", "second")
    database(engine, "staging", "first")
    refused = engine.deploy(engine.environment("staging"), engine.candidate("two"))
    assert refused.status == S.FAILED, log_of(refused)
    assert "DATABASE_URL leads to the database of Production" in refused.error
    assert engine.deploy(engine.production, engine.candidate("three")).status == S.SUCCEEDED
    done = engine.deploy(engine.environment("staging"), engine.candidate("four"))
    assert done.status == S.SUCCEEDED, "production has left it"


def test_and_the_one_that_a_deployment_on_its_way_was_claimed_with(engine: Shop):
    database(engine, "production", "first")
    on_its_way = services.request(engine.production, engine.candidate("one"), by=engine.cast.ops)
    now = engine.production.config_version
    Deployment.objects.filter(pk=on_its_way.pk).update(status=S.RUNNING, config_version=now)
    database(engine, "production", "second")
    database(engine, "staging", "first")
    with pytest.raises(DriverError, match="leads to the database of Production"):
        targets.require_own_database(engine.environment("staging"))

"""Test data: restored by the declared command into dev and staging, never in production nor near its database."""

import pytest
from django.utils import timezone

from deployments import claims, services, test_data
from deployments.models import Deployment
from deployments.pages import standing
from environments import variables
from environments.models import Environment
from lifecycle import jobs
from lifecycle.models import Work
from lifecycle.transitions import NotAllowed
from tests.deployments.engine import MANIFEST

ADDRESS = "postgresql://shop:pw@127.0.0.1/shop"
COMMANDS = (
    MANIFEST
    + """
[test_data]
restore = ["{python}", "step.py", "restore"]
scrub = ["{python}", "step.py", "scrub"]
name = "hundred-orders"
"""
)


@pytest.fixture
def staging(engine):
    place = engine.environment("staging")
    engine.deploy(place, engine.candidate("one", **{"lifecycle.toml": COMMANDS}))
    place.refresh_from_db()
    return place


def after_work(engine, environment):
    engine.settle()
    environment.refresh_from_db()
    return environment


def test_a_worker_restores_it_and_says_when(engine, staging):
    test_data.request(staging, by=engine.cast.ops)
    after_work(engine, staging)
    assert engine.steps_run(staging)[-1].startswith("restore one+")
    assert (staging.test_data_at is not None, staging.test_data_note) == (True, "")
    assert test_data.name_of(staging) == "hundred-orders"


def test_a_scrubbed_copy_is_the_other_way(engine, staging):
    test_data.request(staging, by=engine.cast.ops, scrub=True)
    after_work(engine, staging)
    assert engine.steps_run(staging)[-1].startswith("scrub one+")
    assert test_data.held(staging) == "A scrubbed copy"
    assert "A scrubbed copy" in standing.data(staging).text
    test_data.request(staging, by=engine.cast.ops)
    after_work(engine, staging)
    assert test_data.held(staging) == "hundred-orders"


def test_what_went_wrong_stays_on_the_environment(engine, staging):
    (engine.data(staging) / "fail-restore").touch()
    test_data.request(staging, by=engine.cast.ops)
    after_work(engine, staging)
    assert (staging.test_data_at, "exit code 1" in staging.test_data_note) == (None, True)


def test_it_is_not_restored_into_productions_database(engine, staging):
    variables.set_variable(engine.production, name="DATABASE_URL", value=ADDRESS, is_secret=True, by=engine.cast.ops)
    other = ADDRESS.replace("127.0.0.1", "localhost:5432")
    variables.set_variable(staging, name="SHOP_DB", value=other, is_secret=True, by=engine.cast.ops)
    test_data.request(staging, by=engine.cast.ops)
    after_work(engine, staging)
    assert "SHOP_DB" in staging.test_data_note
    assert not any(step.startswith("restore") for step in engine.steps_run(staging))


def test_production_and_places_that_say_nothing_are_refused(engine, staging):
    for place in (engine.production, engine.dev):
        assert test_data.offered(place) is None
        with pytest.raises(NotAllowed):
            test_data.request(place, by=engine.cast.ops)
    Environment.objects.filter(pk=staging.pk).update(status="broken")
    staging.refresh_from_db()
    with pytest.raises(NotAllowed):
        test_data.request(staging, by=engine.cast.ops)


def test_it_waits_for_a_deployment_and_is_tried_again(engine, staging):
    asked = services.request(staging, engine.candidate("two"), by=engine.cast.ops)
    lease = claims.claim(staging)
    assert lease is not None and lease.row.pk == asked.pk
    test_data.request(staging, by=engine.cast.ops)
    jobs.execute(f"test_data:{staging.pk}")
    assert not any(step.startswith("restore") for step in engine.steps_run(staging))
    again = Work.objects.get(kind="test_data", status=Work.Status.QUEUED)
    Deployment.objects.filter(pk=asked.pk).update(status=Deployment.Status.ABORTED, lease_until=None)
    Work.objects.filter(pk=again.pk).update(due_at=again.requested_at)
    jobs.execute(again.key)
    assert engine.steps_run(staging)[-1].startswith("restore ")


def test_a_deployment_waits_for_it_and_a_rollback_does_not(engine, staging):
    test_data.request(staging, by=engine.cast.ops)
    Work.objects.filter(kind="test_data").update(status=Work.Status.CLAIMED, lease_until=timezone.now(), fence=1)
    asked = services.request(staging, engine.candidate("two"), by=engine.cast.ops)
    assert claims.claim(staging) is None
    asked.refresh_from_db()
    assert asked.status == Deployment.Status.QUEUED and asked.error == "The test data of Staging is being restored."
    Deployment.objects.filter(pk=asked.pk).update(kind=Deployment.Kind.ROLLBACK)
    assert claims.claim(staging) is not None

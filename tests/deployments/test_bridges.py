"""Nothing goes back over a change whose migration the older code does not run on: not by itself, not by a click."""

import pytest
from django.utils import timezone

from deployments import running, services, stopping
from deployments.drivers import DriverError
from deployments.drivers.process import ProcessDriver
from deployments.models import Deployment, Step
from environments.models import Environment
from lifecycle.transitions import NotAllowed
from tests.cast import Cast
from tests.deployments.engine import MANIFEST, Shop, log_of
from tests.deployments.test_services import hard_change
from tests.deployments.test_step_promises import PLAIN, hanging
from tests.deployments.watched import candidate, deployment, environment

S = Deployment.Status
WORDS = "C-1 changed the database so that the older code cannot run, so nothing goes back by itself: deploy a repair."
REFUSED = "C-1 changed the database"


def tried(place: Environment, label: str, migrate: str, *, flag: str = "contract") -> Deployment:
    """It broke off after its migration had come so far; one of its changes says that older code cannot run."""
    made = deployment(place, candidate(place.product, label), status=S.ERRORED, previous=None)
    hard_change(made.candidate, flag)
    step = {"key": "migrate", "position": 2, "status": migrate}
    Step.objects.create(deployment=made, **step, started_at=timezone.now() if migrate != "pending" else None)
    Environment.objects.filter(pk=place.pk).update(state=Environment.State.UNSURE)
    place.refresh_from_db()
    return made


def test_after_the_migration_of_a_contract_change_nothing_goes_back_by_itself(engine: Shop):
    engine.deploy(engine.dev, engine.candidate("one"))
    broken = engine.broken("two")
    hard_change(broken)
    failed = engine.deploy(engine.dev, broken)
    assert failed.status == S.ERRORED and WORDS in log_of(failed)
    assert not failed.steps.filter(key="return").exists()
    assert engine.environment("dev").state == Environment.State.UNSURE
    back = engine.roll_back(engine.dev)
    assert (back.status, engine.runs(engine.dev)) == (S.SUCCEEDED, "one"), "outside production people may know better"


def test_before_the_migration_of_a_contract_change_nothing_has_happened(engine: Shop):
    engine.deploy(engine.production, engine.candidate("one"))
    (engine.data(engine.production) / "fail-backup").touch()
    hard = engine.candidate("two", **{"shop__migrations__0001_initial.py": "x = 1\n"})
    hard_change(hard)
    failed = engine.deploy(engine.production, hard)
    assert failed.status == S.FAILED, log_of(failed)
    assert engine.environment("production").state == Environment.State.OK


def test_an_abort_during_the_migration_of_a_contract_change_leaves_it_as_it_is(engine: Shop):
    engine.deploy(engine.dev, engine.candidate("one"))
    hard = engine.candidate("two")
    hard_change(hard)
    going, thread = hanging(engine, hard, 60)
    stopping.abort(going, by=engine.cast.ops)
    thread.join(15)
    going.refresh_from_db()
    assert going.status == S.ABORTED and WORDS in log_of(going)
    assert engine.environment("dev").state == Environment.State.UNSURE


@pytest.mark.parametrize("migrate", ["running", "done", "failed"])
def test_production_remembers_what_began_to_migrate_it_and_broke_off(cast: Cast, migrate: str):
    place = environment(cast.product)
    deployment(place, candidate(cast.product, "one"))
    tried(place, "two", migrate)
    with pytest.raises(NotAllowed, match=REFUSED):
        services.roll_back(place, by=cast.ops, reason="Faulty.")


@pytest.mark.parametrize(("migrate", "flag"), [("pending", "contract"), ("skipped", "contract"), ("done", "expand")])
def test_what_did_not_migrate_or_only_expands_leaves_the_way_open(cast: Cast, migrate: str, flag: str):
    place = environment(cast.product)
    deployment(place, candidate(cast.product, "one"))
    tried(place, "two", migrate, flag=flag)
    assert services.roll_back(place, by=cast.ops, reason="Faulty.").candidate.label == "one"


def test_a_repair_that_was_verified_since_may_be_gone_back_to(cast: Cast):
    place = environment(cast.product)
    deployment(place, candidate(cast.product, "one"))
    tried(place, "two", "done")
    for label in ("three", "four"):
        deployment(place, candidate(cast.product, label))
    Environment.objects.filter(pk=place.pk).update(state=Environment.State.OK)
    assert running.previous_verified(place).label == "three"
    assert services.roll_back(place, by=cast.ops, reason="Faulty.").candidate.label == "three"
    Deployment.objects.filter(kind="rollback").update(status=S.SUCCEEDED, verified_at=timezone.now())
    with pytest.raises(NotAllowed, match=REFUSED):
        services.roll_back(place, by=cast.ops, reason="Three is faulty, too.")


def test_a_rollback_that_failed_is_not_tried_again_over_such_a_migration(cast: Cast):
    place = environment(cast.product)
    for label in ("one", "two"):
        deployment(place, candidate(cast.product, label))
    back = services.roll_back(place, by=cast.ops, reason="Faulty.")
    Deployment.objects.filter(pk=back.pk).update(status=S.FAILED)
    back.refresh_from_db()
    tried(place, "three", "failed")
    with pytest.raises(NotAllowed, match=REFUSED):
        services.retry(back, by=cast.ops)


def test_a_migration_whose_command_is_not_there_has_not_begun(engine: Shop):
    engine.deploy(engine.production, engine.candidate("zero"))
    engine.deploy(engine.production, engine.candidate("one"))
    text = MANIFEST.replace(PLAIN, 'command = ["no-such-command"]\nirreversible = true\n')
    failed = engine.deploy(engine.production, engine.candidate("two", **{"lifecycle.toml": text}))
    assert (failed.status, engine.environment("production").state) == (S.FAILED, Environment.State.OK)
    assert "there is no such command" in failed.error
    assert engine.roll_back(engine.production).status == S.SUCCEEDED


def test_a_migration_on_a_host_that_is_away_has_not_begun(engine: Shop, monkeypatch: pytest.MonkeyPatch):
    engine.deploy(engine.production, engine.candidate("one"))
    hard = engine.candidate("two")
    hard_change(hard)
    answers = iter([None])

    def bring(_driver: ProcessDriver, _release: object, **_hold: object) -> None:
        if next(answers, "away"):
            raise DriverError("web1 cannot be reached", retry=True)

    monkeypatch.setattr(ProcessDriver, "runs_commands", True)
    monkeypatch.setattr(ProcessDriver, "bring", bring)
    monkeypatch.setattr("deployments.attempts.PAUSE_SECONDS", 0.01)
    failed = engine.deploy(engine.production, hard)
    assert (failed.status, engine.environment("production").state) == (S.FAILED, Environment.State.OK), log_of(failed)
    assert "web1 cannot be reached" in failed.error


def test_a_refusal_names_what_may_still_be_deployed(cast: Cast):
    place = environment(cast.product)
    deployment(place, candidate(cast.product, "one"))
    tried(place, "two", "done")
    with pytest.raises(NotAllowed, match="Deploy a repair; one, which was verified last, may be deployed once more"):
        services.roll_back(place, by=cast.ops, reason="Faulty.")
    one = running.current(place).candidate
    assert services.request(place, one, by=cast.ops).candidate == one

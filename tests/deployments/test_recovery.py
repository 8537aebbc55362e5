"""Workers that die or freeze: real processes, killed with -9. Nobody unlocks anything, nothing is done twice."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import override_settings

from deployments import claims, keeper_state, recovery, rollout, running, services, stopping, targets
from deployments.models import Deployment
from environments import variables
from environments.models import Environment
from tests.deployments.engine import Shop, log_of, status_of
from tests.deployments.shop import ROOT, eventually

S = Deployment.Status
CARRY_OUT = (
    "import django; django.setup(); from deployments import rollout; import sys; rollout.execute(int(sys.argv[1]))"
)
Worker = Callable[[Deployment], subprocess.Popen]


def database_url() -> str:
    facts = connection.settings_dict
    user, password = quote(facts["USER"]), quote(facts["PASSWORD"])
    return f"postgresql://{user}:{password}@{facts['HOST']}:{facts['PORT']}/{facts['NAME']}"


@pytest.fixture
def worker(engine: Shop) -> Iterator[Worker]:
    """`worker(deployment)` carries it out in a process of its own, with leases a fifth as long."""
    env = os.environ | {
        "DJANGO_SETTINGS_MODULE": "lifecycle.settings",
        "DATABASE_URL": database_url(),
        "SECRET_KEY": django_settings.SECRET_KEY,
        "LIFECYCLE_VAR": str(engine.var),
        "LIFECYCLE_TEMPO": "5",
        "LIFECYCLE_TRANSACTION_SECONDS": "3",
    }
    started: list[subprocess.Popen] = []

    def start(deployment: Deployment) -> subprocess.Popen:
        command = [sys.executable, "-c", CARRY_OUT, str(deployment.pk)]
        started.append(subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.DEVNULL))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def found_lost(deployment: Deployment) -> bool:
    with override_settings(LEASE_SECONDS=1):  # PostgreSQL has just been started for the tests
        recovery.sweep()
    return status_of(deployment) == S.LOST


def freeze(process: subprocess.Popen) -> None:
    """Stop it where it holds no lock: one that is frozen within a transaction loses its session, and ends."""
    for _attempt in range(200):
        process.send_signal(signal.SIGSTOP)
        time.sleep(0.05)
        if not others_in_a_transaction():
            return
        process.send_signal(signal.SIGCONT)
        time.sleep(0.01)
    raise AssertionError("it is always in a transaction")


def others_in_a_transaction() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
        )
        return cursor.fetchone() is not None


def kill(process: subprocess.Popen) -> None:
    process.kill()
    process.wait()


@pytest.mark.slow
def test_a_worker_killed_in_a_command_is_noticed_and_the_next_one_finishes(engine: Shop, worker: Worker):
    engine.deploy(engine.dev, engine.candidate("one"))
    slow = engine.data(engine.dev) / "slow-migrate"
    slow.write_text("300")
    deployment = services.request(engine.dev, engine.candidate("two"), by=engine.cast.ops)
    process = worker(deployment)
    assert eventually(lambda: len(engine.steps_run(engine.dev)) == 2, seconds=60)
    kill(process)
    assert eventually(lambda: found_lost(deployment), seconds=60)
    slow.unlink()
    engine.carry_out(deployment)
    assert (deployment.status, deployment.attempt) == (S.SUCCEEDED, 2), log_of(deployment)
    assert engine.runs(engine.dev) == "two"
    assert deployment.fence == engine.environment("dev").fence


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_moment_the_environment_ends_on_a_known_release(engine: Shop, worker: Worker, seed: int):
    engine.deploy(engine.dev, engine.candidate("one"))
    deployment = services.request(engine.dev, engine.candidate("two"), by=engine.cast.ops)
    process = worker(deployment)
    assert eventually(lambda: status_of(deployment) != S.QUEUED, seconds=60)
    time.sleep(random.Random(seed).uniform(0, 1.2))
    kill(process)
    assert eventually(lambda: found_lost(deployment) or deployment.is_final, seconds=60)
    engine.carry_out(deployment)
    assert deployment.status == S.SUCCEEDED, log_of(deployment)
    assert engine.runs(engine.dev) == "two"
    again = engine.deploy(engine.dev, engine.candidate("three"))
    assert again.status == S.SUCCEEDED, "the environment is not blocked"


@pytest.mark.slow
def test_a_deployment_that_always_kills_its_worker_goes_back_after_three_attempts(engine: Shop, worker: Worker):
    engine.deploy(engine.dev, engine.candidate("one"))
    (engine.data(engine.dev) / "slow-migrate").write_text("300")
    deployment = services.request(engine.dev, engine.candidate("two"), by=engine.cast.ops)
    for attempt in (1, 2, 3):
        process = worker(deployment)
        assert eventually(lambda n=attempt: len(engine.steps_run(engine.dev)) == 1 + n, seconds=60)
        kill(process)
        assert eventually(lambda: found_lost(deployment), seconds=60)
    engine.carry_out(deployment)
    assert deployment.status == S.ERRORED, log_of(deployment)
    assert engine.runs(engine.dev) == "one"
    assert engine.environment("dev").state == Environment.State.OK


@pytest.mark.slow
def test_a_frozen_worker_that_wakes_up_changes_nothing(engine: Shop, worker: Worker):
    engine.deploy(engine.dev, engine.candidate("one"))
    slow = engine.data(engine.dev) / "slow-migrate"
    slow.write_text("300")
    deployment = services.request(engine.dev, engine.candidate("two"), by=engine.cast.ops)
    process = worker(deployment)
    assert eventually(lambda: len(engine.steps_run(engine.dev)) == 2, seconds=60)
    freeze(process)
    assert eventually(lambda: found_lost(deployment), seconds=60)
    slow.unlink()
    engine.carry_out(deployment)
    ended = (deployment.status, deployment.attempt, deployment.fence, deployment.finished_at)
    lines = log_of(deployment)
    process.send_signal(signal.SIGCONT)
    assert process.wait(60) == 0
    deployment.refresh_from_db()
    assert (deployment.status, deployment.attempt, deployment.fence, deployment.finished_at) == ended
    assert ended[:2] == (S.SUCCEEDED, 2)
    assert log_of(deployment).startswith(lines)
    assert engine.runs(engine.dev) == "two"


def test_a_lost_one_whose_abort_was_asked_for_is_stopped(engine: Shop):
    engine.deploy(engine.dev, engine.candidate("one"))
    deployment = services.request(engine.dev, engine.candidate("two"), by=engine.cast.ops)
    Deployment.objects.filter(pk=deployment.pk).update(status=S.LOST, attempt=1)
    stopping.abort(deployment, by=engine.cast.ops)
    engine.carry_out(deployment)
    assert deployment.status == S.ABORTED
    assert engine.runs(engine.dev) == "one"


def test_a_rollback_overtakes_a_lost_deployment(engine: Shop):
    engine.deploy(engine.dev, engine.candidate("one"))
    lost = services.request(engine.dev, engine.candidate("two"), by=engine.cast.ops)
    Deployment.objects.filter(pk=lost.pk).update(status=S.LOST, attempt=1)
    back = services.roll_back(engine.dev, by=engine.cast.ops, reason="It hangs.")
    rollout.execute(back.pk)
    engine.carry_out(back)
    assert (status_of(lost), back.status) == (S.ABORTED, S.SUCCEEDED)
    assert running.active(engine.dev) is None


def test_after_six_dead_workers_it_ends_and_the_environment_is_not_sure(engine: Shop, settings):
    settings.LEASE_SECONDS = 0.1
    deployment = services.request(engine.dev, engine.candidate("one"), by=engine.cast.ops)
    Deployment.objects.filter(pk=deployment.pk).update(status=S.LOST, attempt=6)
    recovery.sweep()
    assert status_of(deployment) == S.ERRORED
    assert engine.environment("dev").state == Environment.State.UNSURE
    after = engine.deploy(engine.dev, engine.candidate("two"))
    assert after.status == S.SUCCEEDED
    assert engine.environment("dev").state == Environment.State.OK


def test_without_a_clear_answer_after_a_death_nobody_pretends_to_know(engine: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rollout, "PROBE_SECONDS", 0)
    candidate = engine.candidate("one")
    deployment = services.request(engine.dev, candidate, by=engine.cast.ops)
    Deployment.objects.filter(pk=deployment.pk).update(status=S.LOST, attempt=1)
    deployment.steps.create(key="switch", position=3, status="running")
    folder = engine.var / "apps" / "dev"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "current.json").write_text('{"release": "x", "fence": 0, "argv": ["sleep", "60"], "cwd": "/", "env": {}}')
    engine.carry_out(deployment)
    assert deployment.status == S.ERRORED, log_of(deployment)
    assert "no clear answer" in deployment.error
    assert engine.environment("dev").state == Environment.State.UNSURE


def test_what_waits_too_long_expires_and_what_nobody_heard_is_rung_again(engine: Shop, settings):
    settings.LEASE_SECONDS = 0.1
    heard = services.request(engine.environment("staging"), engine.candidate("one"), by=engine.cast.ops)
    late = services.request(engine.dev, engine.candidate("two"), by=engine.cast.ops)
    Deployment.objects.filter(pk=late.pk).update(expires_at=late.requested_at)
    assert recovery.sweep() == [heard.pk]
    assert status_of(late) == S.EXPIRED


def test_a_target_ahead_of_a_restored_database_is_caught_up_with(engine: Shop):
    folder = targets.driver_for(engine.dev, engine.candidate("none")).target.folder
    keeper_state.hold(folder, 99)
    deployment = engine.deploy(engine.dev, engine.candidate("one"))
    assert deployment.status == S.LOST
    assert "knows fence 99" in log_of(deployment)
    assert engine.carry_out(deployment).status == S.SUCCEEDED
    assert (deployment.fence, deployment.attempt) == (100, 2)
    assert engine.runs(engine.dev) == "one"


def test_a_fence_that_this_database_gave_to_somebody_else_is_respected(engine: Shop):
    deployment = services.request(engine.dev, engine.candidate("one"), by=engine.cast.ops)
    lease = claims.claim(engine.dev)
    Environment.objects.filter(pk=engine.dev.pk).update(fence=50)
    keeper_state.hold(targets.driver_for(engine.dev, deployment.candidate).target.folder, 50)
    rollout.run(lease)
    assert (status_of(deployment), engine.dev.fence) == (S.CLAIMED, 50)
    assert engine.runs(engine.dev) == ""


def test_a_later_attempt_goes_on_with_the_variables_of_the_first(engine: Shop):
    deployment = services.request(engine.dev, engine.candidate("one"), by=engine.cast.ops)
    first = claims.claim(engine.dev)
    variables.set_variable(engine.dev, name="SHOP", value="changed", is_secret=False, by=engine.cast.ops)
    Deployment.objects.filter(pk=deployment.pk).update(status=S.LOST, lease_until=None)
    second = claims.claim(engine.dev)
    assert second.row.config_version == first.row.config_version < engine.dev.config_version

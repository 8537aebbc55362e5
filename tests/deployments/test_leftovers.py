"""A worker that is only frozen leaves its command running: whoever comes after it ends that first."""

import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from deployments import services
from deployments.models import Deployment, Step
from environments.models import Environment
from lifecycle import process
from lifecycle.guard import start_time
from tests.deployments.engine import Shop, log_of
from tests.deployments.shop import eventually
from tests.deployments.test_recovery import Worker, found_lost, worker

__all__ = ["worker"]
S = Deployment.Status
# Notes who else deploys at the moment, then takes its time if it is told to.
DEPLOY = """
import os, pathlib, time
data, me = pathlib.Path(os.environ["DATA_DIR"]), f"{os.getpid()} {os.environ['RELEASE']}"
with open(data / "beside", "a") as beside:
    for other in data.glob("deploys-*"):
        if pathlib.Path("/proc", other.name.split("-")[1]).exists():
            print(other.name, file=beside)
(data / f"deploys-{os.getpid()}").touch()
if (data / "slow").exists():
    time.sleep(60)
(data / "runs").write_text(os.environ["RELEASE"])
"""


@pytest.fixture
def commanded(engine: Shop) -> Environment:
    """Dev, deployed to by a command of the product."""
    place = engine.dev
    place.driver = "command"
    place.driver_settings = {"deploy": ["{python}", "deploy.py"], "probe": ["cat", f"{engine.data(place)}/runs"]}
    place.save(update_fields=["driver", "driver_settings"])
    return place


def frozen_while_deploying(engine: Shop, worker: Worker) -> Deployment:
    """A deployment that lost its worker; its command goes on."""
    assert engine.deploy(engine.dev, engine.candidate("one", **{"deploy.py": DEPLOY})).status == S.SUCCEEDED
    data = engine.data(engine.dev)
    (data / "slow").touch()
    deployment = services.request(engine.dev, engine.candidate("two"), by=engine.cast.ops)
    stopped = worker(deployment)
    assert eventually(lambda: len(list(data.glob("deploys-*"))) == 2, seconds=20)
    stopped.send_signal(signal.SIGSTOP)
    assert eventually(lambda: found_lost(deployment), seconds=15)
    (data / "slow").unlink()
    return deployment


def beside(engine: Shop) -> str:
    return (engine.data(engine.dev) / "beside").read_text()


@pytest.mark.slow
def test_the_deploy_command_of_a_frozen_worker_is_ended_first(engine: Shop, commanded: Environment, worker: Worker):
    deployment = frozen_while_deploying(engine, worker)
    engine.carry_out(deployment)
    assert (deployment.status, deployment.attempt) == (S.SUCCEEDED, 2), log_of(deployment)
    assert beside(engine) == ""


@pytest.mark.slow
def test_it_is_ended_before_the_way_back_too(engine: Shop, commanded: Environment, worker: Worker):
    deployment = frozen_while_deploying(engine, worker)
    Deployment.objects.filter(pk=deployment.pk).update(attempt=3)
    engine.carry_out(deployment)
    assert deployment.status == S.ERRORED and deployment.steps.get(key="return").status == "done", log_of(deployment)
    assert beside(engine) == ""


@pytest.mark.slow
def test_it_is_ended_before_another_deployment_too(engine: Shop, commanded: Environment, worker: Worker):
    deployment = frozen_while_deploying(engine, worker)
    Deployment.objects.filter(pk=deployment.pk).update(status=S.ERRORED)
    done = engine.deploy(engine.dev, engine.candidate("three"))
    assert done.status == S.SUCCEEDED, log_of(done)
    assert beside(engine) == ""


@pytest.fixture
def command(tmp_path: Path) -> Iterator[process.Guarded]:
    """Something that runs below a guard."""
    running = process.Guarded(
        ["sleep", "60"], cwd=tmp_path, env={}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    yield running
    running.end()


def left_behind(engine: Shop, command: process.Guarded, **facts: object) -> Deployment:
    """A deployment that lost its worker while migrating by this command."""
    deployment = services.request(engine.dev, engine.candidate("one"), by=engine.cast.ops)
    Deployment.objects.filter(pk=deployment.pk).update(status=S.LOST, attempt=1)
    at = {"pid": command.pid, "pid_started": str(start_time(command.pid)), **facts}
    Step.objects.create(deployment=deployment, key="migrate", position=2, status="running", **at)
    return deployment


def test_a_process_id_of_another_machine_is_nobodys_here(engine: Shop, command: process.Guarded):
    deployment = left_behind(engine, command, pid_host="elsewhere")
    engine.carry_out(deployment)
    assert deployment.status == S.SUCCEEDED, log_of(deployment)
    assert command.exit_code() is None, "a stranger's process was ended"
    assert "migrate was begun on elsewhere" in log_of(deployment)


def test_what_cannot_be_interrupted_is_waited_for_until_its_time_is_up(engine: Shop, command: process.Guarded):
    until = timezone.now() + timedelta(seconds=3)
    deployment = left_behind(engine, command, uninterruptible=True, pid_until=until)
    engine.carry_out(deployment)
    assert deployment.status == S.SUCCEEDED, log_of(deployment)
    assert deployment.steps.get(key="prepare").started_at > until
    assert command.exit_code() is not None
    assert "cannot be interrupted: it is waited for" in log_of(deployment)


def test_one_that_can_be_interrupted_is_not(engine: Shop, command: process.Guarded):
    until = timezone.now() + timedelta(seconds=60)
    deployment, began = left_behind(engine, command, pid_until=until), time.monotonic()
    engine.carry_out(deployment)
    assert deployment.status == S.SUCCEEDED and time.monotonic() - began < 50
    assert command.exit_code() is not None

"""Workers that die or freeze at a target that is elsewhere: the next one goes on, nothing happens twice."""

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from deployments import pipelines, running, services
from deployments.models import Deployment
from environments import variables
from environments.models import Environment
from tests.deployments.engine import MANIFEST, Shop, log_of
from tests.deployments.pipeline_server import TOKEN, PipelineServer
from tests.deployments.shop import ROOT, eventually
from tests.deployments.ssh_hosts import RESTART, Hosts
from tests.deployments.test_recovery import Worker, found_lost, kill, worker
from tests.deployments.test_ssh_rollout import confirm_all, hosts

__all__ = ["hosts", "worker"]
S = Deployment.Status


@pytest.fixture
def server():
    with PipelineServer() as server:
        yield server


@pytest.fixture
def piped(engine: Shop, server: PipelineServer) -> Environment:
    """Production behind somebody else's pipeline."""
    place = engine.production
    place.driver = "pipeline"
    place.driver_settings = {
        "kind": "http",
        "find": f"{server.url}/runs?key={{key}}",
        "start": f"{server.url}/runs",
        "look": f"{server.url}/runs/{{run}}",
        "cancel": f"{server.url}/runs/{{run}}/cancel",
        "probe": f"{server.url}/release",
        "poll_seconds": 0.2,
    }
    place.save(update_fields=["driver", "driver_settings"])
    variables.set_variable(place, name="PIPELINE_TOKEN", value=TOKEN, is_secret=True, by=engine.cast.ops)
    return place


def deployed(engine: Shop, server: PipelineServer, label: str) -> Deployment:
    """The pipeline succeeds, and the product answers with what it deployed."""
    candidate = engine.candidate(label)
    server.release = running.release_id(candidate)
    return engine.deploy(engine.production, candidate)


def test_each_deployment_is_one_run_with_a_key_of_its_own(engine: Shop, server: PipelineServer, piped: Environment):
    one, two = deployed(engine, server, "one"), deployed(engine, server, "two")
    assert (one.status, two.status) == (S.SUCCEEDED, S.SUCCEEDED), log_of(two)
    assert TOKEN not in log_of(two)
    server.release = running.release_id(one.candidate)
    back = engine.roll_back(engine.production)
    assert back.status == S.SUCCEEDED, log_of(back)
    keys = [run["key"] for run in server.runs]
    assert keys == [f"shop-production-{row.pk}-{row.candidate.digest[:8]}" for row in (one, two, back)]


def test_a_pipeline_that_fails_is_followed_by_one_with_the_release_before(
    engine: Shop, server: PipelineServer, piped: Environment
):
    one = deployed(engine, server, "one")
    candidate = engine.candidate("two")
    server.state_of_new = "failed"

    def well_again(handler) -> None:
        server.state_of_new = "success"
        handler._route()

    server.faults = [lambda handler: handler._route()] * 2 + [well_again]
    failed = engine.deploy(engine.production, candidate)
    assert failed.status == S.FAILED and "ended as failed" in failed.error, log_of(failed)
    assert [run["facts"]["release"] for run in server.runs][-1] == running.release_id(one.candidate)
    assert engine.production.state == Environment.State.OK


def test_the_way_back_to_the_same_candidate_is_a_run_of_its_own(
    engine: Shop, server: PipelineServer, piped: Environment
):
    one = deployed(engine, server, "one")
    server.state_of_new = "failed"

    def well_again(handler) -> None:
        server.state_of_new = "success"
        handler._route()

    server.faults = [lambda handler: handler._route()] * 3 + [well_again]
    failed = engine.deploy(engine.production, one.candidate)
    key = f"shop-production-{failed.pk}-{one.candidate.digest[:8]}"
    assert [run["key"] for run in server.runs][1:] == [key, f"{key}-back"]
    assert failed.status == S.FAILED and engine.production.state == Environment.State.OK, log_of(failed)


def test_a_run_that_failed_is_retried_as_often_as_the_file_says(
    engine: Shop, server: PipelineServer, piped: Environment
):
    deployed(engine, server, "one")
    text = MANIFEST + '[deploy]\ncommand = ["true"]\nretries = 1\n'
    candidate = engine.candidate("two", **{"lifecycle.toml": text})
    server.release = running.release_id(candidate)
    server.state_of_new = "failed"

    def well_again(handler) -> None:
        server.state_of_new = "success"
        handler._route()

    server.faults = [lambda handler: handler._route()] * 4 + [well_again]
    done = engine.deploy(engine.production, candidate)
    assert done.status == S.SUCCEEDED, log_of(done)
    key = f"shop-production-{done.pk}-{candidate.digest[:8]}"
    assert [run["key"] for run in server.runs][1:] == [key, f"{key}-2"]


@pytest.mark.slow
def test_a_frozen_worker_neither_starts_a_second_run_nor_cancels_the_first(
    engine: Shop, server: PipelineServer, piped: Environment, worker: Worker
):
    deployed(engine, server, "one")
    server.state_of_new = "running"
    deployment = services.request(engine.production, engine.candidate("two"), by=engine.cast.ops)
    frozen = worker(deployment)
    assert eventually(lambda: server.starts() == 2, 30)
    frozen.send_signal(signal.SIGSTOP)
    assert eventually(lambda: found_lost(deployment), 15)
    server.runs[1]["state"] = "success"
    server.release = running.release_id(deployment.candidate)
    engine.carry_out(deployment)
    assert (deployment.status, deployment.attempt) == (S.SUCCEEDED, 2), log_of(deployment)
    server.runs[1]["state"] = "running"
    frozen.send_signal(signal.SIGCONT)
    assert frozen.wait(30) == 0
    assert server.starts() == 2 and server.runs[1]["state"] == "running", "it is not theirs to cancel"


def test_a_call_back_ends_the_waiting(engine: Shop, server: PipelineServer, piped: Environment):
    deployed(engine, server, "one")
    server.state_of_new = "running"
    Environment.objects.filter(pk=piped.pk).update(driver_settings=piped.driver_settings | {"poll_seconds": 3600})
    candidate = engine.candidate("two")
    server.release = running.release_id(candidate)
    deployment = services.request(engine.production, candidate, by=engine.cast.ops)
    key = f"shop-production-{deployment.pk}-{candidate.digest[:8]}"
    pipelines.PipelineReport.objects.create(
        key=key, status="succeeded", received_at=deployment.requested_at, text="3 pods"
    )
    assert engine.carry_out(deployment).status == S.SUCCEEDED, log_of(deployment)
    assert "called back: succeeded 3 pods" in log_of(deployment)


@pytest.mark.slow
def test_a_worker_killed_between_two_servers_leaves_no_mixture(engine: Shop, hosts: Hosts, worker: Worker):
    confirm_all(engine)
    engine.deploy(engine.production, engine.candidate("one"))
    slow = hosts.folder(1) / "data" / "slow"
    wait = f"while os.environ['PORT'] == '{hosts.ports[1]}' and os.path.exists('{slow}'): time.sleep(0.1)"
    engine.upstream.write("restart.py", f"import os, time\n{wait}\n{RESTART}")
    candidate = engine.candidate("two")
    slow.touch()
    deployment = services.request(engine.production, candidate, by=engine.cast.ops)
    process = worker(deployment)
    label = running.release_id(candidate)
    assert eventually(lambda: hosts.linked()[1] == f"releases/{candidate.digest}", 60), log_of(deployment)
    kill(process)
    assert hosts.labels()[0] == label != hosts.labels()[2]
    slow.unlink()
    assert eventually(lambda: found_lost(deployment), 15)
    engine.carry_out(deployment)
    assert deployment.attempt == 2
    assert deployment.status == S.SUCCEEDED, log_of(deployment)
    assert hosts.labels() == [label] * 3, log_of(deployment)


def test_the_call_back_of_the_handbook_is_signed_rightly(tmp_path: Path):
    """The lines of docs/drivers.md, up to the sending, by a real shell and openssl."""
    block = re.search(r"```sh\n(body=.*?)curl", (ROOT / "docs" / "drivers.md").read_text(), re.DOTALL)
    assert block
    script = block[1] + 'printf "%s\\n%s\\n%s" "$now" "$mac" "$body"'
    env = {"PATH": os.environ["PATH"], "KEY": "shop-production-7-2411cafe", "RUN_URL": "https://ci/7"}
    env["PIPELINE_SECRET"] = "между нами"
    said = subprocess.run(["sh", "-euc", script], env=env, capture_output=True, text=True, check=True).stdout
    now, mac, body = said.split("\n")
    assert pipelines.signature_of("между нами", now, body.encode()) == f"sha256={mac}"

"""The pipeline driver against a real HTTP server: started once, followed, cancelled, heard of."""

import json
import threading

import pytest

from deployments.drivers import DriverError, Release, Report, Stopped, Target, egress
from deployments.drivers.pipeline import PipelineDriver
from deployments.drivers.pipeline import driver as module
from environments.manifest import parse
from tests.deployments.pipeline_server import TOKEN, PipelineServer
from tests.deployments.shop import free_port

NEVER = threading.Event()
KEY = "shop-production-7-2411cafe"
KINDS = ("github", "gitlab", "http")


@pytest.fixture
def server():
    with PipelineServer() as server:
        yield server


@pytest.fixture
def release(tmp_path):
    folder = tmp_path / "artefact"
    folder.mkdir()
    (folder / ".lifecycle-artefact.json").write_text(json.dumps({"commit": "c" * 40}))
    return Release("24.11+2411cafe", folder, "2411cafe0123")


def settings(kind: str, url: str, **more) -> dict:
    found = {
        "github": {"repository": "northwind/shop", "workflow": "deploy.yml", "url": url},
        "gitlab": {"project": "northwind/shop", "url": url},
        "http": {
            "find": f"{url}/runs?key={{key}}",
            "start": f"{url}/runs",
            "look": f"{url}/runs/{{run}}",
            "cancel": f"{url}/runs/{{run}}/cancel",
        },
    }[kind]
    return {"kind": kind, "poll_seconds": 0.1, **found, **more}


def driver(tmp_path, kind: str, url: str, report=lambda key: None, again=False, **more) -> PipelineDriver:
    target = Target(
        "production",
        tmp_path / "app",
        tmp_path / "data",
        parse("[probe]\n"),
        settings=settings(kind, url, **more),
        credentials={"PIPELINE_TOKEN": TOKEN},
        key=KEY,
        again=again,
        report=report,
    )
    return PipelineDriver(target)


@pytest.mark.parametrize("kind", KINDS)
def test_a_pipeline_is_started_with_the_key_and_followed_to_its_end(tmp_path, server, release, log, kind):
    assert not list(PipelineDriver.complaints(settings(kind, server.url)))
    driver(tmp_path, kind, server.url).switch(release, fence=3, log=log, stop=NEVER)
    facts = {name.lower().removeprefix("lifecycle_"): text for name, text in server.runs[0]["facts"].items()}
    assert facts == {
        "key": KEY,
        "release": "24.11+2411cafe",
        "digest": "2411cafe0123",
        "commit": "c" * 40,
        "environment": "production",
        "fence": "3",
    }
    sent = server.headers[0]
    assert TOKEN in (sent.get("Authorization", "") + sent.get("Private-Token", ""))
    assert "Started the pipeline https://" in log.text


@pytest.mark.parametrize("kind", KINDS)
def test_a_second_attempt_finds_the_run_of_the_first(tmp_path, server, release, log, kind):
    for fence in (3, 4):
        driver(tmp_path, kind, server.url).switch(release, fence=fence, log=log, stop=NEVER)
    assert server.starts() == 1
    assert "was started before" in log.text


@pytest.mark.parametrize("kind", KINDS)
def test_a_start_that_nobody_confirmed_is_looked_for_and_not_repeated(tmp_path, server, release, log, kind):
    """The service starts the run, and the answer is lost."""

    def lost(handler) -> None:
        facts = {"key": KEY}
        server.add(KEY, facts)
        handler.connection.close()

    server.faults = [lambda handler: handler._route(), lost]
    driver(tmp_path, kind, server.url).switch(release, fence=3, log=log, stop=NEVER)
    assert server.starts() == 1
    assert "looking whether it was started all the same" in log.text


@pytest.mark.parametrize("kind", KINDS)
def test_a_pipeline_that_fails_is_a_definite_no(tmp_path, server, release, log, kind):
    server.state_of_new = "failed"
    with pytest.raises(DriverError, match="ended as failed: https://") as error:
        driver(tmp_path, kind, server.url).switch(release, fence=3, log=log, stop=NEVER)
    assert not error.value.retry


@pytest.mark.parametrize("kind", KINDS)
def test_one_that_failed_is_started_once_more_where_that_is_asked_for(tmp_path, server, release, log, kind):
    for again in (False, True, True):
        server.state_of_new = "failed"
        with pytest.raises(DriverError, match="ended as"):
            driver(tmp_path, kind, server.url, again=again).switch(release, fence=3, log=log, stop=NEVER)
    assert [run["key"] for run in server.runs] == [KEY, f"{KEY}-2", f"{KEY}-3"]
    server.runs[2]["state"] = "success"
    driver(tmp_path, kind, server.url).switch(release, fence=4, log=log, stop=NEVER)
    assert server.starts() == 3, "who takes over goes on with the newest"


def test_one_that_called_back_that_it_failed_is_over(tmp_path, server, release, log):
    server.add(KEY, {})["state"] = "running"

    def report(key: str) -> Report | None:
        return Report("failed") if key == KEY else None

    driver(tmp_path, "http", server.url, again=True, report=report).switch(release, fence=3, log=log, stop=NEVER)
    assert [run["key"] for run in server.runs] == [KEY, f"{KEY}-2"]


@pytest.mark.parametrize("kind", KINDS)
def test_stopping_cancels_the_run_and_sees_it_end(tmp_path, server, release, log, kind):
    server.state_of_new = "running"
    with pytest.raises(Stopped):
        stop = lambda: server.starts() == 1  # noqa: E731
        driver(tmp_path, kind, server.url).switch(release, fence=3, log=log, stop=stop)
    assert server.runs[0]["state"] == "canceled"
    assert "It has ended" in log.text


def test_a_run_that_cannot_be_cancelled_is_said(tmp_path, server, release, log, monkeypatch):
    monkeypatch.setattr(module, "CANCEL_SECONDS", 0.2)
    server.state_of_new = "running"
    asks = driver(tmp_path, "http", server.url)
    asks.target.settings.pop("cancel")
    with pytest.raises(Stopped):
        asks.switch(release, fence=3, log=log, stop=lambda: server.starts() == 1)
    assert "could not be cancelled" in log.text and "STILL RUNS" in log.text


def test_what_was_called_back_counts_before_the_next_poll(tmp_path, server, release, log):
    server.state_of_new = "running"
    done = driver(tmp_path, "github", server.url, lambda key: Report("succeeded", "", key), poll_seconds=900)
    done.switch(release, fence=3, log=log, stop=NEVER)
    bad = driver(tmp_path, "github", server.url, lambda key: Report("failed", "https://ci/7"), poll_seconds=900)
    with pytest.raises(DriverError, match="https://ci/7"):
        bad.switch(release, fence=3, log=log, stop=NEVER)
    assert f"called back: succeeded {KEY}" in log.text


def test_a_service_that_stumbles_is_asked_again(tmp_path, server, release, log):
    server.state_of_new = "running"

    def end(handler) -> None:
        server.runs[0]["state"] = "success"
        handler.say(502, {})

    pass_on = lambda handler: handler._route()  # noqa: E731
    server.faults = [pass_on, pass_on, 500, 429, end]
    driver(tmp_path, "gitlab", server.url).switch(release, fence=3, log=log, stop=NEVER)
    assert log.text.count("asking again") == 3


def test_a_refused_token_and_an_absent_service(tmp_path, server, release, log):
    server.faults = [401]
    with pytest.raises(DriverError, match="refuses PIPELINE_TOKEN") as refused:
        driver(tmp_path, "github", server.url).switch(release, fence=3, log=log, stop=NEVER)
    assert not refused.value.retry and TOKEN not in str(refused.value)
    with pytest.raises(DriverError, match="did not answer") as absent:
        driver(tmp_path, "github", f"http://127.0.0.1:{free_port()}").switch(release, fence=3, log=log, stop=NEVER)
    assert absent.value.retry
    server.faults = [lambda handler: handler.say(200, ["what?"])]
    with pytest.raises(DriverError, match="no run"):
        driver(tmp_path, "github", server.url).switch(release, fence=3, log=log, stop=NEVER)


def test_a_pipeline_that_takes_too_long_is_cancelled(tmp_path, server, release, log):
    server.state_of_new = "running"
    with pytest.raises(DriverError, match="took too long"):
        driver(tmp_path, "http", server.url, timeout_seconds=0.5).switch(release, fence=3, log=log, stop=NEVER)
    assert server.runs[0]["state"] == "canceled"


def test_health_and_probe_ask_the_addresses_that_are_set(tmp_path, server, release, log):
    asks = driver(tmp_path, "http", server.url, health=f"{server.url}/release", probe=f"{server.url}/release")
    server.release = release.label
    assert asks.probe() == release.label and asks.can_verify
    assert asks.health(release, deadline_seconds=2, log=log, stop=NEVER)
    server.release = "24.10"
    assert not asks.health(release, deadline_seconds=0.1, log=log, stop=NEVER)
    assert "24.10 answers" in log.text
    blind = driver(tmp_path, "http", server.url)
    assert blind.probe() is None and not blind.can_verify
    assert blind.health(release, deadline_seconds=1, log=log, stop=NEVER) and "cannot be verified" in log.text


def test_the_token_never_follows_a_redirect_to_another_host(server):
    server.faults = [lambda handler: handler.say(302, Location=f"http://localhost:{free_port()}/"), None]
    away = egress.request("GET", f"{server.url}/release", headers={"Authorization": "Bearer x"})
    assert away.status == 0 and "another host, localhost" in away.text
    server.faults = [lambda handler: handler.say(302, Location=f"{server.url}/release")]
    assert egress.request("GET", f"{server.url}/elsewhere").ok


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://x", "//x", ""])
def test_only_http_is_spoken(url):
    assert egress.request("GET", url).status == 0


def test_an_answer_that_never_ends_is_cut(server):
    def drip(handler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(100):
            try:
                handler.wfile.write(b" " * 10)
            except OSError:
                return
            threading.Event().wait(0.05)

    server.faults = [drip]
    answer = egress.request("GET", f"{server.url}/release", seconds=0.5)
    assert answer.status == 0 and "too long" in answer.text

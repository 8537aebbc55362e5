"""The drivers on real targets: a keeper with a shop under it, and commands in a folder."""

import json
import threading
from pathlib import Path

import pytest

from deployments import drivers
from deployments.drivers import DriverError, Release, Stopped, Target
from deployments.keeper_state import FencedOut
from environments.manifest import parse
from tests.deployments.shop import SERVER, Kept, answer, eventually, free_port

NEVER = threading.Event()
SHOP = f"""
[start]
command = ["{{python}}", "-c", {json.dumps(SERVER)}]
[probe]
path = "/health"
"""


@pytest.fixture
def kept(tmp_path):
    kept = Kept(tmp_path / "var")
    kept.start()
    yield kept
    kept.end()


def release(folder: Path, label: str = "24.11") -> Release:
    folder.mkdir(exist_ok=True)
    return Release(label, folder, "sha256:" + label)


def served(kept: Kept, toml: str = SHOP, **variables: str):
    target = Target("production", kept.folder, kept.var / "data", parse(toml), kept.port, variables)
    return drivers.get("process")(target)


def commanded(tmp_path: Path, toml: str = "", **settings):
    target = Target("staging", tmp_path / "app", tmp_path / "data", parse(toml), 0, {"SHOP": "Кот"}, settings)
    return drivers.get("command")(target)


def sh(script: str) -> list[str]:
    return ["sh", "-c", script]


def test_a_release_is_switched_in_found_healthy_and_probed(kept, tmp_path, log):
    driver = served(kept, SHOP="Кот")
    assert driver.probe() == ""
    driver.switch(release(tmp_path / "r"), fence=1, log=log, stop=NEVER)
    assert driver.health(release(tmp_path / "r"), deadline_seconds=30, log=log, stop=NEVER)
    assert driver.probe() == "24.11" and answer(kept.port)["shop"] == "Кот"
    assert "24.11 (fence 1)" in log.text


NO_PROBE = SHOP.replace('[probe]\npath = "/health"', "")


@pytest.mark.parametrize("toml", [SHOP, NO_PROBE])
def test_the_old_release_still_answering_is_not_taken_for_the_new_one(kept, tmp_path, log, toml):
    driver = served(kept, toml)
    driver.switch(release(tmp_path / "r"), fence=1, log=log, stop=NEVER)
    assert driver.health(release(tmp_path / "r"), deadline_seconds=30, log=log, stop=NEVER)
    assert not driver.health(release(tmp_path / "r", "24.12"), deadline_seconds=0.3, log=log, stop=NEVER)
    driver.switch(release(tmp_path / "r", "24.12"), fence=2, log=log, stop=NEVER)
    assert driver.health(release(tmp_path / "r", "24.12"), deadline_seconds=30, log=log, stop=NEVER)


def test_the_same_release_switched_in_again_is_healthy_only_once_it_was_started_anew(kept, tmp_path, log):
    driver = served(kept)
    pids = []
    for fence in (1, 2, 3):
        driver.switch(release(tmp_path / "r"), fence=fence, log=log, stop=NEVER)
        assert driver.health(release(tmp_path / "r"), deadline_seconds=30, log=log, stop=NEVER)
        pids.append(answer(kept.port)["pid"])
    assert len(set(pids)) == 3


def test_a_release_that_answers_500_is_not_healthy(kept, tmp_path, log):
    driver = served(kept, HEALTH="500")
    driver.switch(release(tmp_path / "r"), fence=1, log=log, stop=NEVER)
    assert eventually(lambda: kept.status().state == "running")
    assert not driver.health(release(tmp_path / "r"), deadline_seconds=0.3, log=log, stop=NEVER)
    assert "500" in log.text


def test_a_release_that_keeps_crashing_is_given_up_early_with_its_last_words(kept, tmp_path, log):
    driver = served(kept, SHOP.replace("import http.server", "raise SystemExit('no such table')"))
    driver.switch(release(tmp_path / "r"), fence=1, log=log, stop=NEVER)
    assert not driver.health(release(tmp_path / "r"), deadline_seconds=60, log=log, stop=NEVER)
    assert "no such table" in log.text
    assert eventually(lambda: driver.probe() == "")


def test_another_release_on_the_port_is_noticed(kept, tmp_path, log):
    driver = served(kept, SHOP.replace('os.environ[\\"RELEASE\\"]', '\\"23.01\\"'))
    driver.switch(release(tmp_path / "r"), fence=1, log=log, stop=NEVER)
    assert eventually(lambda: kept.status().state == "running")
    assert not driver.health(release(tmp_path / "r"), deadline_seconds=0.3, log=log, stop=NEVER)
    assert "23.01 answers instead" in log.text


def test_an_older_fence_is_refused_by_the_target(kept, tmp_path, log):
    driver = served(kept)
    driver.hold(5)
    with pytest.raises(FencedOut):
        driver.switch(release(tmp_path / "r"), fence=4, log=log, stop=NEVER)
    assert driver.probe() == ""


def test_without_a_keeper_it_is_worth_another_try(tmp_path, log):
    driver = served(Kept(tmp_path / "var"))
    driver.switch(release(tmp_path / "r"), fence=1, log=log, stop=NEVER)
    with pytest.raises(DriverError, match="keeper is not running") as error:
        driver.health(release(tmp_path / "r"), deadline_seconds=1, log=log, stop=NEVER)
    assert error.value.retry
    assert driver.probe() is None


def test_waiting_for_health_can_be_stopped(kept, tmp_path, log):
    driver = served(kept)
    with pytest.raises(Stopped):
        driver.health(release(tmp_path / "r"), deadline_seconds=60, log=log, stop=lambda: True)


def test_a_product_without_a_start_command_or_a_probe(kept, tmp_path, log):
    with pytest.raises(DriverError, match="no .start. command") as error:
        served(kept, "").switch(release(tmp_path / "r"), fence=1, log=log, stop=NEVER)
    assert not error.value.retry
    driver = served(kept, NO_PROBE)
    driver.switch(release(tmp_path / "r"), fence=1, log=log, stop=NEVER)
    assert driver.health(release(tmp_path / "r"), deadline_seconds=30, log=log, stop=NEVER)
    assert driver.probe() is None


def test_a_command_deploys_from_the_release_folder(tmp_path, log):
    script = 'pwd; echo "$SHOP $RELEASE $ENVIRONMENT $FENCE $DIGEST"; echo {release} > $DATA_DIR/running'
    toml = (
        f"[deploy]\ncommand = {json.dumps(sh(script))}\n[probe]\ncommand = {json.dumps(sh('cat $DATA_DIR/running'))}\n"
    )
    driver = commanded(tmp_path, toml)
    assert driver.probe() is None
    driver.switch(release(tmp_path / "r"), fence=3, log=log, stop=NEVER)
    assert log.text.startswith(f"{tmp_path}/r\nКот 24.11 staging 3 sha256:24.11\n")
    assert driver.probe() == "24.11"
    assert driver.health(release(tmp_path / "r"), deadline_seconds=30, log=log, stop=NEVER)
    assert not driver.health(release(tmp_path / "r", "24.12"), deadline_seconds=0.2, log=log, stop=NEVER)


def test_the_settings_of_the_environment_win_over_the_file(tmp_path, log):
    driver = commanded(tmp_path, '[deploy]\ncommand = ["false"]\n', deploy=["echo", "{environment}"], health=["true"])
    driver.switch(release(tmp_path / "r"), fence=1, log=log, stop=NEVER)
    assert log.text == "staging\n"
    assert driver.health(release(tmp_path / "r"), deadline_seconds=30, log=log, stop=NEVER)
    assert "cannot be verified" in log.text


def test_a_failing_command_is_a_definite_no_and_a_slow_one_worth_a_retry(tmp_path, log):
    with pytest.raises(DriverError, match="exit code 4") as no:
        commanded(tmp_path, deploy=sh("echo bad; exit 4")).switch(release(tmp_path / "r"), fence=1, log=log, stop=NEVER)
    assert not no.value.retry and log.text == "bad\n"
    slow = commanded(tmp_path, '[deploy]\ncommand = ["sleep", "30"]\ntimeout_seconds = 1\n')
    with pytest.raises(DriverError, match="timeout|inactive") as late:
        slow.switch(release(tmp_path / "r"), fence=1, log=log, stop=NEVER)
    assert late.value.retry
    with pytest.raises(Stopped):
        commanded(tmp_path, deploy=["sleep", "30"]).switch(release(tmp_path / "r"), fence=1, log=log, stop=lambda: True)
    with pytest.raises(DriverError, match="deploy. command"):
        commanded(tmp_path).switch(release(tmp_path / "r"), fence=1, log=log, stop=NEVER)


def test_a_silent_command_is_ended_after_its_time_of_inactivity(tmp_path, log):
    toml = '[deploy]\ncommand = ["true"]\ntimeout_seconds = 60\ninactivity_seconds = 1\n'
    with pytest.raises(DriverError, match="inactive") as silent:
        commanded(tmp_path, toml, deploy=["sleep", "30"]).switch(release(tmp_path / "r"), fence=1, log=log, stop=NEVER)
    assert silent.value.retry
    talks = sh("for n in 1 2 3 4; do echo $n; sleep 0.5; done")
    commanded(tmp_path, toml, deploy=talks).switch(release(tmp_path / "r"), fence=1, log=log, stop=NEVER)


def test_an_unhealthy_command_target_is_reported(tmp_path, log):
    driver = commanded(tmp_path, health=["false"])
    assert not driver.health(release(tmp_path / "r"), deadline_seconds=0.1, log=log, stop=NEVER)
    assert "was not healthy" in log.text


def test_the_fake_fails_where_it_is_told_to(tmp_path, log):
    def fake(**settings):
        return drivers.get("fake")(Target("dev", tmp_path / "app", tmp_path / "data", parse(""), 0, {}, settings))

    new = release(tmp_path / "r")
    assert fake().probe() == ""
    fake().switch(new, fence=2, log=log, stop=NEVER)
    assert fake().probe() == "24.11" and fake().health(new, deadline_seconds=1, log=log, stop=NEVER)
    assert fake(fail="probe").probe() is None
    assert not fake(fail="health").health(new, deadline_seconds=1, log=log, stop=NEVER)
    for kind, retry in (("switch", False), ("switch-retry", True)):
        with pytest.raises(DriverError) as error:
            fake(fail=kind).switch(new, fence=2, log=log, stop=NEVER)
        assert error.value.retry is retry
    with pytest.raises(Stopped):
        fake(seconds=5).switch(new, fence=2, log=log, stop=lambda: True)
    with pytest.raises(FencedOut):
        fake().switch(new, fence=1, log=log, stop=NEVER)


def test_only_real_drivers_can_be_chosen():
    assert [name for name, _ in drivers.choices()] == ["process", "command", "ssh", "pipeline"]
    with pytest.raises(DriverError, match="no driver called 'helm'"):
        drivers.get("helm")


def test_nothing_answers_on_a_closed_port():
    closed = drivers.process.http.get(free_port(), "/health", timeout_seconds=0.5)
    assert closed.status == 0 and closed.text and not closed.ok and closed.field("release") is None

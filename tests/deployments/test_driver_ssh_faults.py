"""Faults around the ssh driver: a worker killed in the middle, a full disk, a frozen worker. Never a mixture."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from deployments.drivers import DriverError
from deployments.drivers.ssh.remote import command
from deployments.drivers.ssh.remote.protocol import Lost
from tests.deployments.shop import ROOT, eventually
from tests.deployments.small_disk import SmallDisk
from tests.deployments.ssh_hosts import Hosts, three_hosts
from tests.deployments.test_driver_ssh import NEVER, SLOW, Log, alive, pids, roll_out

WORKER = """
import sys, threading
from pathlib import Path
from deployments.drivers import Release, Target
from deployments.drivers.ssh import SshDriver
from environments.manifest import parse
import json
facts = json.loads(sys.stdin.read())
release = Release(facts["label"], Path(facts["path"]), facts["digest"])
target = Target("production", Path("/nowhere"), Path("/nowhere"), parse(facts["toml"]), **facts["target"])
driver, never = SshDriver(target), threading.Event()
given = {"fence": facts["fence"], "log": lambda stream, text: print(text, flush=True), "stop": never}
driver.bring(release, **given)
if facts["then"] == "migrate":
    driver.command("migrate", release, **given)
"""


@pytest.fixture
def log():
    return Log()


@pytest.fixture
def hosts(tmp_path):
    with three_hosts(tmp_path, count=2) as hosts:
        yield hosts


def worker(hosts: Hosts, label: str, *, fence: int, then: str = "", toml: str = SLOW, **files: str) -> subprocess.Popen:
    """A process that does what a worker does, to be killed."""
    import json

    release, target = hosts.release(label, **files), hosts.driver().target
    facts = {
        "label": release.label,
        "path": str(release.path),
        "digest": release.digest,
        "toml": toml,
        "fence": fence,
        "then": then,
        "target": {
            "settings": dict(target.settings),
            "credentials": dict(target.credentials),
            "host_keys": dict(target.host_keys),
        },
    }
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    assert process.stdin
    process.stdin.write(json.dumps(facts).encode())
    process.stdin.close()
    return process


def drafts(hosts: Hosts) -> list[Path]:
    return [path for n in range(2) for path in (hosts.folder(n) / "releases").glob("*.tmp")]


def test_a_worker_killed_in_an_upload_leaves_nothing_that_counts(hosts, log):
    roll_out(hosts, hosts.release("24.11"), 1, log)
    big = "x" * 40_000_000
    killed = worker(hosts, "24.12", fence=2, big=big)
    assert eventually(lambda: any((draft / "big").exists() for draft in drafts(hosts)), 20)
    killed.kill()
    killed.wait()
    assert hosts.labels() == ["24.11"] * 2 and hosts.linked() == ["releases/2411cafe0123"] * 2
    assert not (hosts.folder(0) / "releases" / "2412cafe0123").exists()
    roll_out(hosts, hosts.release("24.12", big=big), 3, log)
    assert hosts.labels() == ["24.12"] * 2
    assert drafts(hosts) == []
    assert (hosts.folder(1) / "current" / "big").stat().st_size == len(big)


def test_a_killed_worker_takes_its_remote_command_with_it(hosts):
    killed = worker(hosts, "24.11", fence=1, then="migrate")
    assert eventually(lambda: len(pids(hosts)) == 2, 20)
    running = pids(hosts)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert eventually(lambda: not any(alive(pid) for pid in running), 12)


def test_a_worker_that_went_silent_loses_its_remote_command(tmp_path, monkeypatch, capfd):
    """A frozen worker keeps the connection open: the host ends the command by its own clock."""
    monkeypatch.setattr(command, "SILENCE_SECONDS", 0.5)
    reading, _writing = os.pipe()
    request = {"argv": ["sleep", "60"], "cwd": str(tmp_path), "env": {}, "seconds": 60, "inactivity": 60}
    saved = os.dup(0)
    os.dup2(reading, 0)
    try:
        followed = command.Command(request, lambda: None)
        with pytest.raises(Lost, match="silent"):
            followed.follow()
    finally:
        os.dup2(saved, 0)
        for number in (saved, reading, _writing):
            os.close(number)
        for stream in (followed.popen.stdout, followed.popen.stderr):
            stream.close()
    assert not alive(followed.popen.pid)


def test_a_full_disk_on_a_host_is_said_and_changes_nothing(hosts, log):
    releases = hosts.folder(1) / "releases"
    disk = SmallDisk(releases)
    if not disk.is_mounted:
        pytest.skip("nothing may be mounted here")
    try:
        roll_out(hosts, hosts.release("24.11"), 1, log)
        large = hosts.release("24.12", large="x" * 8_000_000)
        with pytest.raises(DriverError, match="No space left"):
            roll_out(hosts, large, 2, log)
        assert drafts(hosts) == [], "what did not fit is removed"
        assert hosts.labels() == ["24.11"] * 2 and hosts.driver().probe() == "24.11"
        assert hosts.driver().health(hosts.release("24.11"), deadline_seconds=30, log=log, stop=NEVER)
    finally:
        disk.remove()


def test_a_connection_that_breaks_in_the_switch_is_worth_another_try(hosts, log):
    roll_out(hosts, hosts.release("24.11"), 1, log)
    driver = hosts.driver()
    driver.hold(2)
    driver.bring(hosts.release("24.12"), fence=2, log=log, stop=NEVER)

    def pull_the_plug() -> None:
        eventually(lambda: "24.12 is linked" in log.text, 20)
        hosts.web[0].stop()
        hosts.web[0].start()

    thread = threading.Thread(target=pull_the_plug)
    thread.start()
    try:
        driver.switch(hosts.release("24.12"), fence=2, log=log, stop=NEVER)
    except DriverError as error:
        assert error.retry
    thread.join(20)
    driver.switch(hosts.release("24.12"), fence=2, log=log, stop=NEVER)
    assert hosts.labels() == ["24.12"] * 2 and driver.probe() == "24.12"

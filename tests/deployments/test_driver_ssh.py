"""The ssh driver on three real hosts: what it brings, switches and refuses."""

import os
import signal
import threading
import time

import pytest

from deployments.drivers import DriverError, Release, Stopped
from deployments.keeper_state import FencedOut
from tests.deployments.output import Log
from tests.deployments.shop import SERVER, eventually
from tests.deployments.ssh_hosts import TOML, Hosts, facts, three_hosts

NEVER = threading.Event()


@pytest.fixture
def hosts(tmp_path):
    with three_hosts(tmp_path) as hosts:
        yield hosts


def roll_out(hosts: Hosts, release: Release, fence: int, log: Log, **more) -> None:
    driver = hosts.driver(**more)
    driver.hold(fence)
    driver.bring(release, fence=fence, log=log, stop=NEVER)
    driver.switch(release, fence=fence, log=log, stop=NEVER)


def test_every_host_gets_the_release_and_serves_it(hosts, log):
    driver = hosts.driver()
    assert driver.probe() == ""
    roll_out(hosts, hosts.release("24.11"), 1, log)
    assert hosts.labels() == ["24.11"] * 3 and driver.probe() == "24.11"
    assert hosts.linked() == ["releases/2411cafe0123"] * 3
    assert driver.health(hosts.release("24.11"), deadline_seconds=30, log=log, stop=NEVER)
    here = hosts.folder(1) / "current"
    assert (here / "link").read_text() == "мяу" and (here / "restart.py").stat().st_mode & 0o111
    assert 'SHOP="Кот \\"1\\""' in (here / ".lifecycle-environment").read_text()
    assert (here / ".lifecycle-environment").stat().st_mode & 0o777 == 0o600
    assert "PRIVATE KEY" not in (here / ".lifecycle-environment").read_text()
    assert "starting 24.11" in log.text


def changed(hosts: Hosts, n: int = 0) -> None:
    """What runs on a host was changed there."""
    current = hosts.folder(n) / "current"
    (current / "server.py").chmod(0o644)
    (current / "server.py").write_text("changed")


def test_what_runs_stays_in_its_place_until_its_files_have_arrived_anew(hosts, log):
    one = hosts.release("24.11")
    roll_out(hosts, one, 1, log)
    changed(hosts)
    (one.path / "static" / "кот.txt").chmod(0o644)
    (one.path / "static" / "кот.txt").write_text("other files than the marker says")
    with pytest.raises(DriverError, match="not those that were sent"):
        hosts.driver().bring(one, fence=2, log=log, stop=NEVER)
    assert (hosts.folder(0) / "current" / "server.py").exists(), "it leads nowhere"
    (one.path / "static" / "кот.txt").write_text("мяу")
    (one.path / "static" / "кот.txt").chmod(0o444)
    roll_out(hosts, one, 3, log)
    assert (hosts.folder(0) / "current" / "server.py").read_text() == SERVER


def test_wrong_releases_take_no_place_of_those_that_are_kept(hosts, log):
    releases = hosts.folder(0) / "releases"
    for n in range(1, 5):
        roll_out(hosts, hosts.release(f"24.0{n}"), n, log)
    for age_days in range(3):
        (releases / f"2401cafe0123.{time.time_ns() - age_days * 90_000 * 10**9}.wrong").mkdir()
    roll_out(hosts, hosts.release("24.05"), 5, log)
    found = sorted(path.name for path in releases.iterdir())
    assert [name for name in found if "." not in name] == [f"240{n}cafe0123" for n in range(1, 6)]
    assert len(found) == 6, "a wrong one is kept for a day"


def test_an_unhealthy_host_stops_the_roll_and_all_go_back(hosts, log):
    roll_out(hosts, hosts.release("24.11"), 1, log)
    here = f'"500" if os.environ["PORT"] == "{hosts.ports[1]}" else "200"'
    bad = hosts.release("24.12", SERVER.replace('"200"', here))
    with pytest.raises(DriverError, match="not healthy") as error:
        roll_out(hosts, bad, 2, log, toml=TOML.replace("= 20", "= 3"))
    assert not error.value.retry
    assert hosts.linked()[2] == "releases/2411cafe0123", "the third was not touched"
    hosts.driver().restore(hosts.release("24.11"), fence=2, log=log, stop=NEVER)
    assert hosts.labels() == ["24.11"] * 3 and hosts.driver().probe() == "24.11"
    assert hosts.starts(2) == ["24.11"], "what never changed is not started again"


def test_switching_again_does_nothing_where_all_is_well(hosts, log):
    for fence in (1, 2):
        roll_out(hosts, hosts.release("24.11"), fence, log)
    assert hosts.starts(0) == ["24.11"]
    roll_out(hosts, hosts.release("24.11"), 3, log, variables={"SHOP": "Dog"})
    assert hosts.starts(0) == ["24.11"] * 2, "other variables need a start"
    assert facts(hosts.folder(0))["fence"] == 3


def test_an_older_fence_is_refused_by_the_host(hosts, log):
    old, new = hosts.release("24.11"), hosts.release("24.12")
    roll_out(hosts, new, 5, log)
    driver = hosts.driver()
    for act in (
        lambda: driver.hold(4),
        lambda: driver.bring(old, fence=4, log=log, stop=NEVER),
        lambda: driver.switch(new, fence=4, log=log, stop=NEVER),
        lambda: driver.restore(new, fence=4, log=log, stop=NEVER),
        lambda: driver.command("migrate", new, fence=4, log=log, stop=NEVER),
    ):
        with pytest.raises(FencedOut) as error:
            act()
        assert error.value.seen == 5
    assert hosts.labels() == ["24.12"] * 3


def test_a_key_that_nobody_confirmed_is_refused(hosts, log):
    with pytest.raises(DriverError, match="nobody has confirmed") as error:
        hosts.driver(host_keys={}).hold(1)
    assert "SHA256:" in str(error.value) and not error.value.retry
    assert not hosts.folder(0).exists()


def test_a_changed_key_fails_closed_with_both_fingerprints(hosts, log):
    roll_out(hosts, hosts.release("24.11"), 1, log)
    pinned = hosts.host_keys
    hosts.web[1].stop()
    shown = hosts.web[1].change_host_key()
    hosts.web[1].start()
    driver = hosts.driver(host_keys=pinned)
    for act in (
        lambda: driver.hold(2),
        lambda: driver.bring(hosts.release("24.12"), fence=2, log=log, stop=NEVER),
        lambda: driver.restore(hosts.release("24.11"), fence=2, log=log, stop=NEVER),
    ):
        with pytest.raises(DriverError, match="has changed") as error:
            act()
        assert shown in str(error.value) and str(error.value).count("SHA256:") == 2
    assert driver.probe() is None
    assert not (hosts.folder(1) / "releases" / "2412cafe0123").exists()


def test_a_host_that_is_down_stops_everything_before_anything_changes(hosts, log):
    roll_out(hosts, hosts.release("24.11"), 1, log)
    hosts.web[2].stop()
    driver = hosts.driver()
    driver.hold(2)
    with pytest.raises(DriverError, match="cannot be reached") as error:
        driver.bring(hosts.release("24.12"), fence=2, log=log, stop=NEVER)
    assert error.value.retry
    assert hosts.linked() == ["releases/2411cafe0123"] * 3 and driver.probe() is None


def test_the_others_go_back_when_one_is_gone(hosts, log):
    roll_out(hosts, hosts.release("24.11"), 1, log)
    roll_out(hosts, hosts.release("24.12"), 2, log)
    hosts.web[0].stop()
    with pytest.raises(DriverError, match="cannot be reached"):
        hosts.driver().restore(hosts.release("24.11"), fence=3, log=log, stop=NEVER)
    assert hosts.labels()[1:] == ["24.11"] * 2
    hosts.web[0].start()
    hosts.driver().restore(hosts.release("24.11"), fence=3, log=log, stop=NEVER)
    assert hosts.driver().probe() == "24.11"


def test_hosts_that_differ_are_a_clear_answer_that_nobody_wants(hosts, log):
    roll_out(hosts, hosts.release("24.11"), 1, log)
    some = hosts.settings | {"hosts": hosts.settings["hosts"][:1]}
    roll_out(hosts, hosts.release("24.12"), 2, log, settings=some)
    assert hosts.driver().probe() == "24.11, 24.12"
    assert not hosts.driver().health(hosts.release("24.12"), deadline_seconds=0.1, log=log, stop=NEVER)
    os.kill(int((hosts.folder(2) / "data" / "pid").read_text()), signal.SIGKILL)
    assert eventually(lambda: hosts.driver().probe() == "24.11, 24.12, nothing")
    os.kill(int((hosts.folder(1) / "data" / "pid").read_text()), signal.SIGSTOP)
    assert hosts.driver().probe() is None, "one that hangs says nothing clear"


def test_commands_run_once_on_the_first_host(hosts, log):
    release = hosts.release("24.11")
    driver = hosts.driver()
    driver.bring(release, fence=1, log=log, stop=NEVER)
    driver.command("migrate", release, fence=1, log=log, stop=NEVER)
    assert (hosts.folder(0) / "data" / "migrated").read_text() == "24.11 "
    assert not (hosts.folder(1) / "data").exists()


def test_a_command_that_fails_or_takes_too_long(hosts, log):
    release = hosts.release("24.11")
    failing = '[migrate]\ncommand = ["sh", "-c", "echo no such table >&2; exit 4"]\n'
    driver = hosts.driver(toml=failing)
    driver.bring(release, fence=1, log=log, stop=NEVER)
    with pytest.raises(DriverError, match="exit code 4") as no:
        driver.command("migrate", release, fence=1, log=log, stop=NEVER)
    assert not no.value.retry and "no such table" in log.text
    slow = hosts.driver(toml='[migrate]\ncommand = ["sleep", "60"]\ntimeout_seconds = 1\n')
    with pytest.raises(DriverError, match="timeout|inactive") as late:
        slow.command("migrate", release, fence=1, log=log, stop=NEVER)
    assert late.value.retry


def test_a_restart_may_take_as_long_as_the_deploy_section_says(hosts, log):
    slow = {"settings": {**hosts.settings, "restart": ["sh", "-c", "echo begun; sleep 40"]}}
    deploy = '[deploy]\ncommand = ["true"]\n'
    for limit, reason in (("timeout_seconds = 1", "timeout"), ("inactivity_seconds = 1", "inactive")):
        with pytest.raises(DriverError, match=rf"restart was ended \({reason}\)") as late:
            roll_out(hosts, hosts.release("24.11"), 1, log, toml=f"{TOML}{deploy}{limit}\n", **slow)
        assert late.value.retry
    assert hosts.driver()._restart_limits() == {"seconds": 120, "inactivity": 120}
    longer = hosts.driver(toml=f"{TOML}{deploy}timeout_seconds = 900\n")
    assert longer._restart_limits() == {"seconds": 900, "inactivity": 300}


SLOW = """
[migrate]
command = ["sh", "-c", "trap '' TERM; echo $$ > {data}/shell; sleep 300 & echo $! > {data}/child; wait; sleep 300"]
"""


def pids(hosts: Hosts) -> list[int]:
    files = [hosts.folder(0) / "data" / name for name in ("shell", "child")]
    return [int(file.read_text()) for file in files if file.exists() and file.read_text().strip()]


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_stopping_ends_the_whole_group_on_the_host(hosts, log):
    release, driver = hosts.release("24.11"), hosts.driver(toml=SLOW)
    driver.bring(release, fence=1, log=log, stop=NEVER)
    with pytest.raises(Stopped):
        driver.command("migrate", release, fence=1, log=log, stop=lambda: len(pids(hosts)) == 2)
    assert not any(alive(pid) for pid in pids(hosts)), "also one that ignores TERM"


def test_a_newer_holder_ends_the_command_of_the_older(hosts, log):
    release, driver = hosts.release("24.11"), hosts.driver(toml=SLOW)
    driver.bring(release, fence=1, log=log, stop=NEVER)
    raised = []

    def old() -> None:
        try:
            driver.command("migrate", release, fence=1, log=log, stop=NEVER)
        except FencedOut as error:
            raised.append(error)

    thread = threading.Thread(target=old)
    thread.start()
    assert eventually(lambda: len(pids(hosts)) == 2)
    hosts.driver().hold(2)
    thread.join(15)
    assert raised and raised[0].seen == 2
    assert not any(alive(pid) for pid in pids(hosts))


def test_a_release_that_was_changed_on_the_host_is_brought_anew(hosts, log):
    release, driver = hosts.release("24.11"), hosts.driver()
    driver.bring(release, fence=1, log=log, stop=NEVER)
    changed = hosts.folder(0) / "releases" / release.digest / "server.py"
    changed.chmod(0o644)
    changed.write_text("# changed")
    driver.bring(release, fence=1, log=log, stop=NEVER)
    assert changed.read_text() == SERVER
    assert log.text.count("already") == 2


def test_a_release_without_its_marker_is_never_linked(hosts, log):
    release, driver = hosts.release("24.11"), hosts.driver()
    driver.bring(release, fence=1, log=log, stop=NEVER)
    folder = hosts.folder(0) / "releases" / release.digest
    folder.chmod(0o755)
    (folder / ".lifecycle-artefact.json").unlink()
    with pytest.raises(DriverError, match="not here, or not whole"):
        driver.switch(release, fence=1, log=log, stop=NEVER)
    assert hosts.linked() == [""] * 3


def test_only_the_newest_releases_are_kept(hosts, log):
    hosts.settings["hosts"] = hosts.settings["hosts"][:1]
    for n in range(1, 8):
        roll_out(hosts, hosts.release(f"24.{n}"), n, log)
    kept = {path.name for path in (hosts.folder(0) / "releases").iterdir()}
    assert kept == {f"24{n}cafe0123" for n in range(3, 8)}
    roll_out(hosts, hosts.release("24.8"), 8, log, kept=2)
    kept = {path.name for path in (hosts.folder(0) / "releases").iterdir()}
    assert kept == {"247cafe0123", "248cafe0123"}, "as many as the product says"


def test_a_wrong_key_or_none_is_said(hosts, log, tmp_path):
    with pytest.raises(DriverError, match="SSH_KEY of this environment is not set"):
        hosts.driver(credentials={}).hold(1)
    with pytest.raises(DriverError, match="no usable private key"):
        hosts.driver(credentials={"SSH_KEY": "hello"}).hold(1)
    with pytest.raises(DriverError, match="does not let .* in with SSH_KEY"):
        hosts.driver(credentials={"SSH_KEY": hosts.web[1].private_key}).hold(1)

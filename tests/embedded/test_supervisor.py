"""Children that end are restarted, but not for ever, and none is left behind."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lifecycle.embedded import supervisor as module
from lifecycle.embedded.processes import Service, start_time
from lifecycle.embedded.supervisor import Ended, Supervisor
from tests.embedded.stacks import wait_for

SLEEP = (sys.executable, "-c", "import time; time.sleep(60)")
DEAF = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)",
)
FAILS = (sys.executable, "-c", "raise SystemExit('no such table')")


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    supervisor = Supervisor(folder=tmp_path, logs=tmp_path, quiet=True)
    yield supervisor
    supervisor.stop_all()


def test_it_starts_a_killed_child_again(supervisor, capsys):
    supervisor.start(Service("sleeper", SLEEP))
    pid, _started = supervisor.processes()["sleeper"]
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: supervisor.tend() or supervisor.processes()["sleeper"][0] != pid, seconds=30)
    assert start_time(supervisor.processes()["sleeper"][0])
    assert "sleeper ended with -9" in capsys.readouterr().out


def test_it_gives_up_on_a_child_that_ends_again_and_again(supervisor, monkeypatch, capsys):
    monkeypatch.setattr(module, "FIRST_PAUSE_SECONDS", 0.001)
    supervisor.start(Service("broken", FAILS))
    with pytest.raises(Ended, match="broken ended 6 times within 60 s"):
        wait_for(lambda: supervisor.tend(), seconds=30)
    assert "no such table" in capsys.readouterr().out


def test_while_a_chore_runs_the_others_are_tended(supervisor):
    supervisor.start(Service("sleeper", SLEEP))
    pid, _started = supervisor.processes()["sleeper"]
    os.kill(pid, signal.SIGKILL)
    supervisor.run(Service("chore", (sys.executable, "-c", "import time; time.sleep(1)")))
    assert supervisor.processes().keys() == {"sleeper"}
    assert supervisor.processes()["sleeper"][0] != pid


def test_a_chore_that_fails_is_named(supervisor):
    with pytest.raises(Ended, match="chore failed"):
        supervisor.run(Service("chore", FAILS))


def test_before_the_stack_is_ready_nothing_is_forgiven(supervisor):
    supervisor.start(Service("broken", FAILS))
    supervisor.children["broken"].process.wait()
    with pytest.raises(Ended, match="no such table"):
        supervisor.require_all()


def test_it_kills_what_does_not_stop(supervisor, tmp_path):
    supervisor.start(Service("deaf", DEAF, stop_seconds=0.2))
    wait_for(lambda: "deaf" in (tmp_path / "deaf.log").read_text(), seconds=30)
    pid, _started = supervisor.processes()["deaf"]
    supervisor.stop_all()
    assert not start_time(pid)


def test_it_ends_the_children_of_a_child_that_died(supervisor, tmp_path):
    """A killed worker's pool must not go on beside the new worker."""
    parent = f"import subprocess, time; print(subprocess.Popen({list(SLEEP)!r}).pid, flush=True); time.sleep(60)"
    supervisor.start(Service("parent", (sys.executable, "-c", parent)))
    wait_for(lambda: (tmp_path / "parent.log").read_text().strip(), seconds=30)
    grandchild = int((tmp_path / "parent.log").read_text())
    os.kill(supervisor.processes()["parent"][0], signal.SIGKILL)
    wait_for(lambda: supervisor.tend() or not start_time(grandchild), seconds=30)


def test_a_long_log_is_cut(supervisor, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LOG_BYTES", 1000)
    loud = "import time\nwhile True: print('x' * 99, flush=True); time.sleep(0.01)"
    supervisor.start(Service("loud", (sys.executable, "-c", loud)))

    def is_cut() -> bool:
        supervisor.tend()
        return (tmp_path / "loud.log.1").exists() and (tmp_path / "loud.log").stat().st_size < 3000

    wait_for(is_cut, seconds=30)

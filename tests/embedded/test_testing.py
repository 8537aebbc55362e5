"""Each test run has servers of its own and leaves nothing behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lifecycle.embedded import testing
from lifecycle.embedded.paths import ROOT
from lifecycle.embedded.processes import start_time
from tests.embedded.stacks import wait_for

pytestmark = pytest.mark.slow
PROBE = """
import os, pathlib, psycopg2, redis, time

def test_it():
    with psycopg2.connect(os.environ["DATABASE_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW fsync")
        assert cursor.fetchone() == ("off",)
    connection.close()
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        assert client.ping()
    told = pathlib.Path(__file__).with_name(f"told-{os.getpid()}")
    told.with_suffix(".new").write_text(os.environ["DATABASE_URL"] + "\\n" + os.environ["LIFECYCLE_VAR"])
    told.with_suffix(".new").rename(told)
    time.sleep(float(os.environ.get("PROBE_SECONDS", "0")))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "test_probe.py").write_text(PROBE)
    return tmp_path


def start(folder: Path, **environment: str) -> subprocess.Popen[bytes]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    # Whoever runs the suite in the background ignores Ctrl-C, and so would this one.
    command = ["env", "--default-signal=INT", sys.executable, "-m", "lifecycle.embedded", "test", "-p", "no:django"]
    return subprocess.Popen(
        [*command, str(folder / "test_probe.py")],
        cwd=ROOT,
        env=inherited | {"LIFECYCLE_VAR": str(folder / "var")} | environment,
        stdout=subprocess.DEVNULL,
    )


def told(folder: Path) -> list[list[str]]:
    return [path.read_text().splitlines() for path in folder.glob("told-*") if not path.suffix]


def left(folder: Path) -> list[str]:
    return [path.name for path in (folder / "var").glob("test-*") if path.is_dir() and path.name != "test-static"]


def test_two_runs_at_once_do_not_meet(folder):
    runs = [start(folder), start(folder)]
    assert [run.wait(120) for run in runs] == [0, 0]
    (one_database, one_var), (other_database, other_var) = told(folder)
    assert one_database != other_database
    assert one_var != other_var
    assert left(folder) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_run_that_is_ended_cleans_up(folder, number):
    run = start(folder, PROBE_SECONDS="300")
    wait_for(lambda: told(folder), seconds=90)
    run.send_signal(number)
    assert run.wait(60) == 2
    assert left(folder) == []


def test_the_next_run_removes_what_a_killed_one_left(folder):
    run = start(folder, PROBE_SECONDS="300")
    wait_for(lambda: told(folder), seconds=90)
    run.kill()
    run.wait()
    assert left(folder) == [f"test-{run.pid}"]

    def swept() -> bool:
        """The killed run's servers die with it, but may still write for a moment."""
        testing._sweep(folder / "var")
        return left(folder) == []

    wait_for(swept, seconds=60)


def test_the_folder_of_a_live_run_is_left_alone(tmp_path):
    assert start_time(os.getpid())
    (tmp_path / f"test-{os.getpid()}").mkdir()
    testing._sweep(tmp_path)
    assert (tmp_path / f"test-{os.getpid()}").exists()

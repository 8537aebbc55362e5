"""A killed launcher's children are found and ended; strangers with their pids are not."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from lifecycle.embedded import runfile
from lifecycle.embedded.processes import start_time


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen]:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    yield process
    process.kill()
    process.wait()


def test_it_ends_what_a_killed_launcher_left(tmp_path, sleeper):
    runfile.write(tmp_path, {"url": "x"}, {"web": (sleeper.pid, start_time(sleeper.pid))})
    runfile.end_leftovers(tmp_path)
    assert sleeper.wait(5) == -15
    assert runfile.read(tmp_path) == {}


def test_it_leaves_a_process_alone_that_only_has_the_same_pid(tmp_path, sleeper):
    runfile.write(tmp_path, {"url": "x"}, {"web": (sleeper.pid, "12345")})
    runfile.end_leftovers(tmp_path)
    assert sleeper.poll() is None


def test_the_lock_names_the_running_address(tmp_path):
    runfile.write(tmp_path, {"url": "http://127.0.0.1:8000"}, {})
    with runfile.lock(tmp_path), pytest.raises(runfile.Taken, match="http://127.0.0.1:8000"):
        runfile.lock(tmp_path)
    runfile.lock(tmp_path).close()

"""`make run` as a person lives it: start, a second terminal, a crash, Ctrl-C, kill -9, start again."""

import os
import signal
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
import redis

from lifecycle.embedded.postgres import NAMESPACE
from tests.asking import ask
from tests.embedded.stacks import Launcher, alive, wait_for

pytestmark = pytest.mark.slow
OWN_SERVERS = {"postgres", "valkey"}
SERVICES = {"keeper", "web", "deployer", "worker", "beat"}


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One data folder for the module: the first start makes it, the others find it."""
    return tmp_path_factory.mktemp("launcher") / "var"


@pytest.fixture(scope="class")
def running(var: Path) -> Iterator[Launcher]:
    launcher = Launcher(var).wait_until_ready()
    yield launcher
    assert launcher.stop() == 0, launcher.said


class TestRunning:
    def test_it_answers_where_run_json_says(self, running):
        with urllib.request.urlopen(running.facts["url"] + "/readyz", timeout=5) as answer:
            assert answer.status == 200
        assert running.facts["pids"].keys() == OWN_SERVERS | SERVICES
        assert running.facts["shops"].keys() == {"dev", "staging", "production"}
        assert alive(running.facts["pids"]) == list(running.facts["pids"])

    def test_nobody_else_can_read_its_data_or_secrets(self, running, var):
        assert stat.S_IMODE(var.stat().st_mode) == 0o700
        for name in ("secrets.json", "run.json", "valkey/valkey.conf"):
            assert stat.S_IMODE((var / name).stat().st_mode) == 0o600, name

    def test_its_servers_refuse_a_wrong_password(self, running):
        address = running.facts["database_url"].rpartition("@")[2]
        with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
            psycopg2.connect(f"postgresql://lifecycle:wrong@{address}")
        broker = redis.Redis.from_url("redis://" + running.facts["redis_url"].rpartition("@")[2])
        with pytest.raises(redis.AuthenticationError):
            broker.ping()
        broker.close()

    def test_no_password_shows_in_the_process_list(self, running):
        listing = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        for url in (running.facts["database_url"], running.facts["redis_url"]):
            assert url.split(":")[2].partition("@")[0] not in listing

    def test_a_second_launcher_is_refused_and_names_the_first(self, running, var):
        second = Launcher(var)
        assert second.process.wait(60) == 1
        assert running.facts["url"] in second.said
        assert running.process.poll() is None

    def test_reset_is_refused_while_it_runs(self, running, var):
        environment = os.environ | {"LIFECYCLE_VAR": str(var)}
        command = [sys.executable, "-m", "lifecycle.embedded", "reset"]
        result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert result.returncode == 1
        assert "stop it first" in result.stdout
        assert (var / "secrets.json").exists()

    @pytest.mark.parametrize("name", ["deployer", "postgres"])
    def test_a_killed_child_comes_back(self, running, name):
        before = running.facts["pids"][name]
        os.killpg(before, signal.SIGKILL)
        wait_for(lambda: running.facts["pids"][name] != before, seconds=60)
        wait_for(lambda: is_ready(running.facts["url"]), seconds=60)
        assert f"{name} ended with -9" in running.said


def is_ready(url: str) -> bool:
    return bool(ask(url + "/readyz", seconds=3))


class TestStopping:
    @pytest.fixture
    def launcher(self, var: Path) -> Iterator[Launcher]:
        launcher = Launcher(var).wait_until_ready()
        yield launcher
        if launcher.process.poll() is None:
            launcher.stop()

    @pytest.mark.parametrize("signals", [[signal.SIGTERM], [signal.SIGINT, signal.SIGINT]])
    def test_a_signal_stops_everything_and_a_second_one_changes_nothing(self, launcher, signals):
        pids = launcher.facts["pids"]
        assert launcher.stop(*signals) == 0, launcher.said
        assert alive(pids) == []
        assert not (launcher.var / "run.json").exists()
        order = [line.split()[4] for line in launcher.said.splitlines() if "stopped " in line]
        assert order == ["beat", "worker", "deployer", "web", "keeper", "valkey", "postgres"]

    def test_killing_the_launcher_leaves_nothing_behind(self, launcher):
        pids = launcher.facts["pids"]
        launcher.process.kill()
        launcher.process.wait()
        wait_for(lambda: not alive(pids), seconds=60, because=lambda: f"left: {alive(pids)}")


def test_with_addresses_given_it_starts_no_server_of_its_own(tmp_path):
    database = own_database(f"launcher_{os.getpid()}")
    launcher = Launcher(tmp_path / "var", DATABASE_URL=database, REDIS_URL=os.environ["REDIS_URL"])
    facts = launcher.wait_until_ready().facts
    assert facts["pids"].keys() == SERVICES
    assert facts["database_url"] == database
    assert launcher.stop() == 0
    assert not (tmp_path / "var" / "pg").exists()


def own_database(name: str) -> str:
    """The address of a new database beside the one the tests use."""
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    connection.close()
    return f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{name}"


def test_it_runs_as_an_ordinary_user(var):
    """Inside a user namespace root is user 1000, so the launcher takes the ordinary path."""
    if os.geteuid() != 0 or subprocess.run([*NAMESPACE, "true"], check=False, capture_output=True).returncode:
        pytest.skip("already an ordinary user, or user namespaces are not allowed here")
    launcher = Launcher(var, prefix=NAMESPACE).wait_until_ready()
    assert launcher.stop() == 0

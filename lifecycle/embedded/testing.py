"""`make test`, and the pytest plugin behind it: a throw-away PostgreSQL and Valkey for each run.

The plugin (`-p lifecycle.embedded.testing` in pyproject.toml) makes plain `pytest` work too. It must be loaded
that early because pytest-django reads the settings, and with them DATABASE_URL, before any conftest.py.
A run that finds DATABASE_URL set uses that server instead.
"""

import atexit
import fcntl
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from types import FrameType

import pytest

from lifecycle.embedded import credentials, freshness, messages, ports, postgres, valkey
from lifecycle.embedded.paths import ROOT, private_folder, var_folder
from lifecycle.embedded.processes import start_time
from lifecycle.embedded.supervisor import Supervisor

SEPARATE = ("tests/bench", "tests/chaos")  # their own verbs: they measure, or kill
IN_THREE_PROCESSES = ("-n", "3", "--dist", "loadfile", "--no-loadscope-reorder")  # tests/turns.py has the order
FIRST_PORT = 20_000
PORT_SPREAD = 10_000


class ThrowAway:
    """Servers and a data folder under `var/test-<pid>`, gone when the run ends."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.folder = private_folder(base / f"test-{os.getpid()}")
        self.secrets = credentials.load(self.folder / "secrets.json")
        self.supervisor = Supervisor(folder=ROOT, logs=private_folder(self.folder / "log"), quiet=True)

    def start(self, database_url: str = "") -> dict[str, str]:
        """Start what is needed and return the environment that points to it; `database_url` is used if given."""
        server = self._start_valkey()
        if not database_url:
            cluster = self._start_postgres()
            cluster.wait(check=self.supervisor.require_all)
            database_url = cluster.url("postgres")
            os.environ["LIFECYCLE_TEST_TEMPLATE"] = "migrated"
        server.wait(check=self.supervisor.require_all)
        return {
            "DATABASE_URL": database_url,
            "REDIS_URL": server.url(),
            "LIFECYCLE_VAR": str(private_folder(self.folder / "var")),
            "LIFECYCLE_STATIC": str(self.base / "test-static"),
            "LIFECYCLE_SCREENS": str(self.base / "screens"),
            "SECRET_KEY": self.secrets["secret_key"],
            "LIFECYCLE_SECRET_KEYS": self.secrets["fernet_key"],
            "LIFECYCLE_TRANSACTION_SECONDS": "600",  # a test is one transaction, and may wait for others meanwhile
        }

    def stop(self) -> None:
        self.supervisor.stop_all()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start_postgres(self) -> postgres.Cluster:
        cluster = postgres.prepare(
            self.folder / "pg",
            port=_port(),
            password=self.secrets["postgres_password"],
            extra=postgres.THROW_AWAY,
        )
        cluster.initialise()
        self.supervisor.start(cluster.service())
        return cluster

    def _start_valkey(self) -> valkey.Server:
        password = self.secrets["valkey_password"]
        server = valkey.prepare(self.folder / "valkey", port=_port(), password=password, durable=False)
        self.supervisor.start(server.service())
        return server


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Generator[None]:
    """Start the servers before pytest-django reads the settings; an xdist worker shares only the database."""
    worker = "PYTEST_XDIST_WORKER" in os.environ
    if worker or not os.environ.get("DATABASE_URL"):
        base = Path(os.environ["LIFECYCLE_TEST_BASE"]) if worker else private_folder(var_folder())
        servers = ThrowAway(base)
        atexit.register(servers.stop)
        os.environ |= servers.start(os.environ["DATABASE_URL"] if worker else "")
        os.environ["LIFECYCLE_TEST_BASE"] = str(base)
        if not worker:
            _start_run(base)
    return (yield)


def _start_run(base: Path) -> None:
    _stop_on_termination()
    _sweep(base)
    messages.compile_stale()
    _collect_static(Path(os.environ["LIFECYCLE_STATIC"]))


def test(arguments: list[str]) -> int:
    """Run pytest on servers of its own, whatever the environment names; the whole suite in three processes.

    On two cores, because a test waits half of its time for processes of its own.
    """
    if _names_tests(arguments):
        return _pytest(arguments)
    return _pytest([*IN_THREE_PROCESSES, *arguments, *(f"--ignore={path}" for path in SEPARATE)])


def bench(arguments: list[str]) -> int:
    """Run the measurements, which print their ratios."""
    return _pytest([*_unless_named("tests/bench", arguments), "-s", *arguments])


def chaos(arguments: list[str]) -> int:
    """Run the whole campaign of kills, freezes and faults; it prints a table and keeps it in var/chaos.json."""
    return _pytest([*_unless_named("tests/chaos", arguments), "-s", *arguments])


def races(arguments: list[str]) -> int:
    """Only the races of an approval against whatever changes what was approved."""
    return chaos(["tests/chaos/test_races.py", *arguments])


def chaos_smoke(arguments: list[str]) -> int:
    """The campaign in three minutes: the tests marked `smoke`, with fewer rounds."""
    os.environ["LIFECYCLE_CHAOS"] = "smoke"
    return chaos(["-m", "smoke", *arguments])


def _unless_named(folder: str, arguments: list[str]) -> list[str]:
    return [] if _names_tests(arguments) else [folder]


def _pytest(arguments: list[str]) -> int:
    """Become pytest, so that signals and the exit code need no forwarding."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "pytest", "-p", "lifecycle.embedded.testing", *arguments])


def _names_tests(arguments: list[str]) -> bool:
    return any((ROOT / argument.partition("::")[0]).exists() for argument in arguments)


def _port() -> int:
    """A free port below the range that outgoing connections use; runs at the same time start looking apart."""
    return ports.pick(FIRST_PORT + os.getpid() * 37 % PORT_SPREAD)


def _sweep(base: Path) -> None:
    """Remove what killed runs left; their servers died with them."""
    for folder in base.glob("test-*"):
        pid = folder.name.removeprefix("test-")
        if pid.isdigit() and not start_time(int(pid)):
            shutil.rmtree(folder, ignore_errors=True)


def _collect_static(target: Path) -> None:
    """Collect into `target`, kept between runs, when a static file has changed."""
    stamp = target.with_suffix(".stamp")
    with target.with_suffix(".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        fingerprint = freshness.static_fingerprint()
        if freshness.is_fresh(stamp, fingerprint):
            return
        command = [sys.executable, "-m", "lifecycle.embedded.prepare", "static"]
        result = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
        if result.returncode == 0:
            freshness.mark_fresh(stamp, fingerprint)
        else:
            print(f"static files could not be collected:\n{result.stderr}", file=sys.stderr)


def _stop_on_termination() -> None:
    """SIGTERM and a closed terminal end the run like Ctrl-C, so that the servers are stopped and removed."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)

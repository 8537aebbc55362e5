"""The whole machinery on servers of its own: PostgreSQL, Valkey, keeper, Celery workers, beat, and gunicorn if asked.

Every part is a `Process` of its own group. The test's own Django is pointed to the same database, so a test asks and
looks through the product's services and models, as a web process would.
"""

import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.db import connections

from lifecycle.embedded import credentials, ports, postgres, services, valkey
from lifecycle.embedded.environment import service_environment
from lifecycle.embedded.paths import private_folder
from lifecycle.embedded.ports import LOOPBACK
from lifecycle.embedded.processes import Service
from lifecycle.jobs import doorbell
from tests.asking import AWAY
from tests.chaos.processes import Process
from tests.chaos.traps import Traps

Found = TypeVar("Found")
TEMPO = 5.0
QUEUES = f"{services.DEPLOY_QUEUES},{services.WORK_QUEUES}"
LEASE, BEAT, OWN_CLOCK, SCAN = 15, 4, 11, 5  # seconds at a tempo of 1
# Servers are killed on purpose here: what was committed must be there afterwards. fsync only matters to power cuts.
SURVIVES_KILLS = {"fsync": "off", "full_page_writes": "off", "max_connections": "200"}


def eventually(question: Callable[[], Found], what: str, *, seconds: float, pause: float = 0.05) -> Found:
    """Ask until the answer is true; AssertionError naming `what` after `seconds`."""
    end = time.monotonic() + seconds
    while not (answer := question()):
        assert time.monotonic() < end, f"waited {seconds:.0f} s for {what}"
        time.sleep(pause)
    return answer


class Stack:
    """`start` brings everything up; the parts are `postgres`, `valkey`, `keeper`, `beat`, `web` and `workers`."""

    def __init__(self, folder: Path, *, tempo: float = TEMPO) -> None:
        self.folder = private_folder(folder)
        self.var = private_folder(folder / "var")
        self.logs = private_folder(folder / "log")
        self.secrets = credentials.load(self.var / "secrets.json")
        self.tempo = tempo
        self.traps = Traps(self.var / "traps")
        self.cluster = self._cluster()
        self.server = valkey.prepare(
            folder / "valkey", port=_port(33_000), password=self.secrets["valkey_password"], durable=False
        )
        self.postgres = Process(self.cluster.service(), self.logs)
        self.valkey = Process(self.server.service(), self.logs)
        self.workers: dict[str, Process] = {}
        self.keeper: Process | None = None
        self.beat: Process | None = None
        self.web: Process | None = None
        self.url = f"http://{LOOPBACK}:{_port(34_000)}"

    def _cluster(self) -> postgres.Cluster:
        base, password = self.folder / "pg", self.secrets["postgres_password"]
        return postgres.prepare(base, port=_port(32_000), password=password, extra=SURVIVES_KILLS)

    @property
    def lease_seconds(self) -> float:
        return LEASE / self.tempo

    def start(self, *, workers: int = 3, slots: int = 4) -> None:
        """Servers, schema, keeper, workers with `slots` processes each, beat; returns when they have been seen."""
        self.start_servers()
        self._connect()
        call_command("migrate", verbosity=0)
        self.start_machinery(workers=workers, slots=slots)

    def start_servers(self) -> None:
        self.cluster.initialise()
        self.postgres.start()
        self.valkey.start()
        self.await_servers()
        self.cluster.create_database()

    def await_servers(self, *, seconds: float = 30) -> None:
        """Return when both servers answer."""
        self.cluster.wait(check=lambda: None, seconds=seconds)
        self.server.wait(check=lambda: None, seconds=seconds)

    def _connect(self) -> None:
        """Point this process's Django to the stack."""
        facts = urlsplit(self.cluster.url())
        where = {"HOST": facts.hostname, "PORT": facts.port, "NAME": facts.path.strip("/")}
        connections.settings["default"].update(where, USER=facts.username, PASSWORD=facts.password, CONN_MAX_AGE=0)
        connections.close_all()
        settings.VAR = self.var
        settings.REDIS_URL = self.server.url()
        self._reconnect_broker()
        self._set_lengths()

    def _reconnect_broker(self) -> None:
        from lifecycle.celery import app

        app.conf.broker_url = self.server.url()
        settings.CACHES["default"]["LOCATION"] = self.server.url().rsplit("/", 1)[0] + "/1"
        doorbell.broker, doorbell.silent_until = None, 0.0

    def _set_lengths(self) -> None:
        settings.LEASE_SECONDS, settings.BEAT_SECONDS = LEASE / self.tempo, BEAT / self.tempo
        settings.OWN_CLOCK_SECONDS, settings.SCAN_SECONDS = OWN_CLOCK / self.tempo, SCAN / self.tempo

    def environment(self, **more: str) -> dict[str, str]:
        """What every service of the stack is started with."""
        facts = {
            "url": self.url,
            "database_url": self.cluster.url(),
            "redis_url": self.server.url(),
            "shops": {},
            "demo": False,
        }
        own = {
            "SECRET_KEY": settings.SECRET_KEY,
            "LIFECYCLE_SECRET_KEYS": ",".join(settings.SECRET_KEYS),
            "LIFECYCLE_TEMPO": str(self.tempo),
            "LIFECYCLE_DEPLOY_SLOTS": "50",  # some campaigns work on many environments at once
            "LIFECYCLE_TRANSACTION_SECONDS": str(self.lease_seconds),
            "LIFECYCLE_TRAPS": str(self.traps.folder),
            "CELERY_SKIP_CHECKS": "1",  # workers are started by the hundred here
            "DJANGO_SETTINGS_MODULE": "lifecycle.settings",
        }
        return service_environment(self.var, facts) | own | more

    def start_machinery(self, *, workers: int = 3, slots: int = 4) -> None:
        """Keeper, workers and beat."""
        if self.keeper is None:
            self.keeper = self._process(services.keeper(self.environment()))
        self.beat = self._process(services.beat(self.environment(), schedule=str(self.var / "beat")))
        self.start_workers(workers, slots=slots)

    def start_workers(self, count: int, *, slots: int, without: str = "") -> None:
        """Return when they are ready; `without` names guards that they do not have (worker.py)."""
        for number in range(1, count + 1):
            self.start_worker(f"worker{number}{without}", slots=slots, without=without)
        try:
            eventually(self.is_working, "workers that answer", seconds=60)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.words()}") from None

    def start_worker(self, name: str, *, slots: int = 4, without: str = "", queues: str = QUEUES) -> Process:
        """A Celery worker that knows the traps, started from tests/chaos/worker.py."""
        environment = self.environment(LIFECYCLE_WITHOUT=without)
        command = (
            sys.executable,
            "-m",
            "tests.chaos.worker",
            "worker",
            "--loglevel",
            "INFO",
            "--hostname",
            f"{name}@%h",
        )
        options = ("--queues", queues, "--concurrency", str(slots), "--without-gossip", "--without-mingle")
        self.workers[name] = self._process(Service(name, (*command, *options), environment))
        return self.workers[name]

    def start_web(self) -> str:
        """gunicorn; its address when it answers."""
        self.web = self._process(services.web(self.environment(), port=urlsplit(self.url).port or 0))
        eventually(lambda: status_of(f"{self.url}/healthz") == 200, "the web server", seconds=30)
        return self.url

    def _process(self, service: Service) -> Process:
        process = Process(service, self.logs)
        process.start()
        return process

    def is_working(self) -> bool:
        """Whether every worker has said that it is ready since it was started; AssertionError if one has ended."""
        assert all(process.is_running for process in self.workers.values()), "a worker has ended"
        return all(" ready." in process.words(1_000_000) for process in self.workers.values())

    def worker_of(self, pid: int) -> Process | None:
        """The worker whose pool process `pid` is."""
        found = (process for process in self.workers.values() if process.is_running and pid in process.children())
        return next(found, None)

    def retune(self, *, tempo: float, workers: int = 3, slots: int = 4) -> None:
        """The same servers and data, with workers and beat of another tempo."""
        self.stop_workers()
        self.tempo = tempo
        self._set_lengths()
        self.start_machinery(workers=workers, slots=slots)

    def stop_workers(self) -> None:
        """Workers and beat are gone at once; what they held is found when its lease has run out."""
        for process in [*self.workers.values(), *([self.beat] if self.beat else [])]:
            process.kill()
            process.log.unlink(missing_ok=True)
        self.workers, self.beat = {}, None

    def stop(self) -> None:
        """End everything, the servers last."""
        self.stop_workers()
        connections.close_all()
        for process in (self.web, self.keeper, self.valkey, self.postgres):
            if process:
                process.stop()

    def words(self) -> str:
        """The end of every log, for the message of a failing test."""
        return "\n".join(f"== {log.name}\n{log.read_text(errors='replace')[-2000:]}" for log in self.logs.glob("*.log"))


def _port(first: int) -> int:
    """A free one; two campaigns that start at the same moment look in different places."""
    return ports.pick(first + os.getpid() % 1_000)


def status_of(url: str, *, timeout_seconds: float = 5) -> int:
    """The HTTP status of a GET; 0 when nobody answers."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=timeout_seconds) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
    except AWAY:
        return 0


def base_folder() -> Path:
    """A folder that goes away with this run of pytest."""
    return Path(os.environ["LIFECYCLE_TEST_BASE"]) / f"test-{os.getpid()}" / "chaos"

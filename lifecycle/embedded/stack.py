"""The whole stack on one data folder: what is started, in which order, with which environment."""

import http.client
import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import psycopg2

from lifecycle.embedded import credentials, freshness, messages, ports, postgres, runfile, services, valkey
from lifecycle.embedded.environment import service_environment
from lifecycle.embedded.paths import ROOT, private_folder
from lifecycle.embedded.ports import LOOPBACK
from lifecycle.embedded.postgres import Unusable
from lifecycle.embedded.processes import Service
from lifecycle.embedded.supervisor import Ended, Supervisor
from lifecycle.embedded.terminal import STARTED_AT, say

ENVIRONMENTS = ("dev", "staging", "production")
PORTS = {"web": 8000, "postgres": 15432, "valkey": 16379, "dev": 9101, "staging": 9102, "production": 9103}
TEND_SECONDS = 0.2
READY_SECONDS = 90
AWAY = (OSError, http.client.HTTPException)


class Stack:
    """Everything one launcher runs on one data folder."""

    def __init__(self, var: Path) -> None:
        self.var = var
        self.external_database = os.environ.get("DATABASE_URL", "")
        self.external_redis = os.environ.get("REDIS_URL", "")
        self.demo = os.environ.get("LIFECYCLE_DEMO", "0" if self.external_database else "1") == "1"
        self.secrets = credentials.load(var / "secrets.json")
        self.ports = _ports(var)
        self.database_url = self.external_database
        self.redis_url = self.external_redis
        logs = private_folder(var / "log")
        self.supervisor = Supervisor(folder=ROOT, logs=logs, on_change=self._publish)

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.ports['web']}"

    def start(self) -> None:
        """Start everything and return when /readyz says so. Raises Ended or Unusable."""
        if compiled := messages.compile_stale():
            say(f"translations compiled: {len(compiled)}")
        self._start_servers()
        self._prepare()
        self._forget_pulses()
        for service in self._services():
            self.supervisor.start(service)
        say("keeper, web, deployer, worker and beat started")
        self._wait_until_ready()

    def tend_forever(self) -> None:
        """Restart what ends; returns never, raises Ended when a child ends again and again."""
        while True:
            self.supervisor.tend()
            time.sleep(TEND_SECONDS)

    def _start_servers(self) -> None:
        """Start the ones no address was given for, both at once, and wait for them."""
        cluster = None if self.external_database else self._start_postgres()
        server = None if self.external_redis else self._start_valkey()
        if cluster:
            cluster.wait(check=self.supervisor.require_all)
            cluster.create_database()
        if server:
            server.wait(check=self.supervisor.require_all)
        used = {"DATABASE_URL": self.external_database, "REDIS_URL": self.external_redis}
        outside = [name for name, url in used.items() if url]
        say(f"servers answer; outside ones by {' and '.join(outside)}" if outside else "PostgreSQL and Valkey answer")

    def _start_postgres(self) -> postgres.Cluster:
        cluster = postgres.prepare(
            self.var / "pg", port=self.ports["postgres"], password=self.secrets["postgres_password"]
        )
        if cluster.initialise():
            say(f"PostgreSQL {cluster.major} cluster made")
        self.database_url = cluster.url()
        self.supervisor.start(cluster.service())
        return cluster

    def _start_valkey(self) -> valkey.Server:
        server = valkey.prepare(
            self.var / "valkey", port=self.ports["valkey"], password=self.secrets["valkey_password"]
        )
        self.redis_url = server.url()
        self.supervisor.start(server.service())
        return server

    def _prepare(self) -> None:
        """Migrate, collect and seed, each only where its stamp no longer fits."""
        steps = [] if self._is_migrated() else ["migrate"]
        static_stamp = self.var / "static.stamp"
        if not freshness.is_fresh(static_stamp, freshness.static_fingerprint()):
            steps += ["static"]
        if "migrate" in steps and self.demo:
            steps += ["seed"]
        if not steps:
            return
        command = (sys.executable, "-m", "lifecycle.embedded.prepare", *steps)
        self.supervisor.run(Service("prepare", command, self.environment() | {"LIFECYCLE_STARTED_AT": str(STARTED_AT)}))
        freshness.mark_fresh(static_stamp, freshness.static_fingerprint())
        freshness.mark_fresh(self.var / "migrated.stamp", self._migrations())

    def tell_story(self) -> None:
        """In the demo, let the running workers bring its releases as far as the story goes; at once if they are.

        A story that breaks off leaves a working demo behind; the next start goes on with it.
        """
        if self.demo:
            command = (sys.executable, "manage.py", "tell_story")
            try:
                self.supervisor.run(Service("story", command, self.environment()))
            except Ended as problem:
                say(f"the demo is not complete yet: {problem}")

    def _is_migrated(self) -> bool:
        """An outside database is asked every time: somebody else may have touched it."""
        return not self.external_database and freshness.is_fresh(self.var / "migrated.stamp", self._migrations())

    def _migrations(self) -> str:
        return freshness.migrations_fingerprint(self.database_url, demo=self.demo)

    def _forget_pulses(self) -> None:
        """What the last run's worker and beat noted must not make this one look ready."""
        if self.external_database:  # others may be working on it
            return
        connection = psycopg2.connect(self.database_url)
        with connection, connection.cursor() as cursor:
            cursor.execute("DELETE FROM lifecycle_heartbeat")
        connection.close()

    def _services(self) -> list[Service]:
        environment = self.environment()
        return [
            services.keeper(environment),
            services.web(environment, port=self.ports["web"]),
            services.deployer(environment),
            services.worker(environment),
            services.beat(environment, schedule=str(self.var / "beat")),
        ]

    def environment(self) -> dict[str, str]:
        return service_environment(self.var, self._facts())

    def _facts(self) -> dict[str, Any]:
        return {
            "url": self.url,
            "database_url": self.database_url,
            "redis_url": self.redis_url,
            "shops": {name: f"http://{LOOPBACK}:{self.ports[name]}" for name in ENVIRONMENTS},
            "demo": self.demo,
            "launcher": os.getpid(),
        }

    def _publish(self) -> None:
        runfile.write(self.var, self._facts(), self.supervisor.processes())

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while (answer := readiness(f"{self.url}/readyz")) != "ready":
            self.supervisor.require_all()
            if time.monotonic() > deadline:
                raise Unusable(f"not ready after {READY_SECONDS} s: {answer}")
            time.sleep(0.25)


def _ports(var: Path) -> dict[str, int]:
    """The ports to use; PORT names the web's, and is then taken or refused, never replaced."""
    wanted = dict(PORTS)
    named = os.environ.get("PORT", "")
    if not named:
        return ports.pick_all(wanted, remembered_in=var / "ports.json")
    if not ports.claim(int(named)):
        raise Unusable(f"port {named} (from PORT) is in use")
    del wanted["web"]
    return ports.pick_all(wanted, remembered_in=var / "ports.json") | {"web": int(named)}


def readiness(url: str) -> str:
    """The word ready, or why it is not."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=3) as answer:
            answer.read()
            return "ready"
    except urllib.error.HTTPError as error:
        return f"{error.code} {_reason(error)}"
    except AWAY as error:
        return str(error) or type(error).__name__


def _reason(refused: urllib.error.HTTPError) -> str:
    """What the answer says, or as little as came of it."""
    try:
        with refused:
            return refused.read().decode(errors="replace")[:300]
    except AWAY as error:
        return str(error) or type(error).__name__

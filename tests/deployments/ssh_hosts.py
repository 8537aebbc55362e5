"""Three hosts (ssh servers with folders of their own), a shop to run on them, and the driver that reaches them."""

import json
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from deployments import artefacts
from deployments.drivers import Release, Target
from deployments.drivers.ssh import SshDriver
from environments.manifest import parse
from tests.deployments.shop import SERVER, answer, free_port
from tests.ssh_server import SshServer

RESTART = """
import os, pathlib, signal, subprocess, sys, time
data = pathlib.Path(os.environ["DATA_DIR"])
pid = data / "pid"
if pid.exists():
    try:
        os.kill(int(pid.read_text()), signal.SIGKILL)
    except ProcessLookupError:
        pass
print("starting", os.environ["RELEASE"], flush=True)
with open(data / "starts", "a") as starts:
    print(os.environ["RELEASE"], file=starts)
null = subprocess.DEVNULL
pid.write_text(str(subprocess.Popen([sys.executable, "server.py"], stdout=null, stderr=null).pid))
"""
TOML = """
[migrate]
command = ["{python}", "-c", "open('{data}/migrated', 'a').write('{release} ')"]
[health]
path = "/health"
timeout_seconds = 20
[probe]
path = "/health"
"""


class Hosts:
    """`web[0]` … are the servers; `folder(n)` is the environment's folder there."""

    def __init__(self, root: Path, web: list[SshServer]) -> None:
        self.root, self.web = root, web
        self.ports = [free_port() for _ in web]
        self.settings: dict[str, Any] = {
            "hosts": [
                {"host": f"127.0.0.1:{server.port}", "port": port, "folder": str(self.folder(n))}
                for n, (server, port) in enumerate(zip(web, self.ports, strict=True))
            ],
            "user": web[0].user,
            "folder": str(root / "srv"),
            "restart": ["{python}", "restart.py"],
        }
        keys = "".join((server.folder / "client_key.pub").read_text() for server in web[:1])
        for server in web:
            (server.folder / "authorized_keys").write_text(keys)

    def folder(self, n: int) -> Path:
        return self.root / f"srv{n}"

    @property
    def host_keys(self) -> dict[str, str]:
        return {f"127.0.0.1:{server.port}": server.host_key for server in self.web}

    def driver(self, toml: str = TOML, **more: Any) -> SshDriver:
        facts = {
            "variables": {"SHOP": 'Кот "1"'},
            "credentials": {"SSH_KEY": self.web[0].private_key},
            "host_keys": self.host_keys,
            "settings": self.settings,
        }
        return SshDriver(Target("production", self.root / "app", self.root / "data", parse(toml), **(facts | more)))

    def release(self, label: str, server: str = SERVER, **files: str) -> Release:
        """A built artefact as `artefacts.prepare` leaves it."""
        digest = f"{label.replace('.', '')}cafe0123"
        folder = self.root / "artefacts" / digest
        if folder.exists():
            return Release(label, folder, digest)
        (folder / "static").mkdir(parents=True)
        for name, text in {"server.py": server, "restart.py": RESTART, "static/кот.txt": "мяу", **files}.items():
            (folder / name).write_text(text)
        (folder / "restart.py").chmod(0o755)
        (folder / "link").symlink_to("static/кот.txt")
        artefacts._seal(folder, digest, "f" * 40)
        return Release(label, folder, digest)

    def labels(self) -> list[str]:
        """What answers on each host, "" for nothing."""
        return [str(answer(port).get("release", "")) for port in self.ports]

    def linked(self) -> list[str]:
        """Where each host's symlink leads, "" for nowhere."""
        links = [self.folder(n) / "current" for n in range(len(self.web))]
        return [os.readlink(link) if link.is_symlink() else "" for link in links]

    def starts(self, n: int) -> list[str]:
        file = self.folder(n) / "data" / "starts"
        return file.read_text().split() if file.exists() else []

    def end(self) -> None:
        """End the applications; everything else ends with the servers."""
        for n in range(len(self.web)):
            pid = self.folder(n) / "data" / "pid"
            if pid.exists():
                _kill(int(pid.read_text()))
        for folder in [p for p in self.root.rglob("*") if p.is_dir() and not p.is_symlink()]:
            folder.chmod(0o755)
        shutil.rmtree(self.root / "artefacts", ignore_errors=True)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


@contextmanager
def three_hosts(root: Path, count: int = 3) -> Iterator[Hosts]:
    with ExitStack() as stack:
        web = [stack.enter_context(SshServer(root / f"web{n}")) for n in range(count)]
        hosts = Hosts(root, web)
        try:
            yield hosts
        finally:
            hosts.end()


def facts(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "current.json").read_text()))

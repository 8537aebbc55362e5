"""The real machinery on the test database: keeper, Celery worker with beat, and gunicorn when asked for."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from django.conf import settings
from django.db import connection

from deployments.models import Deployment
from lifecycle.embedded import ports, services
from lifecycle.models import LogLine, Work

Found = TypeVar("Found")
ROOT = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 90.0
"""Long enough for a slow machine: a limit that is reached is a failed test, never the way to pass one."""


def eventually(question: Callable[[], Found], what: str, *, seconds: float = PATIENCE_SECONDS) -> Found:
    """Ask until the answer is true; AssertionError naming `what` after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := question():
            return answer
        time.sleep(0.1)
    raise AssertionError(f"waited {seconds:.0f} s for {what}\n{last_words()}")


def last_words() -> str:
    """Where deployments and work stand, and the end of every process's log: the message of a failing test."""
    rows = [f"deployment {d.pk} to {d.environment}: {d.status} {d.error}" for d in Deployment.objects.order_by("id")]
    rows += [f"work {w.key}: {w.status} {w.error}" for w in Work.objects.order_by("id")]
    rows += [f"{line.log} {line.text}" for line in LogLine.objects.order_by("id")][-40:]
    logs = sorted((settings.VAR / "log").glob("*.log"))
    return "\n".join([*rows, *(f"== {log.name}\n{log.read_text()[-3000:]}" for log in logs)])


class Machinery:
    """Starts real processes on the database of this test and ends them, whatever happened."""

    def __init__(self, *, shop_ports: dict[str, int], demo: bool = False) -> None:
        facts = connection.settings_dict
        where = f"{facts['USER']}:{facts['PASSWORD']}@{facts['HOST']}:{facts['PORT']}/{facts['NAME']}"
        self.environment = os.environ | {
            "DATABASE_URL": f"postgresql://{where}",
            "LIFECYCLE_VAR": str(settings.VAR),
            "LIFECYCLE_DEMO": "1" if demo else "0",
            "LIFECYCLE_SHOP_PORTS": ",".join(f"{name}={port}" for name, port in shop_ports.items()),
            "PYTHONUNBUFFERED": "1",
        }
        self.processes: list[subprocess.Popen[bytes]] = []
        self.logs = settings.VAR / "log"
        self.logs.mkdir(parents=True, exist_ok=True)

    def start(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start `python <arguments>` in a session of its own, its output in var/log/<name>.log."""
        with (self.logs / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def start_workers(self) -> None:
        """Keeper, worker and beat, as `make run` starts them."""
        self.start("keeper", "-m", "deployments.keeper")
        celery = ("-m", "celery", "-A", "lifecycle")
        queues = ("-Q", services.QUEUES, "-c", "3", "--without-gossip", "--without-mingle")
        self.start("worker", *celery, "worker", *queues)
        self.start("beat", *celery, "beat", "-s", str(settings.VAR / "beat"), "--pidfile=")

    def start_web(self) -> str:
        """gunicorn on a free port; returns its address."""
        port = ports.pick(29_000)
        address = f"http://127.0.0.1:{port}"
        self.environment["LIFECYCLE_URL"] = address
        bind = ("-b", f"127.0.0.1:{port}", "-k", "gthread", "-w", "1", "--threads", "8")
        self.start("web", "-m", "gunicorn", "lifecycle.wsgi:application", "--no-control-socket", *bind)
        return address

    def stop(self) -> None:
        """End everything, last started first (the worker may still need the keeper); kill what does not end."""
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

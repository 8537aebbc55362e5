"""A launcher run by a test, as a person would run it: another process, its own data folder."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from lifecycle.embedded.paths import ROOT
from lifecycle.embedded.processes import start_time

SETTINGS_OF_THE_TEST_RUN = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "LIFECYCLE_SECRET_KEYS", "LIFECYCLE_STATIC")


class Launcher:
    """`python -m lifecycle.embedded run` on `var`, its output collected in a file."""

    def __init__(self, var: Path, *, prefix: tuple[str, ...] = (), **environment: str) -> None:
        inherited = {name: value for name, value in os.environ.items() if name not in SETTINGS_OF_THE_TEST_RUN}
        self.var = var
        self.output = var.with_name(f"{var.name}.{time.monotonic_ns()}.out")
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [*prefix, sys.executable, "-m", "lifecycle.embedded", "run"],
                cwd=ROOT,
                env=inherited | {"LIFECYCLE_VAR": str(var), "LIFECYCLE_DEMO": "0"} | environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        return self.output.read_text()

    @property
    def facts(self) -> dict:
        return json.loads((self.var / "run.json").read_text())

    def wait_until_ready(self) -> "Launcher":
        wait_for(lambda: "ready\n" in self.said or self.process.poll() is not None, seconds=200)
        assert self.process.poll() is None, self.said
        return self

    def stop(self, *signals: signal.Signals) -> int:
        """Send the signals one after the other and return the exit code."""
        for number in signals or (signal.SIGTERM,):
            self.process.send_signal(number)
            time.sleep(0.1)
        return self.process.wait(60)


def wait_for(condition: Callable[[], object], *, seconds: float, because: Callable[[], str] = str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s {because()}"
        time.sleep(0.05)


def alive(pids: dict[str, int]) -> list[str]:
    """The names of those still running."""
    return [name for name, pid in pids.items() if start_time(pid)]

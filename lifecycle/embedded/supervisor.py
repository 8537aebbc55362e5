"""Keeps the children running: starts them in order, restarts those that end, stops them in reverse order."""

import shutil
import subprocess
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from lifecycle.embedded.processes import Service, end_group, spawn, start_time
from lifecycle.embedded.terminal import say, tail

RESTARTS = 5
WINDOW_SECONDS = 60
FIRST_PAUSE_SECONDS = 0.2
LOG_BYTES = 20_000_000
SHOWN_LINES = 30
RUN_POLL_SECONDS = 0.05


class Ended(Exception):
    """A child ended and is not started again."""


@dataclass
class Child:
    service: Service
    log: Path
    process: subprocess.Popen[bytes]
    started: str = ""
    is_expected_to_end: bool = False
    restarts: deque[float] = field(default_factory=deque)
    due_at: float | None = None


class Supervisor:
    """Owns the children. Use it from one thread: the death signal is tied to the thread starting a child."""

    def __init__(
        self, *, folder: Path, logs: Path, on_change: Callable[[], None] = lambda: None, quiet: bool = False
    ) -> None:
        self.folder = folder
        self.logs = logs
        self.on_change = on_change
        self.quiet = quiet
        self.children: dict[str, Child] = {}

    def start(self, service: Service) -> None:
        log = self.logs / f"{service.name}.log"
        _rotate(log)
        with log.open("ab") as output:
            process = spawn(service, output=output, folder=self.folder)
        self.children[service.name] = Child(service, log, process, start_time(process.pid))
        self.on_change()

    def run(self, service: Service) -> None:
        """Run a child that is expected to end, its output on our terminal, and tend the others meanwhile.

        Raises Ended when it fails.
        """
        process = spawn(service, output=None, folder=self.folder)
        log = self.logs / f"{service.name}.log"
        self.children[service.name] = Child(service, log, process, start_time(process.pid), is_expected_to_end=True)
        while process.poll() is None:
            self.tend()
            time.sleep(RUN_POLL_SECONDS)
        del self.children[service.name]
        if process.returncode:
            raise Ended(f"{service.name} failed (exit {process.returncode}); its words are above")

    def processes(self) -> dict[str, tuple[int, str]]:
        """Name → (pid, start time) of the running children."""
        return {name: (child.process.pid, child.started) for name, child in self.children.items()}

    def require_all(self) -> None:
        """While the stack starts nothing is forgiven: raises Ended when a child has ended."""
        for child in self.children.values():
            if child.process.poll() is not None:
                raise Ended(_obituary(child))

    def tend(self) -> None:
        """Start again what ended, at most RESTARTS times within WINDOW_SECONDS; then raises Ended."""
        for child in [child for child in self.children.values() if not child.is_expected_to_end]:
            if child.process.poll() is None:
                _truncate(child.log)
            elif child.due_at is None:
                self._bury(child)
            elif time.monotonic() >= child.due_at:
                self._restart(child)

    def _bury(self, child: Child) -> None:
        say(_obituary(child))
        end_group(child.process.pid, patience_seconds=0)  # what it left behind must not work beside its successor
        now = time.monotonic()
        while child.restarts and now - child.restarts[0] > WINDOW_SECONDS:
            child.restarts.popleft()
        if len(child.restarts) >= RESTARTS:
            raise Ended(f"{child.service.name} ended {RESTARTS + 1} times within {WINDOW_SECONDS} s")
        child.due_at = now + FIRST_PAUSE_SECONDS * 2 ** len(child.restarts)
        child.restarts.append(now)

    def _restart(self, child: Child) -> None:
        with child.log.open("ab") as output:
            child.process = spawn(child.service, output=output, folder=self.folder)
        child.started = start_time(child.process.pid)
        child.due_at = None
        say(f"{child.service.name} started again")
        self.on_change()

    def stop_all(self) -> None:
        """Stop the children one after the other, the last one started first; what has work to finish begins at once."""
        for child in self.children.values():
            if child.service.finishes_first and child.process.poll() is None:
                child.process.send_signal(child.service.stop_signal)
        while self.children:
            _name, child = self.children.popitem()
            began = time.monotonic()
            _stop(child)
            if not self.quiet:
                say(f"stopped {child.service.name} in {time.monotonic() - began:.1f} s")


def _stop(child: Child) -> None:
    if child.process.poll() is None:
        child.process.send_signal(child.service.stop_signal)
        try:
            child.process.wait(child.service.stop_seconds)
        except subprocess.TimeoutExpired:
            say(f"{child.service.name} did not stop in {child.service.stop_seconds:.0f} s, killing it")
    end_group(child.process.pid, patience_seconds=0)
    child.process.wait()


def _obituary(child: Child) -> str:
    last = tail(child.log, lines=SHOWN_LINES)
    return f"{child.service.name} ended with {child.process.returncode}; the end of {child.log}:\n{last}"


def _rotate(log: Path) -> None:
    if log.exists() and log.stat().st_size > LOG_BYTES // 4:
        log.replace(log.with_suffix(".log.1"))


def _truncate(log: Path) -> None:
    """Keep a long run's log small; the child writes in append mode, so it goes on at the new end."""
    if log.stat().st_size > LOG_BYTES:
        shutil.copyfile(log, log.with_suffix(".log.1"))
        with log.open("r+b") as handle:
            handle.truncate()

"""Processes to be killed, frozen and started again: each leads a group of its own."""

import contextlib
import os
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from lifecycle.embedded.paths import ROOT
from lifecycle.embedded.processes import Service, spawn
from lifecycle.guard import descendants

# A death signal is tied to the thread that started the child, and tests start children from short-lived threads.
_SPAWNER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner")


class Process:
    """One service of the stack. `kill` and `freeze` reach its whole group, at once and without a word of warning."""

    def __init__(self, service: Service, logs: Path) -> None:
        self.service = replace(service, death_signal=signal.SIGKILL)
        self.log = logs / f"{service.name}.log"
        self.popen: subprocess.Popen[bytes] | None = None

    @property
    def name(self) -> str:
        return self.service.name

    @property
    def pid(self) -> int:
        """Of the leader of its group; 0 when it was never started."""
        return self.popen.pid if self.popen else 0

    @property
    def is_running(self) -> bool:
        return self.popen is not None and self.popen.poll() is None

    def start(self) -> None:
        with self.log.open("ab") as output:
            self.popen = _SPAWNER.submit(spawn, self.service, output=output, folder=ROOT).result()

    def signal(self, number: int) -> None:
        """To the whole group; no error when nothing of it is left."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def kill(self) -> None:
        """kill -9 for the group, and for descendants that lead groups of their own; returns when the leader is gone."""
        below = descendants(self.pid) if self.popen else []
        self.signal(signal.SIGKILL)
        for pid in below:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self.popen:
            self.popen.wait(10)

    def freeze(self) -> None:
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.signal(signal.SIGCONT)

    def restart(self) -> None:
        """Killed, and started anew at once; whoever needs it to answer waits for that."""
        self.kill()
        self.start()

    def stop(self, *, seconds: float = 5) -> None:
        """Asked to end by its own stop signal; killed when it does not."""
        if self.is_running and self.popen:
            self.thaw()
            self.popen.send_signal(self.service.stop_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.popen.wait(seconds)
        self.kill()

    def children(self) -> list[int]:
        """Everything below it, deepest last."""
        return descendants(self.pid)

    def words(self, characters: int = 3000) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-characters:] if self.log.exists() else ""

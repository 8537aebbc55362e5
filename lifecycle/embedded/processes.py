"""Child processes that cannot outlive us, and recognising a process seen earlier."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Account:
    """Under which account a child runs: as we are, inside a user namespace (`prefix`), or as another user."""

    prefix: tuple[str, ...] = ()
    user: int | None = None
    group: int | None = None

    def arguments(self) -> dict[str, object]:
        """Keyword arguments for `subprocess.Popen`."""
        return {} if self.user is None else {"user": self.user, "group": self.group, "extra_groups": []}


@dataclass(frozen=True)
class Service:
    """One child to keep running. `death_signal` reaches it when the launcher is killed (Linux)."""

    name: str
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict, repr=False)
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 25
    finishes_first: bool = False  # told to stop before the others are waited for: it may have something to finish
    account: Account = Account()


def spawn(service: Service, *, output: BinaryIO | None, folder: Path) -> subprocess.Popen[bytes]:
    """Start `service` in its own session, writing to `output` (None: where we write). Main thread only.

    The death signal is tied to the *thread* that started the child, and the own session keeps the terminal's
    Ctrl-C away from the databases until the worker has finished.
    """
    process: subprocess.Popen[bytes] = subprocess.Popen(
        [*service.account.prefix, *service.command],
        env=service.environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=_tied_to(os.getpid(), service.death_signal),
        **service.account.arguments(),  # type: ignore[call-overload]
    )
    return process


def start_time(pid: int) -> str:
    """What tells this process from a later one with the same pid; "" when there is none (or a zombie)."""
    if sys.platform == "linux":
        try:
            state, *rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return ""
        return "" if state == "Z" else rest[18]
    command = ["ps", "-o", "lstart=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def end_group(pid: int, *, patience_seconds: float, first: signal.Signals = signal.SIGTERM) -> None:
    """End the process group led by `pid`: ask with `first`, kill what is left after the patience."""
    _signal_group(pid, first)
    deadline = time.monotonic() + patience_seconds
    while time.monotonic() < deadline and start_time(pid):
        time.sleep(0.05)
    _signal_group(pid, signal.SIGKILL)


def _signal_group(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def die_with_parent(number: signal.Signals) -> None:
    """From now on this process gets `number` when its parent ends (Linux only; elsewhere nothing happens)."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, number)


def _tied_to(parent: int, number: signal.Signals) -> Callable[[], None]:
    def prepare() -> None:
        die_with_parent(number)
        if os.getppid() != parent:  # it died between fork and prctl
            os._exit(1)

    return prepare

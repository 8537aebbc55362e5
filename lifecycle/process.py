"""Child processes that cannot outlive whoever started them.

Each command runs below a guard (guard.py) in a session of its own. The caller holds the lifeline, a pipe; when
it closes (on purpose, or because the caller was killed) the guard ends the whole tree. Safe in a process with
threads: there is no preexec_fn. Linux only (/proc, prctl).
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from lifecycle import guard
from lifecycle.guard import start_time
from lifecycle.streams import Output, Streams

Stop = Callable[[], bool] | threading.Event
Reason = Literal["exited", "stopped", "timeout", "inactive"]

_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Finished:
    """How a command ended. `exit_code` is 128 + n after signal n, 127 or 126 if it could not be started."""

    exit_code: int
    reason: Reason
    seconds: float

    @property
    def ok(self) -> bool:
        return self.reason == "exited" and self.exit_code == 0


@dataclass(frozen=True)
class Limits:
    """Caps for a command and each process it starts. `file_bytes` is the size of one file it may write."""

    memory_bytes: int | None = None
    file_bytes: int | None = None

    def __str__(self) -> str:
        caps = {"AS": self.memory_bytes, "FSIZE": self.file_bytes, "CORE": 0 if self != NO_LIMITS else None}
        return ",".join(f"{name}={most}" for name, most in caps.items() if most is not None) or "-"


NO_LIMITS = Limits()


class Guarded:
    """A running command below its guard. `pid` and `started` (clock ticks since boot) name the guard for good."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        cwd: Path | str,
        env: Mapping[str, str],
        grace_seconds: float = 5.0,
        limits: Limits = NO_LIMITS,
        stdout: int | IO[bytes] = subprocess.PIPE,
        stderr: int | IO[bytes] = subprocess.PIPE,
    ) -> None:
        self.grace_seconds = grace_seconds
        reading, self._lifeline = os.pipe()
        watch = [sys.executable, "-I", "-S", guard.__file__, str(reading), str(grace_seconds), str(limits)]
        command = [*watch, "--", *argv]
        try:
            self.popen = subprocess.Popen(
                command,
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
                pass_fds=(reading,),
            )
        except BaseException:
            os.close(self._lifeline)
            raise
        finally:
            os.close(reading)
        self.pid = self.popen.pid
        self.started = start_time(self.pid) or 0

    def let_go(self) -> None:
        """Ask the guard to end the command: TERM, the grace, KILL. Returns at once."""
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1

    def exit_code(self) -> int | None:
        """The exit code, or None while it runs."""
        code = self.popen.poll()
        return 128 - code if code is not None and code < 0 else code

    def end(self) -> int:
        """Let go and return the exit code when nothing of the command is left."""
        self.let_go()
        try:
            self.popen.wait(self.grace_seconds + 2)
        except subprocess.TimeoutExpired:
            kill(self.pid, self.started, grace_seconds=0)
            self.popen.wait()
        kill_leftovers(self.pid, self.started)
        for stream in (self.popen.stdout, self.popen.stderr):
            if stream:
                stream.close()
        return self.exit_code() or 0


def is_startable(argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> bool:
    """Whether the command is there and may be run, as the guard would look for it."""
    program = str(cwd / argv[0]) if "/" in argv[0] else argv[0]
    return shutil.which(program, path=env.get("PATH", os.defpath)) is not None


def run(
    argv: Sequence[str],
    *,
    cwd: Path | str,
    env: Mapping[str, str],
    on_output: Output,
    stop: Stop,
    total_seconds: float,
    inactivity_seconds: float,
    grace_seconds: float = 5.0,
    limits: Limits = NO_LIMITS,
    on_start: Callable[[int, int], None] | None = None,
) -> Finished:
    """Run a command to its end and report its output as it comes.

    `env` is the whole environment. `on_output(stream, text)` gets whole lines where possible; stream is
    "stdout" or "stderr". `stop` is asked about ten times a second. `on_start(pid, started)` names the process
    for `is_alive` and `kill`. Whatever is raised in a callback ends the command first. When this returns,
    nothing of the command runs any more, also nothing it left in the background.
    """
    asked = stop.is_set if isinstance(stop, threading.Event) else stop
    begun = time.monotonic()
    guarded = Guarded(argv, cwd=cwd, env=env, grace_seconds=grace_seconds, limits=limits)
    try:
        if on_start:
            on_start(guarded.pid, guarded.started)
        reason = _follow(guarded, on_output, asked, total_seconds, inactivity_seconds)
    finally:
        code = guarded.end()
    return Finished(code, reason, time.monotonic() - begun)


def _follow(guarded: Guarded, on_output: Output, asked: Callable[[], bool], total: float, inactivity: float) -> Reason:
    """Pass the output on until the command ends by itself or one of the limits is reached."""
    begun = time.monotonic()
    with Streams(guarded.popen, on_output) as streams:
        while not streams.finished():
            streams.pass_on(_POLL_SECONDS)
            now = time.monotonic()
            reason = _limit(asked, now - begun > total, now - streams.last_output > inactivity)
            if reason != "exited":
                guarded.let_go()
                streams.drain(guarded.grace_seconds + 2)
                return reason
    return "exited"


def _limit(asked: Callable[[], bool], too_long: bool, silent: bool) -> Reason:
    if asked():
        return "stopped"
    if too_long:
        return "timeout"
    return "inactive" if silent else "exited"


def is_alive(pid: int, started: int) -> bool:
    """Whether the guard `pid` started at `started`, or anything left of its command, still runs."""
    return start_time(pid) == started or bool(_left(pid, started))


def kill(pid: int, started: int, *, grace_seconds: float = 5.0) -> bool:
    """End a command of which only pid and start time are known. True = proved dead, nothing of it is left."""
    if start_time(pid) == started:
        _signal(pid, signal.SIGTERM)
    deadline = time.monotonic() + grace_seconds
    while is_alive(pid, started) and time.monotonic() < deadline:
        time.sleep(0.02)
    if start_time(pid) == started:
        # The guard goes last: until then it is the parent of everything that tries to slip away.
        for child in guard.descendants(pid):
            _signal(child, signal.SIGKILL)
        _signal(pid, signal.SIGKILL)
    return kill_leftovers(pid, started)


def kill_leftovers(pid: int, started: int, *, wait_seconds: float = 2.0) -> bool:
    """KILL whatever is left of a guard's command; True when that is nothing."""
    deadline = time.monotonic() + wait_seconds
    while is_alive(pid, started):
        if time.monotonic() > deadline:
            return False
        for member in _left(pid, started):
            _signal(member, signal.SIGKILL)
        time.sleep(0.01)
    return True


def _left(pid: int, started: int) -> list[int]:
    """What still runs of a guard's command: its session, and whoever left the session but kept the mark."""
    mark = guard.mark(pid, started)
    same = (start_time(pid) or started) == started  # else the number belongs to a stranger's session by now
    return [
        member
        for member, fields in guard.processes()
        if fields[0] != b"Z" and (same and int(fields[3]) == pid or guard.is_marked(member, mark))
    ]


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)

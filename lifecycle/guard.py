"""The guard: runs one command and sees to it that nothing of it outlives the process that asked.

    python -I -S guard.py <lifeline fd> <grace seconds> <limits, e.g. AS=1000,FSIZE=10 or -> -- <command> …

It is started in its own session and holds the reading end of a pipe, the lifeline. When the other end closes
(the asker stops the command, or was killed with -9) it ends the whole tree: TERM, the grace, then KILL.
Its exit code is the command's (128 + n after signal n; 126 and 127 when it could not be started).
It runs as a bare script: it imports nothing of Lifecycle and starts in a few milliseconds.
"""

import ctypes
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Iterator

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
_libc = ctypes.CDLL(None)


def main() -> int:
    lifeline, grace, argv = int(sys.argv[1]), float(sys.argv[2]), sys.argv[5:]
    # Orphans of the command become children of the guard, so even a daemon cannot slip away.
    _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    wake = _wake_on_signals()
    child = os.fork()
    if child == 0:
        _exec(argv, lifeline, sys.argv[3])
    code = _wait(child, lifeline, wake)
    _end_descendants(0 if code is not None else grace, child, wake)
    return _reaped[child] if code is None else code


_reaped: dict[int, int] = {}


def _wake_on_signals() -> int:
    """A pipe that becomes readable at each signal; a stop signal to the guard itself ends the command."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _remember)
    return reading


_stops: list[int] = []


def _remember(number: int, _frame: object) -> None:
    if number != signal.SIGCHLD:
        _stops.append(number)


def _exec(argv: list[str], lifeline: int, limits: str) -> None:
    guard = os.getppid()
    os.environ["LIFECYCLE_GUARD"] = mark(guard, start_time(guard))
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != guard:
        os._exit(126)
    os.setpgid(0, 0)
    os.close(lifeline)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGPIPE, signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    _limit(limits)
    try:
        os.execvp(argv[0], argv)
    except OSError as error:
        os.write(2, f"cannot start {argv[0]}: {error.strerror}\n".encode())
        os._exit(127 if isinstance(error, FileNotFoundError) else 126)


def _limit(limits: str) -> None:
    """Caps for the command and all it starts, by the names of the RLIMIT constants."""
    for name, _equals, most in (pair.partition("=") for pair in limits.split(",") if "=" in pair):
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (int(most), int(most)))


def _wait(child: int, lifeline: int, wake: int) -> int | None:
    """The command's exit code, or None when it is to be ended."""
    while child not in _reaped and not _stops:
        ready, _, _ = select.select([lifeline, wake], [], [])
        if lifeline in ready:
            break
        os.read(wake, 4096)
        _reap()
    return _reaped.get(child)


def _reap() -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        code = os.waitstatus_to_exitcode(status)
        _reaped[pid] = code if code >= 0 else 128 - code


def _end_descendants(grace: float, child: int, wake: int) -> None:
    """TERM to every descendant, KILL to those left after `grace` seconds. A grace of 0 kills at once."""
    deadline = time.monotonic() + grace
    if grace:
        _signal_all(signal.SIGTERM)
    while descendants(os.getpid()):
        if time.monotonic() >= deadline:
            _signal_all(signal.SIGKILL)
        if select.select([wake], [], [], 0.01)[0]:
            os.read(wake, 4096)
        _reap()
    _reap()
    _reaped.setdefault(child, 128 + signal.SIGKILL)


def _signal_all(number: int) -> None:
    for pid in descendants(os.getpid()):
        try:
            os.kill(pid, number)
            os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            pass


def descendants(root: int) -> list[int]:
    """Living processes below `root`, zombies left out."""
    parents = {pid: int(fields[1]) for pid, fields in processes() if fields[0] != b"Z"}
    found, family = [], {root}
    while new := [pid for pid, parent in parents.items() if parent in family and pid not in family]:
        family.update(new)
        found += new
    return found


def mark(pid: int, started: int | None) -> str:
    """What everything below a guard carries in its environment."""
    return f"{pid}.{started}"


def is_marked(pid: int, text: str) -> bool:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return f"LIFECYCLE_GUARD={text}".encode() in file.read().split(b"\0")
    except OSError:
        return False


def start_time(pid: int) -> int | None:
    """When a living process was started (clock ticks since boot), or None. Tells reused pids apart."""
    fields = stat(pid)
    return int(fields[19]) if fields and fields[0] != b"Z" else None


def processes() -> Iterator[tuple[int, list[bytes]]]:
    """Every process of the machine with the fields of /proc/<pid>/stat after its name (state, parent, …)."""
    for name in os.listdir("/proc"):
        if name.isdigit() and (fields := stat(int(name))):
            yield int(name), fields


def stat(pid: int) -> list[bytes] | None:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()
    except OSError:
        return None


if __name__ == "__main__":
    os._exit(main())  # there is nothing to tidy up, and whoever waits for the command waits for this

"""Traps: files that make a worker kill, freeze or delay itself at one exact point of its work, once.

A test sets `trap.set("deployment:7", "before:switch", "stop")`; the worker that reaches this point (worker.py calls
`spring` there) takes the file away, notes it in the journal and does what it says. The journal is how the test knows
the very moment. Nothing of this is in the product.
"""

import json
import os
import signal
import time
from dataclasses import asdict, dataclass
from pathlib import Path

KILL, KILL_GROUP, STOP, STOP_GROUP, WAIT, FAIL = "kill", "kill-group", "stop", "stop-group", "wait", "fail"
WAIT_SECONDS = 120.0


@dataclass(frozen=True)
class Note:
    """One line of the journal. `at` is this machine's monotonic clock, which all its processes share."""

    at: float
    pid: int
    subject: str
    point: str
    what: str


class Traps:
    """The folder of traps and the journal beside it; used by the test and by every worker."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = folder / "journal"
        folder.mkdir(parents=True, exist_ok=True)

    def set(self, subject: str, point: str, action: str) -> None:
        """The next worker that comes to `point` with `subject` does `action`: KILL, STOP, WAIT (until released) …

        FAIL is left to whoever comes by.
        """
        draft = self.folder / f".{subject}.{point}"
        draft.write_text(action)
        draft.rename(self._file(subject, point))

    def release(self, subject: str, point: str) -> None:
        """Let go on whoever waits there."""
        self._file(subject, f"{point}.waits").unlink(missing_ok=True)

    def clear(self) -> None:
        """Take every trap away; whoever waits goes on."""
        for file in self.folder.glob("*@*"):
            file.unlink(missing_ok=True)

    def spring(self, subject: str, point: str) -> str:
        """Called by workers at every point: what was done, "" without a trap."""
        trap = self._file(subject, point)
        taken = trap.with_name(f".taken.{os.getpid()}")
        try:
            trap.rename(taken)
        except FileNotFoundError:
            return ""
        action = taken.read_text()
        self.note(subject, point, action)
        self._act(action, subject, point)
        self.note(subject, point, "woke")
        return action

    def _act(self, action: str, subject: str, point: str) -> None:
        if action == FAIL:
            return
        if action == WAIT:
            self._wait(self._file(subject, f"{point}.waits"))
            return
        number = signal.SIGKILL if action in {KILL, KILL_GROUP} else signal.SIGSTOP
        if action in {KILL_GROUP, STOP_GROUP}:
            os.killpg(os.getpgid(os.getppid()), number)
        os.kill(os.getpid(), number)

    def _wait(self, file: Path) -> None:
        file.touch()
        end = time.monotonic() + WAIT_SECONDS
        while file.exists() and time.monotonic() < end:
            time.sleep(0.02)

    def note(self, subject: str, point: str, what: str) -> None:
        """Append to the journal; one write, so lines of several processes never mix."""
        line = json.dumps(asdict(Note(time.monotonic(), os.getpid(), subject, point, what))) + "\n"
        handle = os.open(self.journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, line.encode())
        finally:
            os.close(handle)

    def notes(self, subject: str = "", what: str = "") -> list[Note]:
        """The journal's lines about `subject` and `what`, oldest first; everything without them."""
        if not self.journal.exists():
            return []
        found = [Note(**json.loads(line)) for line in self.journal.read_text().splitlines()]
        return [note for note in found if (not subject or note.subject == subject) and (not what or note.what == what)]

    def _file(self, subject: str, point: str) -> Path:
        return self.folder / f"{subject}@{point}"

"""One application under the keeper: what it shall run, what it runs, and the way from one to the other."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

from deployments.keeper_state import Current, State, Status, read_current, read_status, write_status
from lifecycle import process

GRACE_SECONDS = 2.0
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.2, 5.0
STEADY_SECONDS = 10.0
LOG_BYTES = 1_000_000
TAIL_BYTES = 2_000


class App:
    """Never blocks for long: `tick` looks once and takes at most one step."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "app.log"
        self.wanted: Current | None = None
        self.child: process.Guarded | None = None
        self.runs: Current | None = None
        self.state: State = "stopped"
        self.started_at = 0.0
        self.restarts = 0
        self.wait_seconds, self.next_start = FIRST_WAIT_SECONDS, 0.0
        self._seen: tuple[int, int] | None = None
        self._reported: Status | None = None
        self._end_orphan()

    @property
    def changing(self) -> bool:
        return self.state in {"starting", "stopping"}

    def tick(self) -> None:
        """Bring what runs one step nearer to what shall run, and report."""
        self._read_wish()
        self._tend()
        self._report()
        self._rotate_log()

    def stop(self) -> None:
        """Ask it to end; `finish_stop` waits for it."""
        if self.child:
            self.child.let_go()

    def finish_stop(self) -> None:
        if self.child:
            self.child.end()
            self.child = None
        self.state = "stopped"
        self._report()

    def _end_orphan(self) -> None:
        """A keeper killed with -9 leaves applications that are just ending; the port must be free."""
        status = read_status(self.folder)
        if status and status.pid:
            process.kill(status.pid, status.started, grace_seconds=GRACE_SECONDS + 1)

    def _read_wish(self) -> None:
        try:
            found = (self.folder / "current.json").stat()
        except FileNotFoundError:
            self.wanted, self._seen = None, None
            return
        seen = (found.st_mtime_ns, found.st_ino)
        if seen != self._seen:
            self._seen = seen
            self.wanted = read_current(self.folder) or self.wanted

    def _tend(self) -> None:
        if self.child and self.child.exit_code() is not None:
            self._ended()
        if self.child:
            self._tend_running(self.child)
        elif self.wanted is None or not self.wanted.argv:
            self.state = "stopped"
        elif self.wanted != self.runs:
            self.restarts, self.wait_seconds = 0, FIRST_WAIT_SECONDS
            self._start(self.wanted)
        elif time.monotonic() >= self.next_start:
            self.restarts += 1
            self._start(self.wanted)

    def _tend_running(self, child: process.Guarded) -> None:
        if self.wanted != self.runs and self.state != "stopping":
            child.let_go()
            self.state = "stopping"
        elif self.state == "starting" and self._answers():
            self.state = "running"

    def _start(self, wanted: Current) -> None:
        self.runs, self.state, self.started_at = wanted, "starting", time.time()
        handle = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "wb") as log:
            try:
                self.child = process.Guarded(
                    wanted.argv,
                    cwd=wanted.cwd,
                    env=wanted.env,
                    grace_seconds=GRACE_SECONDS,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
            except OSError as error:
                log.write(f"cannot start: {error}\n".encode())
                self._crashed()

    def _ended(self) -> None:
        assert self.child
        self.child.end()
        self.child = None
        if self.state == "stopping":
            self.runs = None
        else:
            self._crashed()

    def _crashed(self) -> None:
        if time.time() - self.started_at > STEADY_SECONDS:
            self.wait_seconds = FIRST_WAIT_SECONDS
        self.state = "crashing"
        self.next_start = time.monotonic() + self.wait_seconds
        self.wait_seconds = min(self.wait_seconds * 2, LONGEST_WAIT_SECONDS)

    def _answers(self) -> bool:
        """Whether something listens on the port; without a port, whether it lived for a moment."""
        if not self.runs or not self.runs.port:
            return time.time() - self.started_at > 0.5
        try:
            socket.create_connection(("127.0.0.1", self.runs.port), 0.2).close()
        except OSError:
            return False
        return True

    def _rotate_log(self) -> None:
        # The application keeps the file open for appending, so it is copied and emptied, not renamed.
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            try:
                shutil.copyfile(self.log, self.log.with_suffix(".log.1"))
            finally:
                os.truncate(self.log, 0)  # also where there is no room for the copy: this makes some

    def _report(self) -> None:
        status = self._status()
        if status != self._reported:
            write_status(self.folder, status)
            self._reported = status
            print(f"{self.folder.name}: {status.state} {status.release} (fence {status.fence})", flush=True)

    def _status(self) -> Status:
        if not self.runs or self.state == "stopped":
            return Status(state="stopped")
        return Status(
            state=self.state,
            release=self.runs.release,
            fence=self.runs.fence,
            pid=self.child.pid if self.child else 0,
            started=self.child.started if self.child else 0,
            started_at=self.started_at,
            restarts=self.restarts,
            last_output=self._tail() if self.state == "crashing" else "",
        )

    def _tail(self) -> str:
        with self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - TAIL_BYTES))
            return file.read().decode("utf-8", "replace").replace("\x00", "\ufffd")

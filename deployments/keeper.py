"""The keeper: runs the locally deployed applications, one keeper per data folder.

    python -m deployments.keeper

It is started by the launcher or by compose, never by a worker, so what is deployed outlives every worker.
It needs neither the database nor Redis. Killed with -9, it takes its applications along (their guards see to
that) and the next keeper starts them again.
"""

import fcntl
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import IO

from deployments import keeper_state
from deployments.keeper_app import App
from deployments.keeper_bell import Bell
from lifecycle.embedded.paths import private_folder, var_folder

POLL_SECONDS, CHANGING_POLL_SECONDS, BEAT_SECONDS = 0.1, 0.005, 1.0


class Keeper:
    """Everything below `<var>/apps/`."""

    def __init__(self, var: Path) -> None:
        self.var = var
        self.folder = private_folder(private_folder(var) / "apps")
        self.apps: dict[str, App] = {}
        self.stopping = False
        self._next_beat = 0.0

    def run(self) -> None:
        """Tend the applications until a signal says stop; then stop them."""
        with Bell(self.var) as bell:
            while not self.stopping:
                self.tick()
                changing = any(app.changing for app in self.apps.values())
                bell.wait(CHANGING_POLL_SECONDS if changing else POLL_SECONDS)
        for app in self.apps.values():
            app.stop()
        for app in self.apps.values():
            app.finish_stop()

    def tick(self) -> None:
        for found in self.folder.iterdir():
            if found.name not in self.apps and (found / "current.json").exists():
                self.apps[found.name] = App(found)
        for app in self.apps.values():
            self._tick(app)
        if time.monotonic() >= self._next_beat:
            self._next_beat = time.monotonic() + BEAT_SECONDS
            with suppress(OSError):  # a full disk must not end the applications
                keeper_state.beat(self.var)

    def _tick(self, app: App) -> None:
        try:
            app.tick()
        except OSError as error:  # a full disk under one application is no reason to drop the others
            with suppress(OSError):  # the log may lie on it, too
                print(f"{app.folder.name}: {error}", file=sys.stderr, flush=True)

    def stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True


def take_lock(var: Path) -> IO[str] | None:
    """The one keeper's lock, held while the file stays open; None when another keeper has it."""
    file = (private_folder(var) / "keeper.lock").open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def main() -> int:
    var = var_folder()
    lock = take_lock(var)
    if lock is None:
        print("another keeper already serves this folder", file=sys.stderr)
        return 1
    with lock:
        keeper = Keeper(var)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, keeper.stop)
        keeper.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())

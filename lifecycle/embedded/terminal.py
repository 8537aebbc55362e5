"""What the launcher tells the person at the terminal."""

import contextlib
import os
import time
from pathlib import Path

STARTED_AT = float(os.environ.pop("LIFECYCLE_STARTED_AT", time.time()))


def say(message: str) -> None:
    """Print one line with the seconds since the start; a terminal that hung up is no reason to fail."""
    with contextlib.suppress(OSError):
        print(f"[{time.time() - STARTED_AT:6.1f} s] {message}", flush=True)


def tail(path: Path, *, lines: int) -> str:
    """The last `lines` lines of a log, "" without one."""
    if not path.exists():
        return ""
    with path.open("rb") as handle:
        handle.seek(max(0, path.stat().st_size - 200 * lines))
        return "\n".join(handle.read().decode(errors="replace").splitlines()[-lines:])

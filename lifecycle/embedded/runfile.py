"""`var/run.json`: where the running stack is, for people, tests and the next start; and the lock."""

import fcntl
import json
from pathlib import Path
from typing import Any, TextIO

from lifecycle.embedded.paths import write_private
from lifecycle.embedded.processes import end_group, start_time
from lifecycle.embedded.terminal import say

NAME = "run.json"


class Taken(Exception):
    """Another launcher runs on this folder; the text is its address, "" while it starts."""


def lock(var: Path) -> TextIO:
    """The launcher's lock on `var`, held until the file is closed or the process ends. Raises Taken."""
    handle = (var / "lock").open("w")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        raise Taken(read(var).get("url", "")) from None
    return handle


def read(var: Path) -> dict[str, Any]:
    """What run.json says, {} when nothing runs (or did and was stopped)."""
    path = var / NAME
    return json.loads(path.read_text()) if path.exists() else {}


def write(var: Path, facts: dict[str, Any], processes: dict[str, tuple[int, str]]) -> None:
    """Write run.json: the facts, `pids` by name, and their start times, which tell a reused pid apart."""
    pids = {name: pid for name, (pid, _started) in processes.items()}
    started = {name: started for name, (_pid, started) in processes.items()}
    write_private(var / NAME, json.dumps(facts | {"pids": pids, "started": started}, indent=1))


def remove(var: Path) -> None:
    (var / NAME).unlink(missing_ok=True)


def end_leftovers(var: Path, *, patience_seconds: float = 10) -> None:
    """End what a killed launcher left behind; a pid that now belongs to somebody else is left alone."""
    last = read(var)
    for name, pid in reversed(last.get("pids", {}).items()):
        if start_time(pid) and start_time(pid) == last["started"].get(name):
            say(f"ending {name} (pid {pid}), left behind by a launcher that was killed")
            end_group(pid, patience_seconds=patience_seconds)
    remove(var)

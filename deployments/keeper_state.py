"""The files through which workers and the keeper speak: `<var>/apps/<name>/` for each locally run application.

`current.json` is the wish (written by `switch`), `status.json` what the keeper made of it, `fence` the highest
fence ever seen; all are replaced by rename, never written in place. `lock` is held while one of them is, `app.log` is
the application's own output, `room` is room on the disk and nothing else. Above them lie `keeper.json`, the keeper's
sign of life, and its bell (keeper_bell.py).
"""

import errno
import fcntl
import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, Literal, TypeVar

from deployments import keeper_bell

State = Literal["starting", "running", "stopping", "stopped", "crashing"]
T = TypeVar("T")
LOCK_SECONDS = 10.0  # holders need milliseconds; one that is frozen must not keep the others for ever
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_FULL = (errno.ENOSPC, errno.EDQUOT)
_ROOM_BYTES, _PIECE_BYTES = 65_536, 16_384


class FencedOut(Exception):
    """Somebody with a newer fence (`seen`) was here: the caller lost its claim and must write nothing more."""

    def __init__(self, fence: int, seen: int) -> None:
        super().__init__(f"fence {fence} is older than {seen}")
        self.seen = seen


@dataclass(frozen=True)
class Current:
    """What shall run: `argv` (empty = nothing) in `cwd` with exactly `env`, answering on `port` (0 = it has none)."""

    release: str
    fence: int
    argv: list[str]
    cwd: str
    env: dict[str, str] = field(repr=False)
    port: int = 0


@dataclass(frozen=True)
class Status:
    """What runs. `pid` and `started` name the guard for `lifecycle.process`; `started_at` is Unix time."""

    state: State
    release: str = ""
    fence: int = 0
    pid: int = 0
    started: int = 0
    started_at: float = 0.0
    restarts: int = 0
    last_output: str = ""


def app_folder(var: Path, name: str) -> Path:
    """The folder of the application `name` (an environment's slug). ValueError for a name that is no slug."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"not a name for an application: {name[:80]!r}")
    return var / "apps" / name


def switch(folder: Path, current: Current) -> None:
    """Make `current` what shall run, durably and in one step. FencedOut if a newer fence was seen."""
    with _locked(folder):
        _raise_fence(folder, current.fence)
        replace_json(folder / "current.json", asdict(current), durable=True)
    keeper_bell.ring(folder.parents[1])


def hold(folder: Path, fence: int) -> None:
    """Refuse everybody with an older fence from now on, without changing what runs.

    Also keeps some room on the disk: should it become full, a switch and the way back must still fit.
    """
    with _locked(folder):
        _raise_fence(folder, fence)
        _keep_room(folder)


def withdraw(folder: Path, fence: int) -> None:
    """Stop the application for good."""
    with _locked(folder):
        _raise_fence(folder, fence)
        (folder / "current.json").unlink(missing_ok=True)
    keeper_bell.ring(folder.parents[1])


def read_current(folder: Path) -> Current | None:
    return _read(folder / "current.json", Current)


def read_status(folder: Path) -> Status | None:
    return _read(folder / "status.json", Status)


def write_status(folder: Path, status: Status) -> None:
    replace_json(folder / "status.json", asdict(status))


def beat(var: Path) -> None:
    """The keeper's sign of life. Also keeps some room on the disk for the next ones."""
    _keep_room(var)
    replace_json(var / "keeper.json", {"pid": os.getpid(), "at": time.time()})


def keeper_age_seconds(var: Path) -> float | None:
    """Seconds since the keeper's last sign of life (one a second), or None if it never gave one."""
    try:
        return max(0.0, time.time() - float(json.loads((var / "keeper.json").read_text())["at"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def replace_json(path: Path, content: dict[str, Any], *, durable: bool = False) -> None:
    """Replace `path` in one step, readable by its owner only; `durable` = also after a power cut.

    On a full disk it takes of the room that was kept in the folder.
    """
    while True:
        try:
            return _replace_json(path, content, durable)
        except OSError as error:
            if error.errno not in _FULL or not _give_room(path.parent):
                raise


def _replace_json(path: Path, content: dict[str, Any], durable: bool) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(content, file)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    draft.replace(path)
    if durable:
        _sync_folder(path.parent)


def _keep_room(folder: Path) -> None:
    with suppress(OSError), (folder / "room").open("ab") as room:
        os.posix_fallocate(room.fileno(), 0, _ROOM_BYTES)


def _give_room(folder: Path) -> bool:
    """Give a piece of the room away; False when nothing is left of it."""
    room = folder / "room"
    left = room.stat().st_size - _PIECE_BYTES if room.exists() else -1
    if left >= 0:
        os.truncate(room, left)
    return left >= 0


def _raise_fence(folder: Path, fence: int) -> None:
    seen = _fence(folder)
    if fence < seen:
        raise FencedOut(fence, seen)
    if fence > seen:
        replace_json(folder / "fence", {"fence": fence}, durable=True)


def _fence(folder: Path) -> int:
    try:
        return int(json.loads((folder / "fence").read_text())["fence"])
    except FileNotFoundError:
        return 0


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "lock").open("a") as file:
        deadline = time.monotonic() + LOCK_SECONDS
        while not _try_lock(file):
            if time.monotonic() > deadline:
                raise TimeoutError(f"somebody who does not go on holds the files of {folder.name}")
            time.sleep(0.02)
        yield


def _try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read(path: Path, kind: type[T]) -> T | None:
    """None when the file is missing or is not what `kind` needs."""
    try:
        return kind(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None

"""Files on a host: replaced in one step, hashed as the worker hashes them, removed though they are read-only."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import shutil
import stat
from pathlib import Path
from typing import IO

MARKER, ENVIRONMENT = ".lifecycle-artefact.json", ".lifecycle-environment"
FULL = (errno.ENOSPC, errno.EDQUOT)
ROOM_BYTES, PIECE_BYTES = 65536, 16384


def try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def quoted(value: str) -> str:
    for character in '\\"$`':
        value = value.replace(character, "\\" + character)
    return f'"{value}"'


def keep_room(folder: Path) -> None:
    """Some room on the disk: should it become full, a switch and the way back must still fit."""
    with contextlib.suppress(OSError), open(str(folder / "room"), "ab") as room:
        os.posix_fallocate(room.fileno(), 0, ROOM_BYTES)


def give_room(folder: Path) -> bool:
    """Give a piece of the room in `folder` away; False when nothing is left of it."""
    room = folder / "room"
    left = room.stat().st_size - PIECE_BYTES if room.exists() else -1
    if left >= 0:
        os.truncate(str(room), left)
    return left >= 0


def replace(path: Path, text: str) -> None:
    """Write a file in one step, durably, readable by its owner only. On a full disk it takes of the room kept near."""
    while True:
        try:
            return _replace(path, text)
        except OSError as error:
            if error.errno not in FULL or not (give_room(path.parent) or give_room(path.parent.parent)):
                raise


def _replace(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(str(draft), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink()
        raise
    sync(path.parent)


def sync(folder: Path) -> None:
    handle = os.open(str(folder), os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def marked(folder: Path) -> str:
    """The digest that a release's marker names, "" without a readable one."""
    try:
        return str(json.loads((folder / MARKER).read_text())["digest"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def contents_hash(folder: Path) -> str:
    """As deployments/artefacts.py reckons it: each file's path, kind, executable bit and content."""
    whole = hashlib.sha256()
    own = (folder / MARKER, folder / ENVIRONMENT)
    for path in sorted(p for p in folder.rglob("*") if (p.is_symlink() or not p.is_dir()) and p not in own):
        name = os.fsencode(str(path.relative_to(folder)))
        whole.update(len(name).to_bytes(4, "big") + name + _fingerprint(path))
    return whole.hexdigest()


def _fingerprint(path: Path) -> bytes:
    if path.is_symlink():
        return b"l" + hashlib.sha256(os.fsencode(os.readlink(str(path)))).digest()
    found = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            found.update(block)
    return (b"x" if path.stat().st_mode & stat.S_IXUSR else b"f") + found.digest()


def remove(folder: Path) -> None:
    if not folder.exists():
        return
    for found in [folder, *(p for p in folder.rglob("*") if p.is_dir() and not p.is_symlink())]:
        found.chmod(0o755)
    shutil.rmtree(str(folder))
